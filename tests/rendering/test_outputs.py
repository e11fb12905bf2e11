"""Pictures as files: what each format makes of one view and of several."""

import contextlib
import json

import numpy as np
import pytest
from PIL import Image
from support.commands import python

from locogan_keras.canvas.description import Description
from locogan_keras.canvas.views import make_view
from locogan_keras.rendering.files.format import Format
from locogan_keras.rendering.files.formats import FORMATS
from locogan_keras.rendering.files.opening import open_picture
from locogan_keras.rendering.outputs import write
from locogan_keras.rendering.render import bands, render
from locogan_keras.storage.run import version

SIZES = [(40, 50), (64, 16), (33, 70)]


class Cells:
    """A cheap engine: a cell's pixels are its local values."""

    description = Description((64, 64), "torus", 1, 3, "0123456789abcdef", 0)

    def __init__(self, fails_at=None):
        self.calls = 0
        self.fails_at = fails_at

    def __call__(self, latent, positions):
        self.calls += 1
        if self.calls == self.fails_at:
            raise RuntimeError("no more")
        return latent[:, 3:-3, 3:-3, 1:].repeat(16, axis=1).repeat(16, axis=2)


def views_of(sizes, **request):
    return [
        make_view(Cells.description, height=height, width=width, seed=seed, **request)
        for seed, (height, width) in enumerate(sizes)
    ]


def pixels(path):
    with Image.open(path) as picture:
        return np.asarray(picture)


def kept(path):
    with Image.open(path) as picture:
        return picture.text["locogan"]


def test_a_view_is_a_picture_that_keeps_its_origin(tmp_path):
    (view,) = views_of([(40, 50)], periodic="half-drop")
    write(tmp_path / "new" / "a.png", Cells(), view, tile=48, origin={"seed": 0, "by": "me"})
    np.testing.assert_array_equal(pixels(tmp_path / "new" / "a.png"), render(Cells(), view, 48))
    assert kept(tmp_path / "new" / "a.png") == (
        '{"seed": 0, "by": "me", "window": [0, 0, 40, 50], "frame": [64, 64], '
        '"period": [128, 64], "shift": [64, 0], "tile": 48, '
        '"latents": "threefry2x32-20/box-muller/1", "model": "0123456789abcdef", '
        f'"version": "{version()}"}}'
    )


def test_several_are_a_sheet_eight_in_a_row(tmp_path):
    views = views_of([*SIZES, *[(16, 16)] * 7])
    write(tmp_path / "sheet.png", Cells(), views, origin={"seeds": [0, 1]})
    expected = np.full((64 + 4 + 16, 50 + 16 + 70 + 5 * 16 + 7 * 4, 3), 255, np.uint8)
    left = 0
    for number, view in enumerate(views):
        top = 68 if number >= 8 else 0
        left = 0 if number == 8 else left
        height, width = view.size
        expected[top : top + height, left : left + width] = render(Cells(), view)
        left += width + 4
    np.testing.assert_array_equal(pixels(tmp_path / "sheet.png"), expected)
    told = json.loads(kept(tmp_path / "sheet.png"))
    assert (told["seeds"], told["window"]) == ([0, 1], [0, 0, 40, 50])
    assert "picture" not in told


def test_several_are_an_animation_on_white(tmp_path):
    views = views_of(SIZES)
    write(tmp_path / "a.gif", Cells(), views)
    with Image.open(tmp_path / "a.gif") as animation:
        assert (animation.n_frames, animation.size) == (3, (70, 64))
        assert (animation.info["loop"], animation.info["duration"]) == (0, 150)
        animation.seek(2)
        frame = np.asarray(animation.convert("RGB")).astype(int)
    assert np.all(frame[:15] == 255)
    assert np.all(frame[48:] == 255)
    assert np.abs(frame[15:48] - render(Cells(), views[2])).mean() < 16


@pytest.mark.parametrize("names", [None, ("b", "a", "c")])
def test_several_are_a_folder(tmp_path, names):
    views = views_of(SIZES)
    write(tmp_path / "many", Cells(), views, names=names, origin={"seeds": "0-2"})
    found = names or ("0000", "0001", "0002")
    assert {path.name for path in (tmp_path / "many").iterdir()} == {f"{n}.png" for n in found}
    for name, view in zip(found, views, strict=True):
        path = tmp_path / "many" / f"{name}.png"
        np.testing.assert_array_equal(pixels(path), render(Cells(), view))
        told = json.loads(kept(path))
        assert list(told)[:3] == ["seeds", "picture", "window"]
        assert told["picture"] == name


