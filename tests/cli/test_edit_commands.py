"""`locogan edit` and `render --seeds`: what they write, and what they refuse."""

import json

import numpy as np
import pytest
from conftest import lively_generator, same_levels
from PIL import Image
from support.commands import python, refusal

from locogan_keras.cli import main
from locogan_keras.engines.keras_engine import describe
from locogan_keras.exporting.deployable import deployable
from locogan_keras.exporting.onnx_export import onnx_model, save_onnx

FRAME = (96, 112)


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """One generator for each encoding: a `.keras` file, and exported as ONNX."""
    folder = tmp_path_factory.mktemp("models")
    for encoding in ("linear", "cylinder", "torus"):
        generator = lively_generator(encoding, frame=FRAME, width=2)
        generator.save(folder / f"{encoding}.keras")
        exported = onnx_model(deployable(generator), describe(generator), 18)
        save_onnx(exported, folder / f"{encoding}.onnx")
    return folder


def pixels(path):
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def made(out, *arguments):
    assert main([*map(str, arguments), "--tile", "64", "--out", str(out)]) == 0
    return pixels(out)


@pytest.mark.parametrize(
    "command",
    [["edit"], ["gallery"]]
    + [["edit", name] for name in ("interpolate", "vary-local", "stretch", "mix", "transplant")],
    ids=" ".join,
)
def test_help_imports_nothing_heavy(command):
    code = (
        "import sys\nfrom locogan_keras.cli import main\n"
        "try:\n    main(sys.argv[1:])\n"
        "finally:\n    print(sorted({'tensorflow', 'keras', 'numpy', 'PIL'} & set(sys.modules)))"
    )
    printed = python(code, *command, "--help").stdout
    assert f"usage: locogan {' '.join(command)}" in printed
    assert printed.splitlines()[-1] == "[]"


EDITS = {
    "interpolate": ["--from", "1:64x80", "--to", "2:80x64", "--frames", "3"],
    "vary-local": ["--seed", "3", "--local", "0-1", "--height", "64", "--width", "70"],
    "stretch": ["--seed", "3", "--to", "96x144", "--part-x", "32:64"],
    "mix": ["--from", "1", "--to", "2", "--axis", "y", "--ramp"],
    "transplant": ["--from", "1", "--to", "2,5-6", "--region", "20,30,40,50", "--soft", "16"],
}


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("encoding", ["linear", pytest.param("torus", marks=pytest.mark.slow)])
def test_edits_are_the_same_on_an_exported_model(models, tmp_path, edit, encoding):
    pictures = [
        made(
            tmp_path / f"{suffix}.png", "edit", edit, models / f"{encoding}.{suffix}", *EDITS[edit]
        )
        for suffix in ("keras", "onnx")
    ]
    assert same_levels(*pictures)
    with Image.open(tmp_path / "onnx.png") as picture:
        assert json.loads(picture.text["locogan"])["edit"] == edit


def test_a_list_of_seeds_is_a_sheet_of_their_pictures(models, tmp_path):
    model = models / "torus.onnx"
    sheet = made(tmp_path / "sheet.png", "render", model, "--seeds", "3,0-1")
    singles = [made(tmp_path / "one.png", "render", model, "--seed", seed) for seed in (3, 0, 1)]
    assert sheet.shape == (96, 3 * 112 + 2 * 4, 3)
    for place, single in enumerate(singles):
        np.testing.assert_array_equal(sheet[:, place * 116 : place * 116 + 112], single)


def test_a_folder_has_a_picture_of_each(models, tmp_path):
    model, out = models / "torus.onnx", tmp_path / "many"
    assert main(["render", str(model), "--seeds", "7,9", "--out", str(out)]) == 0
    assert sorted(path.name for path in out.iterdir()) == ["seed-7.png", "seed-9.png"]
    assert main(["render", str(model), "--seed", "9", "--out", str(tmp_path / "9.png")]) == 0
    np.testing.assert_array_equal(pixels(out / "seed-9.png"), pixels(tmp_path / "9.png"))
    with Image.open(out / "seed-9.png") as picture:
        assert json.loads(picture.text["locogan"])["picture"] == "seed-9"


