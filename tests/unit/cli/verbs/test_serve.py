"""``harlm serve``: its options."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from harlm.cli.verbs.serve import command
from tests.support.cli import harlm


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--name", "x"], 2, "no PATH is given"),
        (["--corpus", "docs"], 2, "is not NAME=PATH"),
        (["docs", "--name", "auto"], 3, "harlm/auto is the conversation itself"),
        (["docs", "--corpus", "a b=docs"], 3, "'a b' cannot name a corpus"),
        (["missing"], 8, "'missing' does not exist"),
        (["docs", "--host", "0.0.0.0"], 3, "HARLM_SERVER_API_KEY"),
    ],
)
def test_what_cannot_be_served_is_said_at_once(arguments: list[str], code: int, said: str) -> None:
    Path("docs").mkdir()
    Path("docs/a.txt").write_text("a text")
    done = harlm("serve", *arguments, "--port", "0")
    assert (done.code, done.out) == (code, "")
    assert said in done.err
    assert "Traceback" not in done.err


def test_the_help_names_the_defaults() -> None:
    shown = CliRunner().invoke(command, ["--help"]).output
    assert "127.0.0.1 by default" in shown
    assert "8642 by default" in shown
    assert "HARLM_SERVER_API_KEY" in shown
