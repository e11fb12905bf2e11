"""A material's folder: its maps, packs of them, glTF and MaterialX; at any size, view and depth."""

import base64
import json
import struct

import MaterialX
import numpy as np
import pytest
from conftest import lively_generator
from PIL import Image
from support.materials import stored

from locogan_keras import load_engine, make_view, mix, render, write
from locogan_keras.data.levels import header, read_data
from locogan_keras.data.materials import material_in, read_material
from locogan_keras.rendering.materials.packs import BUILT_IN, Pack, load_packs

ALL = ("color", "normal", "height", "roughness", "ambient_occlusion", "metalness", "opacity")
FRAME, TILE = (64, 80), 64


@pytest.fixture(scope="module")
def make():
    """`make(*names)`: an engine of an image of these maps, of random weights."""
    made = {}

    def engine(*names):
        if names not in made:
            maps = tuple((name, 16 if name == "height" else 8) for name in names)
            channels = sum(3 if name in ("color", "normal") else 1 for name in names)
            made[names] = load_engine(
                lively_generator("torus", frame=FRAME, width=2, image_channels=channels, maps=maps)
            )
        return made[names]

    return engine


def written(tmp_path, engine, name="out", view=None, **how):
    view = view or make_view(engine.description, height=96, width=160, seed=3)
    write(tmp_path / name, engine, view, tile=TILE, **how)
    return tmp_path / name


def levels_of(path, bits):
    """A file's levels, all bits."""
    with open(path, "rb") as file:
        assert header(file)[1] == bits
        return read_data(file, bits)


@pytest.mark.parametrize("bits", [8, 16])
def test_a_folder_has_every_map_as_it_was_named(bits, make, tmp_path):
    engine = make(*ALL)
    folder = written(tmp_path, engine, bits=bits)
    view = make_view(engine.description, height=96, width=160, seed=3)
    whole = render(engine, view, tile=TILE, dtype=np.uint16 if bits == 16 else np.uint8)
    single = {
        "Color": slice(0, 3),
        "NormalGL": slice(3, 6),
        "Displacement": slice(6, 7),
        "Roughness": slice(7, 8),
        "AmbientOcclusion": slice(8, 9),
        "Metalness": slice(9, 10),
        "Opacity": slice(10, 11),
    }
    for suffix, place in single.items():
        found = levels_of(folder / f"out_{suffix}.png", bits)
        np.testing.assert_array_equal(found, whole[..., place])
    # With metal and what is not opaque, glTF wants these, too.
    others = {f"out_{suffix}.png" for suffix in ("ORM", "ColorOpacity")} | {"out.gltf", "out.mtlx"}
    assert {path.name for path in folder.iterdir()} == others | {
        f"out_{suffix}.png" for suffix in single
    }


@pytest.mark.parametrize("bits", [8, 16])
def test_normals_have_length_1_to_a_level(bits, make, tmp_path):
    folder = written(tmp_path, make("color", "normal"), bits=bits)
    half = (2**bits - 1) / 2
    vectors = levels_of(folder / "out_NormalGL.png", bits) / half - 1
    assert vectors.std(axis=(0, 1)).max() > 0.1
    # Half a level in each of three directions.
    assert np.abs(np.linalg.norm(vectors, axis=-1) - 1).max() < np.sqrt(3) / 2 / half * 1.01


def test_colour_says_srgb_and_data_does_not(make, tmp_path):
    folder = written(tmp_path, make(*ALL), packs=load_packs("unity"))
    for path in folder.glob("*.png"):
        with Image.open(path) as picture:
            assert ("srgb" in picture.info) == ("_Color" in path.name), path.name
            facts = json.loads(picture.info["locogan"])
            assert path.name == f"out_{facts['map']}.png"
            assert facts["window"] == [0, 0, 96, 160]


def test_normals_with_y_down_come_beside_those_with_y_up(make, tmp_path):
    folder = written(tmp_path, make("color", "normal"), normals="dx")
    up, down = (stored(folder / f"out_Normal{way}.png") for way in ("GL", "DX"))
    np.testing.assert_array_equal(down[..., 1], 255 - up[..., 1])
    np.testing.assert_array_equal(down[..., ::2], up[..., ::2])
    # And are read as the same surface.
    (folder / "out_NormalGL.png").rename(folder.parent / "up.png")
    turned, _ = read_material(material_in(folder))
    (folder / "out_NormalDX.png").rename(folder / "out_NormalGL.png")
    (folder.parent / "up.png").replace(folder / "out_NormalGL.png")
    upright, _ = read_material(material_in(folder))
    assert np.abs(turned.astype(int) - upright).max() < 2