def test_a_list_of_one_is_a_picture_where_that_can_be(tmp_path):
    (view,) = views_of([(40, 50)])
    for out in ("a.png", "a.gif", "many"):
        write(tmp_path / out, Cells(), [view])
    write(tmp_path / "b.png", Cells(), view)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert pixels(tmp_path / "many" / "0000.png").shape == (40, 50, 3)
    with Image.open(tmp_path / "a.gif") as animation:
        assert animation.size == (50, 40)


def test_progress_is_shown_of_each_picture(tmp_path):
    seen = []

    def progress(tiles):
        seen.append(len(tiles))
        return iter(tiles)

    views = views_of([(64, 64), (64, 32), (16, 16)])
    for number, out in enumerate(("a.png", "a.gif", "many")):
        write(tmp_path / out, Cells(), views, tile=32, progress=progress)
        assert seen == [4, 2, 1] * (number + 1)
    code = "import sys, locogan_keras.rendering.outputs; print('tqdm' in sys.modules)"
    assert python(code).stdout.strip() == "False"


CASES = [
    pytest.param(suffix, several, id=f"{suffix or 'folder'}-{'several' if several else 'one'}")
    for suffix, form in FORMATS.items()
    for several in (False, True)
    if (form.several if several else form.begin)
]


@pytest.mark.parametrize(("suffix", "several"), CASES)
def test_an_error_leaves_what_was_there(tmp_path, suffix, several):
    out = tmp_path / f"out{suffix}"
    if suffix:
        out.write_bytes(b"old")
    views = views_of([(16, 64), (16, 64)])
    with pytest.raises(RuntimeError, match="no more"):
        write(out, Cells(fails_at=3 + several), views if several else views[0], tile=16)
    assert [path.name for path in tmp_path.iterdir()] == ([out.name] if suffix else [])
    assert not suffix or out.read_bytes() == b"old"


@pytest.mark.parametrize(("suffix", "several"), CASES)
def test_what_is_refused_is_so_before_anything_is_made(tmp_path, suffix, several):
    views = views_of([(16, 16), (16, 16)])
    for changed, reason in [
        ({"tile": 20}, "tile must be .* tile=20"),
        ({"names": ["a", "b", "c"]}, "names as many. Received: [12] views, 3 names"),
    ]:
        engine = Cells()
        with pytest.raises(ValueError, match=reason):
            write(
                tmp_path / "new" / f"out{suffix}",
                engine,
                views if several else views[0],
                **changed,
            )
        assert engine.calls == 0
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("out", "several", "reason"),
    [
        ("a.gif", False, r"--out must end in \.png, \.webp, .* or \.btf\. Received: --out a\.gif"),
        ("a", False, r"--out must end in \.png, .* or \.btf\. Received: --out a$"),
        (
            "a.BMP",
            True,
            r"end in \.png \(a sheet\), .*, \.gif \(an animation\) or nothing \(a folder\)\. "
            r"Received: --out a\.BMP",
        ),
    ],
)
def test_other_suffixes_are_named(out, several, reason, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    views = views_of(SIZES)
    with pytest.raises(ValueError, match=reason):
        write(out, Cells(), views if several else views[0])
    assert list(tmp_path.iterdir()) == []


def test_no_views_are_refused(tmp_path):
    with pytest.raises(ValueError, match="Received: 0 views"):
        write(tmp_path / "a.png", Cells(), [])


def test_a_gif_that_is_too_large_is_refused_before_it_is_made(tmp_path):
    engine = Cells()
    with pytest.raises(ValueError, match=r"at most 65535.*height=16, width=65536"):
        write(tmp_path / "a.gif", engine, views_of([(16, 16), (16, 65536)]))
    assert engine.calls == 0
    assert list(tmp_path.iterdir()) == []


def test_a_format_is_a_row(tmp_path, monkeypatch):
    @contextlib.contextmanager
    def begin_raw(path, size, pixels, metadata=None):
        with open(path, "wb") as file:
            yield lambda rows: file.write(rows.tobytes())

    monkeypatch.setitem(FORMATS, ".raw", Format("raw pixels", begin_raw))
    (view,) = views_of([(40, 50)])
    write(tmp_path / "a.RAW", Cells(), view)
    expected = b"".join(band.tobytes() for band in bands(Cells(), view))
    assert (tmp_path / "a.RAW").read_bytes() == expected
    with pytest.raises(ValueError, match=r"end in \.png, .* or \.raw\. Received"):
        write(tmp_path / "a.gif", Cells(), view)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_animations_have_the_channels_of_their_pictures(tmp_path, channels):
    class Grey:
        size = (8, 9)

        def whole(self):
            return np.full((8, 9, channels), 100, np.uint8)

    FORMATS[".gif"].several(tmp_path / "a.gif", [Grey(), Grey()], open_picture)
    with Image.open(tmp_path / "a.gif") as animation:
        assert animation.convert("RGB").getpixel((4, 4)) == (100, 100, 100)
