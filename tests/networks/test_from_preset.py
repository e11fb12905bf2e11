"""Generators from presets and as presets."""

import json
import shutil

import numpy as np
import pytest
from conftest import GRAINY, lively_generator

from locogan_keras import Generator
from locogan_keras.networks.generator import build_generator
from locogan_keras.storage.preset_files import CONFIG, METADATA, WEIGHTS, write_metadata


@pytest.mark.parametrize(
    "settings",
    [
        {"encoding": "torus", "frame": (96, 112), **GRAINY},
        {"encoding": "linear", "image_channels": 4, "maps": (("color", 8), ("roughness", 16))},
    ],
)
def test_a_generator_comes_back_from_its_preset(tmp_path, settings):
    generator = lively_generator(width=1, **settings)
    generator.save_to_preset(tmp_path / "preset")
    again = Generator.from_preset(tmp_path / "preset")
    assert again.get_config() == generator.get_config()
    for mine, theirs in zip(again.get_weights(), generator.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    names = {path.name for path in (tmp_path / "preset").iterdir()}
    assert names == {CONFIG, METADATA, WEIGHTS}
    metadata = json.loads((tmp_path / "preset" / METADATA).read_text())
    assert metadata["parameter_count"] == generator.count_params()


def test_its_settings_alone_need_no_weights(tmp_path):
    generator = lively_generator(width=1)
    generator.save_to_preset(tmp_path / "preset")
    (tmp_path / "preset" / WEIGHTS).unlink()
    again = Generator.from_preset(tmp_path / "preset", load_weights=False)
    assert again.get_config() == generator.get_config()
    with pytest.raises(ValueError, match=f"is not whole: {WEIGHTS} is missing"):
        Generator.from_preset(tmp_path / "preset")


def test_a_preset_is_named_as_it_is_listed(installed, preset_folder):
    by_name = Generator.from_preset(installed.removeprefix("preset:"))
    by_folder = Generator.from_preset(preset_folder)
    for mine, theirs in zip(by_name.get_weights(), by_folder.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_weights_of_another_generator_are_refused_in_a_line(tmp_path):
    for width in (1, 2):
        build_generator(width).save_to_preset(tmp_path / str(width))
    shutil.copy(tmp_path / "1" / WEIGHTS, tmp_path / "2" / WEIGHTS)
    with pytest.raises(ValueError, match="2 is damaged: model"):
        Generator.from_preset(tmp_path / "2")
    write_metadata(tmp_path / "2")
    with pytest.raises(ValueError, match="2 cannot be loaded: ") as error:
        Generator.from_preset(tmp_path / "2")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"of_tomorrow": 1}, "unknown settings of Generator, of a newer version"),
        ({"width": 0}, "`width` must be"),
    ],
)
def test_settings_that_are_none_are_refused_in_a_line(tmp_path, changes, said):
    build_generator(1).save_to_preset(tmp_path / "preset")
    path = tmp_path / "preset" / CONFIG
    held = json.loads(path.read_text())
    path.write_text(json.dumps({**held, "config": {**held["config"], **changes}}))
    write_metadata(tmp_path / "preset")
    with pytest.raises(ValueError, match=f"^MODEL .*preset cannot be loaded: {said}"):
        Generator.from_preset(tmp_path / "preset")