def test_what_is_written_is_read_as_the_same_material(make, tmp_path):
    engine = make("color", "normal", "height", "roughness")
    folder = written(tmp_path, engine, bits=16)
    material = material_in(folder)
    assert [name for name, _ in material.maps] == [name for name, _ in engine.description.maps]
    view = make_view(engine.description, height=96, width=160, seed=3)
    whole = render(engine, view, tile=TILE, dtype=np.uint16).astype(int)
    read, _ = read_material(material)
    np.testing.assert_array_equal(read[..., 6:], whole[..., 6:])
    assert np.abs(read[..., 3:6] - whole[..., 3:6]).max() <= 1
    # Colour is read as 8 bits.
    assert np.abs(read[..., :3] - whole[..., :3]).max() <= 257


def test_packs_have_their_maps_in_the_channels_that_engines_want(make, tmp_path):
    folder = written(tmp_path, make(*ALL), packs=[*load_packs("orm"), *load_packs("unity")])
    maps = {suffix: stored(folder / f"out_{suffix}.png") for suffix in ("Roughness", "Metalness")}
    shade = stored(folder / "out_AmbientOcclusion.png")
    orm = stored(folder / "out_ORM.png")
    expected = np.stack([shade, maps["Roughness"], maps["Metalness"]], axis=-1)
    np.testing.assert_array_equal(orm, expected)
    # Unity's: https://docs.unity3d.com/, "Mask map": metallic, occlusion, detail, smoothness.
    mask = stored(folder / "out_MaskMap.png")
    expected = [maps["Metalness"], shade, 0 * shade, 255 - maps["Roughness"]]
    np.testing.assert_array_equal(mask, np.stack(expected, axis=-1))


def test_a_pack_of_maps_that_are_not_there_is_what_surfaces_without_are_like(make, tmp_path):
    folder = written(tmp_path, make("color", "roughness"), packs=load_packs("orm"))
    orm = stored(folder / "out_ORM.png")
    assert (orm[..., 0] == 255).all()
    np.testing.assert_array_equal(orm[..., 1], stored(folder / "out_Roughness.png"))
    assert (orm[..., 2] == 0).all()


def test_a_pack_of_ones_own(make, tmp_path):
    table = tmp_path / "mine.toml"
    table.write_text('[mine]\nsuffix = "RHX"\nchannels = ["1 - roughness", "height", 0.5]\n')
    folder = written(tmp_path, make("color", "height", "roughness"), packs=load_packs(table))
    mine = stored(folder / "out_RHX.png")
    np.testing.assert_array_equal(mine[..., 0], 255 - stored(folder / "out_Roughness.png"))
    np.testing.assert_array_equal(mine[..., 1], stored(folder / "out_Displacement.png"))
    assert (mine[..., 2] == 128).all()


def test_a_pack_is_not_turned_for_its_name(make, tmp_path):
    engine = make("color", "normal", "height")
    mine = Pack("NormalDX", ("height",))
    folder = written(tmp_path, engine, packs=[mine], bits=16)
    np.testing.assert_array_equal(
        levels_of(folder / "out_NormalDX.png", 16), levels_of(folder / "out_Displacement.png", 16)
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[a]\nsuffix = 'A'\n", "a must have a suffix and channels"),
        ("a = 5\n", "a must have a suffix and channels"),
        ("[a]\nsuffix = 'A/B'\nchannels = ['height']\n", "the suffix of a"),
        ("[a]\nsuffix = 'A'\nchannels = ['depth']\n", "a channel of a .*depth"),
        ("[a]\nsuffix = 'A'\nchannels = [2.0]\n", "a channel of a .*2.0"),
        ("[a]\nsuffix = 'A'\nchannels = ['height', 0.5]\n", "1, 3 or 4 channels in all: 2"),
        ("[a]\nsuffix = 'A'\nchannels = []\n", "1, 3 or 4 channels in all: 0"),
        ("[a\n", "cannot be read"),
    ],
)
def test_a_bad_pack_is_named(text, reason, tmp_path):
    table = tmp_path / "mine.toml"
    table.write_text(text)
    with pytest.raises(
        ValueError, match=rf"--pack .*mine.toml cannot be read: .*{reason}|{reason}"
    ):
        load_packs(table)
    for name in ("nothing", str(tmp_path / "none.toml")):
        with pytest.raises(ValueError, match=f"--pack {name} is not"):
            load_packs(name)


def test_two_files_of_one_name_are_refused(make, tmp_path):
    table = tmp_path / "mine.toml"
    table.write_text('[mine]\nsuffix = "Color"\nchannels = ["height"]\n')
    with pytest.raises(ValueError, match="two files would be called _Color"):
        written(tmp_path, make("color", "height"), packs=load_packs(table))
    assert [path.name for path in tmp_path.iterdir()] == ["mine.toml"]


