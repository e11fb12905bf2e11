"""`locogan train --dry-run`: what a run would be and cost, and nothing written."""

import re
import types

import pytest
from conftest import TINY
from support.commands import refusal

from locogan_keras.cli import main
from locogan_keras.networks.discriminator import build_discriminator
from locogan_keras.networks.generator import build_generator
from locogan_keras.networks.pretrained.feature_discriminator import FeatureDiscriminator
from locogan_keras.storage.files import room
from locogan_keras.storage.run import Run
from locogan_keras.storage.settings import ModelSettings
from locogan_keras.training.costs import (
    convolution_flops,
    least_bytes,
    training_bytes,
    training_flops,
)
from locogan_keras.training.locogan import LocoGAN
from locogan_keras.training.preview import Forecast


def compiled(*networks, **settings):
    model = LocoGAN(*networks, **settings)
    model.compile()
    return model


def test_a_dry_run_says_all_and_writes_nothing(photo, tmp_path, capsys):
    run = tmp_path / "run"
    settings = [*TINY, "model.frame=[64, 64]", "training.standardize=true"]
    command = ["train", str(photo), "--out", str(run), "--steps", "1234", "--dry-run"]
    command += ["--recipe", "pattern-torus"]
    assert main([*command, "--set", *settings]) == 0
    text = capsys.readouterr().out
    for part in (
        "[training]\nsteps = 1234\nbatch_size = 2\n",
        "pictures:         1, 0 left out",
        "frame:            64 x 64 pixels",
        f"generator:        {build_generator(2, 'torus').count_params():,} parameters",
        "GFLOP",
        "GB",
        "s a step, measured here",
        "minutes for 1234 steps",
    ):
        assert part in text
    assert not list(tmp_path.iterdir())


def test_a_dry_run_refuses_what_a_run_would(tmp_path, capfd):
    missing, run = str(tmp_path / "missing.png"), str(tmp_path / "run")
    assert main(["train", missing, "--out", run, "--dry-run"]) == 2
    assert "does not exist" in capfd.readouterr().err


def test_a_dry_run_refuses_a_folder_and_devices_that_a_run_would(
    photo, trained_run, monkeypatch, capsys
):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    command = ["train", str(photo), "--out", str(trained_run), "--dry-run", "--set", *TINY]
    assert main([*command, "model.frame=[128, 64]"]) == 2
    assert "model.frame is (64, 64) there, (128, 64) here" in capsys.readouterr().err
    for strategy, reason in (("mirrored", "needs several GPUs"), ("multiworker", "TF_CONFIG")):
        assert main([*command, f"strategy={strategy}"]) == 2
        assert reason in capsys.readouterr().err


def test_operations_are_those_of_the_papers_tables():
    # Table 2's first layer, 3 + 2 channels to w at 32 x 32, and the generator's first, by hand.
    discriminator = convolution_flops(build_discriminator(8), 64)
    assert discriminator["downsample_0"] == 2 * 32 * 32 * 8 * 5 * 16
    assert discriminator["patches"] == 2 * 1 * 1 * 1 * (64 + 2) * 16
    generator = convolution_flops(build_generator(8), 10)
    assert generator["upsample_0"] == 2 * 7 * 7 * (4 * 64) * 20 * 4
    assert generator["image"] == 2 * 64 * 64 * 3 * 10 * 16


def test_operations_of_the_feature_discriminator():
    networks = build_generator(4), build_discriminator(4, packed=2)
    plain, featured = (
        compiled(*networks, feature_discriminator=each)
        for each in (None, FeatureDiscriminator(packed=2))
    )
    # A forward pass is 0.39 G multiplications of pictures of 224 pixels (Tan and Le, 2019, table 2,
    # and its stages up to a sixteenth some two thirds of it).
    features = sum(convolution_flops(featured.feature_discriminator.features, 224).values())
    assert 0.5 * 0.78e9 < features < 0.8 * 0.78e9
    # Of a pair of crops, with maps of 16, 8 and 4 places a side: 1 x 1, 3 x 3 and 1 x 1 kernels.
    logits = sum(
        2 * 64 * (side**2 * 2 * channels + (side - 2) ** 2 * (9 * 64 + 1))
        for side, channels in ((16, 24), (8, 40), (4, 112))
    )
    further = training_flops(featured, 2, 64) - training_flops(plain, 2, 64)
    assert further == pytest.approx(2 * 3 * features * (64 / 224) ** 2 + 8 * logits, rel=0.01)
    assert training_bytes(featured, 2, 64) > training_bytes(plain, 2, 64)


def test_a_run_says_what_to_expect_once(tmp_path, capsys):
    model = types.SimpleNamespace(step=types.SimpleNamespace(numpy=lambda: step))
    step = 40
    forecast = Forecast(Run(tmp_path / "run"), every=50, steps=2000)
    forecast.set_model(model)
    forecast.on_train_begin()
    for step in range(41, 60):
        forecast.on_train_batch_end(step)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "The first step compiles, which takes a while."
    assert lines[1] == "The first step took 0 s, its compilation included."
    assert re.fullmatch(r"A step takes .* s: the next sample comes in 0 s, (.*)", lines[2])[
        1
    ] == str(tmp_path / "run" / "samples" / "step-000100.png")
    assert len(lines) == 3


def test_memory_grows_with_the_batch_the_width_and_the_crop():
    costs = [
        training_bytes(compiled(build_generator(width), build_discriminator(width)), batch, size)
        for width, batch, size in ((4, 1, 64), (4, 2, 64), (8, 2, 64), (8, 2, 96))
    ]
    assert costs == sorted(set(costs))
    assert costs[1] == pytest.approx(2 * costs[0], rel=0.5)


@pytest.mark.parametrize("dry", [[], ["--dry-run"]])
def test_what_does_not_fit_or_cannot_be_written_is_refused_before_any_work(
    photo, tmp_path, monkeypatch, capfd, dry
):
    def unwanted(*_, **__):
        raise AssertionError

    monkeypatch.setattr("locogan_keras.training.preview.prepare", unwanted)
    monkeypatch.setattr("locogan_keras.training.train.prepare", unwanted)
    train = ["train", photo, "--out", tmp_path / "run", "--recipe", "pattern-torus", *dry, "--set"]
    monkeypatch.setattr(room, "free_memory", lambda: 8e9)
    error = refusal(capfd, *train, "model.width=4096")
    assert "model.width=4096, model.local_channels=2, training.batch_size=8 would need" in error
    assert "of memory, and 8.0 GB are free" in error
    assert "training.batch_size=65536" in refusal(capfd, *train, "training.batch_size=65536")
    keep = ["training.keep=1000000000", "save_every=1", "steps=1000000000"]
    assert "training.keep=1000000000 would need" in refusal(capfd, *train, *keep)
    train[3] = "/proc/run"
    assert "/proc/run" in (error := refusal(capfd, *train, "model.width=2"))
    assert "cannot write" in error
    assert not list(tmp_path.iterdir())


def test_what_is_refused_as_too_large_is_larger_than_the_estimate():
    generator, discriminator = build_generator(32, "torus"), build_discriminator(32, "torus")
    counted = training_bytes(compiled(generator, discriminator), 16, 64)
    assert 0.5 * counted < least_bytes(ModelSettings(width=32), 16) <= counted
