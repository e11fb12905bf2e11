import dataclasses
import os
import tomllib
from importlib import resources

import pytest

from locogan_keras.storage.config import load_config, recipe_names, settings_from
from locogan_keras.storage.settings import Settings, toml_value


@pytest.mark.parametrize("name", recipe_names())
def test_every_recipe_is_valid_and_says_how_to_use_it(name):
    settings = load_config(name)
    assert settings_from(tomllib.loads(settings.to_toml())) == settings

    text = (resources.files("locogan_keras") / "recipes" / f"{name}.toml").read_text()
    header = [line for line in text.splitlines() if line.startswith("#")]
    assert any("locogan train" in line and name in line for line in header)
    assert any("minutes" in line or "hours" in line for line in header)


def test_the_recipes_are_the_designs():
    patterns = {"pattern-cylinder", "pattern-strip", "pattern-torus"}
    photos = {"regular", "irregular"}
    assert {"aligned", "paper", *patterns, *photos} == set(recipe_names())
    assert load_config("regular").data.true_phase
    assert load_config("irregular").model.encoding == "none"
    torus, strip = load_config("pattern-torus"), load_config("pattern-strip")
    assert (torus.model.encoding, torus.model.frame) == ("torus", (256, 256))
    assert (strip.model.encoding, strip.model.frame) == ("cylinder", (64, 256))
    panorama, aligned = load_config("pattern-cylinder"), load_config("aligned")
    assert (panorama.model.encoding, panorama.model.frame) == ("cylinder", "picture")
    assert (aligned.model.encoding, aligned.model.frame) == ("linear", "picture")
    assert aligned.data.image_size == 128


def test_settings_are_laid_over_a_recipe():
    settings = load_config(
        "aligned",
        ["training.batch_size=8", "data.image_size=99", "training.loss=hinge"],
    )
    assert settings.training.batch_size == 8
    assert settings.data.image_size == 99
    assert settings.training.loss == "hinge"
    assert settings.model.width == load_config("aligned").model.width


def test_a_key_alone_is_enough():
    settings = load_config("aligned", ["strategy=mirrored", "width=8"])
    assert settings.training.strategy == "mirrored"
    assert settings.model.width == 8
    keys = [key for section in dataclasses.asdict(Settings()).values() for key in section]
    assert len(keys) == len(set(keys))


def test_a_whole_number_may_stand_for_a_float():
    assert load_config("aligned", ["training.beta_1=0"]).training.beta_1 == 0.0


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_recipe_of_ones_own(tmp_path, mark):
    path = tmp_path / "mine.toml"
    path.write_text(f"{mark}[model]\nwidth = 5\n", encoding="utf-8")
    assert load_config(path).model.width == 5
    assert load_config(path).training == Settings().training


