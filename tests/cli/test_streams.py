"""Standard streams that are closed, full or speak ASCII only: the work is done all the same."""

import shutil
from pathlib import Path

import pytest
from support.commands import shell

GOLDEN = Path(__file__).parent.parent / "golden"
MODEL = GOLDEN / "torus.onnx"


@pytest.mark.parametrize(
    "redirection",
    [">&-", "2>&-", "<&- >&- 2>&-", "> /dev/full", "2> /dev/full", "> /dev/full 2>&1"],
)
def test_a_picture_is_made_whatever_becomes_of_what_is_said(tmp_path, redirection):
    out = tmp_path / "a.png"
    status, _, errors = shell(redirection, "render", MODEL, "--out", out, "--height", "16")
    assert (status, errors if "2>" not in redirection else "") == (0, "")
    assert out.read_bytes().endswith(b"IEND\xaeB`\x82")
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize("redirection", ["2>&-", "2> /dev/full", ">&- 2>&-"])
def test_a_refusal_nobody_reads_is_one_all_the_same(tmp_path, redirection):
    status, _, _ = shell(redirection, "render", tmp_path / "no.onnx", "--out", tmp_path / "a.png")
    assert status == 2


def test_where_the_work_is_what_is_said_it_must_be_written_but_if_nobody_wants_it():
    assert shell("> /dev/full", "info", MODEL)[::2] == (
        2,
        "locogan: error: standard output: No space left on device\n",
    )
    assert shell(">&-", "info", MODEL)[::2] == (0, "")
    assert shell("| true", "info", MODEL)[::2] == (0, "")


@pytest.mark.parametrize(
    "environment", [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0"}]
)
def test_names_in_letters_that_a_terminal_does_not_have(tmp_path, environment):
    model = tmp_path / "Kiesel-größe.onnx"
    shutil.copy(MODEL, model)
    out = tmp_path / "Körner.png"
    status, _, errors = shell("", "render", model, "--out", out, "--height", "16", **environment)
    assert (status, errors) == (0, "")
    assert out.exists()
    status, _, errors = shell("", "info", tmp_path / "fort-è.onnx", **environment)
    assert status == 2
    assert len(errors.splitlines()) == 1
