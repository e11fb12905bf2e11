"""`locogan gallery`: every figure by its command, captions, and a page that shows them."""

import html.parser
import re
import shlex

import numpy as np
import pytest
from conftest import lively_generator
from PIL import Image
from support.commands import refusal

from locogan_keras.canvas.description import Description
from locogan_keras.cli import main
from locogan_keras.engines.keras_engine import describe
from locogan_keras.evaluation.gallery import figures
from locogan_keras.exporting.deployable import deployable
from locogan_keras.exporting.onnx_export import onnx_model, save_onnx

EVERYWHERE = {"samples", "vary-local", "interpolate", "mix-x", "ramp-y", "transplant", "stretch-x"}
ELSEWHERE = {
    "linear": {"sizes", "extend-x", "extend-y"},
    "cylinder": {"sizes", "extend-y", "repeats-x", "semi-periodic"},
    "torus": {"plane", "half-drop", "brick", "repeats-x", "semi-periodic"},
}


class Page(html.parser.HTMLParser):
    """What a page shows and links to."""

    def __init__(self, text):
        super().__init__()
        self.images, self.links = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "img":
            self.images.append(attributes)
        self.links += [attributes[name] for name in ("src", "href") if name in attributes]


def exported(encoding, folder):
    generator = lively_generator(encoding, frame=(64, 96), width=2)
    model = folder / f"{encoding}.onnx"
    save_onnx(onnx_model(deployable(generator), describe(generator), 18), model)
    return model, describe(generator)


@pytest.mark.parametrize("encoding", ELSEWHERE)
def test_a_gallery_has_the_figures_that_a_model_can_make(encoding, tmp_path):
    model, description = exported(encoding, tmp_path)
    out = tmp_path / "gallery"
    assert main(["gallery", str(model), "--out", str(out)]) == 0

    names = [figure.name for figure in figures(description)]
    assert len(set(names)) == len(names)
    assert EVERYWHERE | ELSEWHERE[encoding] <= set(names)
    others = set().union(*ELSEWHERE.values()) - ELSEWHERE[encoding]
    assert not others & set(names)
    assert {path.name for path in out.iterdir()} == {"index.html"} | {
        f"{name}.{suffix}" for name in names for suffix in ("png", "txt")
    }

    page = Page((out / "index.html").read_text(encoding="utf-8"))
    assert page.links == [f"{name}.png" for name in names]
    for image in page.images:
        assert image["alt"]
        with Image.open(out / image["src"]) as picture:
            assert picture.size == (int(image["width"]), int(image["height"]))

    # A caption's command makes its figure.
    caption = (out / "transplant.txt").read_text(encoding="utf-8")
    command = shlex.split(caption.strip().splitlines()[-1])
    assert command[:3] == ["locogan", "edit", "transplant"]
    again = tmp_path / "again.png"
    assert main([*command[1:-1], str(again)]) == 0
    assert again.read_bytes() == (out / "transplant.png").read_bytes()

    ratio = re.search(r"([\d.e+-]+) times as much", (out / "vary-local.txt").read_text())
    assert float(ratio[1]) > 0


@pytest.mark.parametrize(
    ("encoding", "names", "down", "right"),
    [("torus", ("plane", "half-drop", "brick"), 64, 96), ("cylinder", ("repeats-x",), 0, 96)],
)
def test_repeats_of_a_gallery_are_exact(encoding, names, down, right, tmp_path):
    model, _ = exported(encoding, tmp_path)
    assert main(["gallery", str(model), "--out", str(tmp_path / "gallery")]) == 0
    for name in names:
        picture = np.asarray(Image.open(tmp_path / "gallery" / f"{name}.png"))
        rest = picture[: len(picture) - down, :-right]
        np.testing.assert_array_equal(picture[down:, right:], rest)


def test_a_folder_that_is_there_stays(tmp_path, capfd):
    (tmp_path / "mine.txt").write_text("mine")
    assert "exists already" in refusal(capfd, "gallery", tmp_path / "m.onnx", "--out", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_model_that_is_not_there_leaves_nothing(tmp_path, capfd):
    line = refusal(capfd, "gallery", tmp_path / "m.onnx", "--out", tmp_path / "gallery")
    assert "m.onnx does not exist" in line
    assert list(tmp_path.iterdir()) == []


def test_of_a_lattice_no_part_is_stretched():
    """Its frame is a cell or two, and many of them are shown."""
    names = {figure.name for figure in figures(Description((16, 16), "none", 0, 2, "0" * 16, 1))}
    assert {"stretch-x", "stretch-y"} <= names
    assert not any("part" in name for name in names)