@pytest.mark.parametrize(
    ("setting", "reason"),
    [
        (
            "training.batchsize=8",
            "unknown key training.batchsize; did you mean training.batch_size",
        ),
        ("model.colour=3", "unknown key model.colour; there are"),
        ("extra.width=3", "unknown section 'extra'"),
        ("batchsize=3", "unknown key batchsize; did you mean batch_size"),
        ("batch_size", "SECTION.KEY=VALUE.*batch_size"),
        ("strategy=tpu", "one of auto, single, mirrored, multiworker.*'tpu'"),
        ("precision=float16", "one of float32, mixed_float16, mixed_bfloat16.*'float16'"),
        ("training.batch_size", "SECTION.KEY=VALUE"),
        ("training.batch_size=many", "whole number.*training.batch_size='many'"),
        ("training.batch_size=1.5", "whole number.*1.5"),
        ("training.batch_size=true", "whole number.*True"),
        ("training.batch_size=0", "at least 1.*training.batch_size=0"),
        ("training.beta_1=nan", "at least 0"),
        ("training.generator_learning_rate=inf", "at most 1"),
        ("training.loss=mse", "one of bce, hinge.*'mse'"),
        ("training.loss=3", "a string.*training.loss=3"),
        ("training.seed=4294967296", "at most 4294967295"),
        ("model.encoding=sphere", "one of linear, cylinder, torus"),
        ("model.frame=192", "HEIGHT, WIDTH.*192"),
        ("model.frame=[1, 2, 3]", "HEIGHT, WIDTH.*1, 2, 3"),
        ("model.fine_channels=[1, 1]", "three whole numbers.*1, 1"),
        ("data.image_size=63", "64 to 16384.*63"),
        ("data.image_size=[64, 63]", r"64 to 16384.*\[64, 63\]"),
        ("data.image_size=[64, 99999]", r"64 to 16384.*\[64, 99999\]"),
        ("data.image_size=[64]", r"or \[HEIGHT, WIDTH\].*\[64\]"),
        ("data.image_size=true", "a whole number or.*True"),
        ("model.fine_channels=[1, 1]", r"three whole numbers.*\[1, 1\]"),
        ("model.fine_channels=[1, 1, -1]", "0 to 4096.*-1"),
        ("model.fine_channels=[1, 1, 99999]", "0 to 4096.*99999"),
        ("model.line_channels=[1]", r"two whole numbers.*\[1\]"),
        ("model.frame=[-192, -192]", "`frame` must be"),
        ("model.frame=[inf, 192]", r"HEIGHT, WIDTH.*inf"),
        ("model.width=100000000", "model.width must be at most 4096.*100000000"),
        ("model.local_channels=99999999999", "at most 4096.*99999999999"),
        ("model.frame=[64, 999999]", "at most 16384.*999999"),
        ("training.batch_size=99999999999999999999999", "at most 65536.*99999999999999999999999"),
        ("training.steps=1" + 20 * "0", "at most 1000000000"),
        (f"training.steps={5000 * '9'}", "a whole number.*99999"),
        (f"training.steps={9999 * '['}", r"a whole number.*\[\["),
        (f"training.ema_decay={400 * '9'}", "training.ema_decay must be a number.*99999"),
        ("training.packed=3", "multiple of training.packed.*packed=3"),
    ],
)
def test_bad_settings_are_named(setting, reason):
    with pytest.raises(ValueError, match=reason):
        load_config("pattern-torus", [setting])


def test_every_whole_number_has_a_range():
    for section in dataclasses.fields(Settings):
        for field in dataclasses.fields(section.type):
            if field.type is int and not field.metadata["choices"]:
                assert field.metadata["least"] is not None, field.name
                assert field.metadata["most"] is not None, field.name


def test_a_frame_that_cannot_repeat_is_named():
    with pytest.raises(ValueError, match="100, 192"):
        load_config("pattern-torus", ["model.frame=[100, 192]"])


def test_a_frame_needs_an_axis_that_repeats():
    with pytest.raises(ValueError, match=r"encoding=linear.*\[128, 128\]"):
        load_config("aligned", ["model.frame=[128, 128]"])


def test_any_text_survives_toml():

    for text in ('quote " and \\ and \n', "\N{GRINNING FACE}", os.fsdecode(b"\xff.png")):
        again = tomllib.loads(f"value = {toml_value(text)}")["value"]
        assert again == os.fsencode(text).decode("utf-8", "replace").replace(
            "\N{REPLACEMENT CHARACTER}", "?"
        )


def test_bad_recipes_are_named(tmp_path):
    with pytest.raises(ValueError, match=r"--recipe moon .*pattern-torus"):
        load_config("moon")
    with pytest.raises(ValueError, match=r"none\.toml cannot be read"):
        load_config(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_text("[model\n")
    with pytest.raises(ValueError, match=r"bad\.toml is not valid TOML"):
        load_config(tmp_path / "bad.toml")
    for text in ("[model]\nframe = " + "[" * 100_000, "a = " + "9" * 5000):
        (tmp_path / "deep.toml").write_text(text)
        with pytest.raises(ValueError, match=r"deep\.toml is not valid TOML"):
            load_config(tmp_path / "deep.toml")
    os.mkfifo(tmp_path / "pipe.toml")
    with pytest.raises(ValueError, match=r"pipe\.toml is not a file"):
        load_config(tmp_path / "pipe.toml")
    (tmp_path / "flat.toml").write_text("model = 3\n")
    for settings in ([], ["model.width=3"]):
        with pytest.raises(ValueError, match="model is a section"):
            load_config(tmp_path / "flat.toml", settings)