def accessor(document, number):
    """An accessor's values, by the rules of glTF 2.0."""
    found = document["accessors"][number]
    view = document["bufferViews"][found["bufferView"]]
    uri = document["buffers"][view["buffer"]]["uri"]
    content = base64.b64decode(uri.partition("base64,")[2])
    assert len(content) == document["buffers"][0]["byteLength"]
    kind = {5126: "f", 5123: "H"}[found["componentType"]]
    count = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}[found["type"]]
    start, size = view["byteOffset"], view["byteLength"]
    values = struct.unpack(f"<{found['count'] * count}{kind}", content[start : start + size])
    return np.reshape(values, (found["count"], count))


@pytest.mark.parametrize("names", [ALL, ("color", "normal", "roughness"), ("color", "height")])
def test_gltf_shows_the_maps_on_a_plane(names, make, tmp_path):
    """By Khronos's rules; gltf-validator 2.0.0-dev.3.10 found no errors, warnings or hints."""
    folder = written(tmp_path, make(*names), name="my bricks")
    document = json.loads((folder / "my bricks.gltf").read_text("utf-8"))
    assert document["asset"]["version"] == "2.0"
    (primitive,) = document["meshes"][0]["primitives"]
    values = {name: accessor(document, number) for name, number in primitive["attributes"].items()}
    bounds = document["accessors"][primitive["attributes"]["POSITION"]]
    assert bounds["min"] == [-0.5, -0.30000001192092896, 0.0]
    assert bounds["max"] == [0.5, 0.30000001192092896, 0.0]
    assert values["POSITION"].min(axis=0).tolist() == bounds["min"]
    # The picture's rows go along x, from the top down, seen from where normals point.
    corners = dict(zip(map(tuple, values["TEXCOORD_0"]), values["POSITION"], strict=True))
    assert corners[0, 0][0] < corners[1, 0][0]
    assert corners[0, 0][1] > corners[0, 1][1]
    indices = accessor(document, primitive["indices"]).ravel()
    for first in (0, 3):
        a, b, c = values["POSITION"][indices[first : first + 3]]
        assert np.cross(b - a, c - a)[2] > 0
    normal, tangent = values["NORMAL"][0], values["TANGENT"][0]
    # Where the maps' y points: up in the picture.
    assert (np.cross(normal, tangent[:3]) * tangent[3]).tolist() == [0, 1, 0]
    views = document["bufferViews"]
    assert all(view["byteOffset"] % 4 == 0 for view in views)
    material = document["materials"][0]
    surface = material["pbrMetallicRoughness"]

    def file(texture):
        source = document["textures"][texture["index"]]["source"]
        uri = document["images"][source]["uri"]
        assert " " not in uri
        path = folder / uri.replace("%20", " ")
        assert path.is_file()
        return path.name.removeprefix("my bricks_").removesuffix(".png")

    shown = "ColorOpacity" if "opacity" in names else "Color"
    assert file(surface["baseColorTexture"]) == shown
    assert ("alphaMode" in material) == ("opacity" in names)
    assert surface["metallicFactor"] == ("metalness" in names)
    if "metalness" in names:
        assert file(surface["metallicRoughnessTexture"]) == "ORM"
        assert file(material["occlusionTexture"]) == "ORM"
    elif "roughness" in names:
        assert file(surface["metallicRoughnessTexture"]) == "Roughness"
    assert ("normalTexture" in material) == ("normal" in names)
    if "normal" in names:
        assert file(material["normalTexture"]) == "NormalGL"
    used = {texture["source"] for texture in document["textures"]}
    assert used == set(range(len(document["images"])))


@pytest.mark.parametrize("names", [ALL, ("color", "normal", "roughness"), ("color", "height")])
def test_materialx_is_a_valid_document_of_known_nodes(names, make, tmp_path):
    folder = written(tmp_path, make(*names), name="1 my bricks")
    document, library = MaterialX.createDocument(), MaterialX.createDocument()
    MaterialX.readFromXmlFile(document, str(folder / "1 my bricks.mtlx"))
    MaterialX.loadLibraries(
        MaterialX.getDefaultDataLibraryFolders(), MaterialX.getDefaultDataSearchPath(), library
    )
    document.importLibrary(library)
    assert document.validate() == (True, "")
    (material,) = document.getMaterialNodes()
    (surface,) = MaterialX.getShaderNodes(material, "surfaceshader")
    assert surface.getNodeDef().getName() == "ND_standard_surface_surfaceshader"
    assert bool(MaterialX.getShaderNodes(material, "displacementshader")) == ("height" in names)
    own = [graph for graph in document.getNodeGraphs() if graph.getName().startswith("maps_")]
    files = [node.getInputValue("file") for node in own[0].getNodes() if node.getInput("file")]
    assert all((folder / file).is_file() for file in files)
    # What light does, a renderer finds by itself.
    assert len(files) == len(set(names) - {"ambient_occlusion"})
    inputs = {each.getName() for each in surface.getInputs()}
    assert inputs >= {"base_color"} | ({"normal", "specular_roughness"} & set(names))


