"""The presets of this repository: whole, small, and with what their cards promise."""

import json
from pathlib import Path

import pytest

from locogan_keras.engines.loading import load_engine
from locogan_keras.storage.preset_files import CARD, CONFIG, ONNX, WEIGHTS, Preset

ROOT = Path(__file__).parent.parent
FOLDERS = sorted(
    path.parent
    for place in ("locogan_keras/presets", "presets/locogan_presets")
    for path in (ROOT / place).glob("*/metadata.json")
)
DISTANCES = ("frechet_distance", "kernel_distance", "patch_distance")
# What is not as near its photo as a preset should be; its card says so. Faces are no texture: two
# halves of 2,000 pictures are nearly equal.
FAR = {("undergrowth", "kernel_distance"), *(("faces", name) for name in DISTANCES)}


def test_what_the_readme_and_the_demo_render_is_there():
    assert {"gravel", "sand"} <= {path.name for path in FOLDERS if path.parent.name == "presets"}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_shipped_preset_is_whole_and_free(folder):
    preset = Preset(folder, folder.name)
    for name in (CONFIG, WEIGHTS, ONNX):
        preset.path(name)
    assert preset.metadata["licence"] in ("CC0", "public domain")
    assert all(preset.metadata[key] for key in ("source", "author", "flaws"))
    described = load_engine(folder).description
    assert described.fingerprint == preset.metadata["description"]["fingerprint"]
    card = (folder / CARD).read_text(encoding="utf-8")
    pictures = [each.split(")")[0] for each in card.split("](samples/")[1:]]
    assert pictures
    assert all((folder / "samples" / name).is_file() for name in pictures)
    assert all(flaw in card for flaw in preset.metadata["flaws"])
    assert "/" not in preset.metadata["training"]["machine"]


def test_shipped_presets_are_near_their_photos():
    """By their cards: distances at most 1.5 times those of the photo's halves, but for `FAR`."""
    for folder in FOLDERS:
        scores = json.loads((folder / "metadata.json").read_text(encoding="utf-8"))["scores"]
        for name in DISTANCES:
            is_near = scores[name]["value"] <= 1.5 * scores[name]["halves"]
            assert is_near != ((folder.name, name) in FAR), (folder.name, name)


def test_a_wheel_of_presets_is_small():
    files = (ROOT / "presets" / "locogan_presets").rglob("*")
    assert sum(path.stat().st_size for path in files if path.is_file()) < 60 * 2**20