@pytest.mark.parametrize("out", ["", ".", ".."])
def test_a_folder_needs_a_name(models, out, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    for words in (["gallery"], ["render", "--seeds", "0,1"]):
        line = refusal(capfd, words[0], models / "torus.onnx", *words[1:], "--out", out)
        assert "--out must name a new folder" in line
    assert not list(tmp_path.iterdir())


def test_an_interpolation_is_an_animation(models, tmp_path):
    out = tmp_path / "between.gif"
    command = ["edit", "interpolate", str(models / "linear.onnx"), "--out", str(out)]
    assert main([*command, "--from", "1:64x96", "--to", "2:96x64", "--frames", "5"]) == 0
    with Image.open(out) as animation:
        assert animation.n_frames == 5
        assert animation.size == (96, 96)
        assert animation.info["loop"] == 0


def test_the_ends_of_an_interpolation_are_renderings(models, tmp_path):
    model = models / "linear.onnx"
    ends = ["--from", "1:64x96", "--to", "2:96x64", "--frames", "3"]
    assert main(["edit", "interpolate", str(model), *ends, "--out", str(tmp_path / "f")]) == 0
    for name, request in [
        ("frame-0000", ["--seed", "1", "--height", "64", "--width", "96"]),
        ("frame-0002", ["--seed", "2", "--height", "96", "--width", "64"]),
    ]:
        assert main(["render", str(model), *request, "--out", str(tmp_path / "end.png")]) == 0
        np.testing.assert_array_equal(
            pixels(tmp_path / "f" / f"{name}.png"), pixels(tmp_path / "end.png")
        )
    assert pixels(tmp_path / "f" / "frame-0001.png").shape == (80, 80, 3)


def test_a_mask_picture_is_a_region(models, tmp_path):
    model = models / "linear.onnx"
    mask = np.zeros(FRAME, np.uint8)
    mask[32:64, 48:96] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    ends = ["--from", "1", "--to", "2"]
    by_mask, by_box = (
        made(tmp_path / "out.png", "edit", "transplant", model, *ends, "--region", region)
        for region in (tmp_path / "mask.png", "32, 48, 32, 48")
    )
    np.testing.assert_array_equal(by_mask, by_box)
    Image.fromarray(mask).resize((56, 48)).save(tmp_path / "mask.png")
    resized = made(
        tmp_path / "out.png",
        *("edit", "transplant", model, *ends, "--region", tmp_path / "mask.png", "--resize-mask"),
    )
    assert resized.shape == by_mask.shape


def test_an_edit_of_a_repeating_picture_repeats(models, tmp_path):
    picture = made(
        tmp_path / "out.png",
        *("edit", "mix", models / "torus.onnx", "--from", "1", "--to", "2", "--ramp"),
        *("--height", "300", "--width", "250", "--periodic", "half-drop"),
    )
    np.testing.assert_array_equal(picture[96:, 112:], picture[:-96, :-112])


@pytest.mark.parametrize(
    ("encoding", "command", "reason"),
    [
        ("torus", "render --seeds 1-", "--seeds: must be seeds such as 0,1,4-6: '1-'"),
        ("torus", "render --seeds=", "--seeds: must be seeds such as 0,1,4-6: ''"),
        ("torus", "render --seeds 1,,2", "--seeds: must be seeds such as 0,1,4-6: '1,,2'"),
        ("torus", "render --seeds 3-1", "--seeds: 3-1 runs backwards: 3-1"),
        ("torus", "render --seeds 4294967296", "--seeds: must be 0 to 4294967295 each"),
        ("torus", "render --seeds 0-4294967295", "--seeds: must be at most 1000 seeds"),
        ("torus", "render --seeds 1 --seed 2", "not allowed with"),
        ("linear", "render --periodic x", "refused in x: the model's positions are linear"),
        ("linear", "render --periodic x", "pattern-cylinder"),
        ("cylinder", "render --periodic brick", "pattern-torus"),
        ("torus", "render --periodic half-drop --period 96x112", "nearest is 192"),
        ("linear", "edit paint", "invalid choice: 'paint'"),
        ("linear", "edit interpolate --from 1:64 --to 2:64x64", "HEIGHTxWIDTH in pixels: 64"),
        ("linear", "edit interpolate --from 1 --to 2:64x64", "SEED:HEIGHTxWIDTH: 1"),
        ("linear", "edit interpolate --from 1:0x64 --to 2:64x64", "height=0"),
        ("linear", "edit interpolate --from 1:9x9 --to 2:9x9 --frames 0", "1 to 1000: 0"),
        ("linear", "edit vary-local --seed -1", "--seed: must be 0 to 4294967295: -1"),
        ("linear", "edit vary-local --local 5-", "--local: must be seeds such as 0,1,4-6: '5-'"),
        ("linear", "edit mix --from 1 --to x", "--to: must be 0 to 4294967295: x"),
        ("linear", "edit mix --from 1 --to 2 --axis z", "invalid choice: 'z'"),
        ("linear", "edit mix --from 1 --to 2 --periodic x", "refused in x"),
        ("linear", "edit stretch --to 96", "--to: must be HEIGHTxWIDTH in pixels: 96"),
        ("torus", "edit stretch --to 96x150", "nearest is 144"),
        ("linear", "edit stretch --to 96x150 --part-x 5", "--part-x: must be START:STOP"),
        ("linear", "edit transplant --from 1 --to 2 --region 1,2,3", "TOP,LEFT,HEIGHT,WIDTH"),
        ("linear", "edit transplant --from 1 --to 2 --region 90,0,20,20", "region=90,0,20,20"),
        ("linear", "edit transplant --from 1 --to 2 --region=-1,0,9,9", "region=-1,0,9,9"),
        ("linear", "edit transplant --from 1 --to 2 --region none.png", "none.png: No such file"),
        ("linear", "edit transplant --from 1 --to 2 --region {mask}", "--resize-mask makes it fit"),
        ("linear", "edit transplant --from 1 --to 2 --region {text}", "is not a picture"),
        ("linear", "edit transplant --from 1 --to 2 --region 0,0,9,9 --soft -4", "soft=-4"),
        ("linear", "edit transplant --from 1 --to 2 --region 0,0,9,9 --tile 20", "tile=20"),
    ],
)
def test_what_cannot_be_made_gets_one_line_and_leaves_nothing(
    models, tmp_path, capfd, encoding, command, reason
):
    mask, text = tmp_path / "mask.png", tmp_path / "text.png"
    Image.new("L", (10, 10), "white").save(mask)
    text.write_text("no picture")
    words = command.format(mask=mask, text=text).split()
    count = 2 if words[0] == "edit" else 1
    for suffix in (".png", ""):
        out = tmp_path / "new" / f"picture{suffix}"
        model = models / f"{encoding}.onnx"
        line = refusal(capfd, *words[:count], model, *words[count:], "--out", out)
        if suffix or (count == 2 and words[1] not in ("mix", "stretch")):
            assert reason in line
        assert sorted(path.name for path in tmp_path.iterdir()) == ["mask.png", "text.png"]


def test_where_pictures_cannot_go_is_named(models, tmp_path, capfd):
    model = models / "linear.onnx"
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "mine.txt").write_text("mine")
    ends = ["--from", "1:16x16", "--to", "2:16x16"]
    for out, reason in [
        (taken, "exists already"),
        (tmp_path / "a.bmp", "(a sheet), .gif (an animation) or nothing (a folder)"),
    ]:
        assert reason in refusal(capfd, "edit", "interpolate", model, *ends, "--out", out)
    line = refusal(capfd, "edit", "mix", model, "--from", 1, "--to", 2, "--out", tmp_path / "a.gif")
    suffixes = ".png, .webp, .jpg, .jpeg, .tif, .tiff, .exr, .dzi, .zarr or .btf"
    assert f"--out must end in {suffixes}. Received" in line
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]
    assert [path.name for path in taken.iterdir()] == ["mine.txt"]