def test_a_window_is_the_crop_and_repeats_are_equal_to_the_bit(make, tmp_path):
    engine = make("color", "normal", "height")
    size = {"period": (128, 160), "seed": 5}
    whole = make_view(engine.description, height=256, width=320, **size)
    part = make_view(engine.description, height=50, width=70, top=40, left=131, **size)
    folders = [written(tmp_path, engine, name, view) for name, view in (("a", whole), ("b", part))]
    for suffix in ("Color", "NormalGL", "Displacement"):
        picture, crop = (stored(folder / f"{folder.name}_{suffix}.png") for folder in folders)
        np.testing.assert_array_equal(picture[40:90, 131:201], crop)
        np.testing.assert_array_equal(picture[:128], picture[128:])
        np.testing.assert_array_equal(picture[:, :160], picture[:, 160:])


def test_edits_and_several_views_are_folders_too(make, tmp_path):
    engine = make("color", "normal", "height")
    view = make_view(engine.description, height=64, width=160, seed=1)
    mixed = mix(view, 2, axis=1)
    write(tmp_path / "out", engine, [view, mixed], names=["first", "mixed"], tile=TILE)
    whole = render(engine, mixed, tile=TILE)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["first", "mixed"]
    for suffix, place in (("Color", slice(0, 3)), ("NormalGL", slice(3, 6))):
        found = stored(tmp_path / "out/mixed" / f"mixed_{suffix}.png")
        np.testing.assert_array_equal(found, whole[..., place])
    assert (tmp_path / "out/mixed/mixed.gltf").is_file()


@pytest.mark.parametrize("suffix", ["png", "jpg", "gif"])
def test_a_file_shows_the_colour(suffix, make, tmp_path):
    engine = make("color", "normal", "height")
    view = make_view(engine.description, height=64, width=80)
    write(tmp_path / f"out.{suffix}", engine, [view, view] if suffix == "gif" else view, tile=TILE)
    with Image.open(tmp_path / f"out.{suffix}") as picture:
        assert picture.size == (80, 64)
        if suffix == "png":
            np.testing.assert_array_equal(picture, render(engine, view, tile=TILE)[..., :3])


def test_a_cutout_is_a_transparent_picture(tmp_path):
    generator = lively_generator(
        "torus", frame=FRAME, width=2, image_channels=4, maps=(("cutout", 8),)
    )
    engine = load_engine(generator)
    view = make_view(engine.description, height=64, width=80)
    write(tmp_path / "out.png", engine, view, tile=TILE)
    with Image.open(tmp_path / "out.png") as picture:
        assert picture.mode == "RGBA"
        found = np.asarray(picture) / 255
    (image,) = engine(*(each[None] for each in view.inputs(0, 0, 4, 5)))
    opacity = (image[..., 3] + 1) / 2
    np.testing.assert_allclose(found[..., 3], opacity, atol=0.003)
    # Laid over black, it is what the generator gave.
    seen = found[..., :3] * found[..., 3:]
    learned = np.minimum((image[..., :3] + 1) / 2, opacity[..., None])
    np.testing.assert_allclose(seen, learned, atol=0.01)


def test_what_is_no_materials_is_refused_and_nothing_is_left(make, tmp_path):
    plain = load_engine(lively_generator("torus", frame=FRAME, width=2))
    cases = [
        (plain, "out", {}, "--out must end in .png"),
        (plain, "out.png", {"packs": [BUILT_IN["orm"]]}, "packs and normals are of a material"),
        (make("color", "normal"), "out.png", {"normals": "dx"}, "packs and normals are of"),
        (make("color", "normal"), "out", {"normals": "up"}, "normals must be gl or dx.*'up'"),
        (make("color", "normal"), "out", {"bits": 32}, "bits of a folder must be 8 or 16"),
    ]
    for engine, name, how, reason in cases:
        with pytest.raises(ValueError, match=reason):
            written(tmp_path, engine, name, **how)
    (tmp_path / "there").mkdir()
    (tmp_path / "there/mine").write_text("kept")
    with pytest.raises(ValueError, match="there"):
        written(tmp_path, make("color", "normal"), "there")
    assert [path.name for path in tmp_path.rglob("*")] == ["there", "mine"]


def test_an_error_on_the_way_leaves_nothing(make, tmp_path):
    engine = make("color", "normal", "height")

    class Failing:
        description = engine.description
        calls = 0

        def __call__(self, latent, positions):
            Failing.calls += 1
            if Failing.calls > 1:
                raise OSError(28, "No space left on device")
            return engine(latent, positions)

    with pytest.raises(OSError, match="No space"):
        written(tmp_path, Failing())
    assert list(tmp_path.iterdir()) == []
