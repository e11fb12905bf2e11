"""The pages in `docs/`: what they show is there, and the gallery is made of presets."""

import importlib.util
import re
from pathlib import Path

import pytest
from conftest import lively_generator
from PIL import Image

from locogan_keras import export

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
# Of the paper, those that are pictures of what a model makes.
FIGURES = {1, 2, 3, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}


def linked(page):
    """The files that a page shows or links to, beside it."""
    targets = re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8"))
    return [page.parent / target for target in targets if "://" not in target]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_shows_is_there(page):
    missing = [str(path) for path in linked(page) if not path.exists()]
    assert not missing


@pytest.fixture(scope="module")
def make_gallery():
    spec = importlib.util.spec_from_file_location("make_gallery", ROOT / "docs/make_gallery.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_the_gallery_has_each_figure_of_the_paper(make_gallery, tmp_path):
    encodings = {"faces": "linear", "sunset": "cylinder", "bricks": "torus"}
    encodings |= {"gravel": "none", "sand": "none"}
    models = []
    for name in make_gallery.SHOWN:
        frame = (16, 16) if encodings[name] == "none" else (64, 96)
        generator = lively_generator(encodings[name], frame=frame, width=2)
        generator.save(tmp_path / f"{name}.keras")
        models.append(f"{name}={tmp_path / name}.keras")
    export(tmp_path / "sand.keras", "preset", tmp_path / "sand")
    models[-1] = f"sand={tmp_path / 'sand'}"
    out = tmp_path / "docs"
    (out / "gallery").mkdir(parents=True)
    for name in ("bricks-before.jpg", "mine.jpg"):
        (out / "gallery" / name).write_bytes(b"")
    assert make_gallery.main([*models, "--out", str(out)]) == 0

    page = out / "gallery.md"
    text = page.read_text(encoding="utf-8")
    assert {int(number) for number in re.findall(r"^\| (\d+) \|", text, re.MULTILINE)} == FIGURES
    # Each that is chosen can be made; nothing of before is left, and what is another's is.
    names = {f"{name}-{figure}.jpg" for name, all_ in make_gallery.SHOWN.items() for figure in all_}
    assert {path.name for path in linked(page)} == names
    assert {path.name for path in (out / "gallery").iterdir()} == names | {"mine.jpg"}
    for path in linked(page):
        with Image.open(path) as picture:
            assert picture.format == "JPEG"
    for name in make_gallery.SHOWN:
        assert f"## {name.capitalize()}\n" in text
        assert f"locogan render preset:{name} " in text
    assert str(tmp_path) not in text
    assert text.count("nobody has looked at it yet") == len(make_gallery.SHOWN)


def test_the_gallery_refuses_presets_that_it_does_not_show(make_gallery, capsys):
    with pytest.raises(SystemExit):
        make_gallery.main(["moon=runs/moon"])
    assert "moon=runs/moon" in capsys.readouterr().err
