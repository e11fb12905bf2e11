"""Links that lead to one another are no place to write to, and no traceback."""

import pytest
from support.commands import refusal
from support.tiled import MODEL


@pytest.mark.parametrize(
    "command",
    [
        ["card", "RUN", "PHOTO", "--out", "LOOP"],
        ["export", "RUN", "--to", "serving", "--out", "LOOP"],
        ["export", "RUN", "--to", "preset", "--out", "LOOP"],
        ["export", "RUN", "--to", "web", "--out", "LOOP"],
        ["gallery", "RUN", "--out", "LOOP"],
        ["render", MODEL, "--out", "LOOP/a.png"],
        ["render", MODEL, "--out", "LOOP/a.dzi"],
        ["render", MODEL, "--out", "LOOP"],
        ["train", "PHOTO", "--out", "LOOP"],
        ["train", "LOOP", "--out", "runs/new"],
        ["info", "LOOP"],
    ],
)
def test_a_loop_of_links_is_refused(command, trained_run, photo, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "LOOP").symlink_to("other")
    (tmp_path / "other").symlink_to("LOOP")
    paths = {"RUN": str(trained_run), "PHOTO": str(photo)}
    assert "LOOP" in refusal(capfd, *(paths.get(word, word) for word in command))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["LOOP", "other"]
