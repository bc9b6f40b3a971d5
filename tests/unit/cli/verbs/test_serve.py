"""``harlm serve``: its options."""

from __future__ import annotations

from click.testing import CliRunner

from harlm.cli.verbs.serve import command


def test_the_help_names_the_defaults() -> None:
    shown = CliRunner().invoke(command, ["--help"]).output
    assert "127.0.0.1 by default" in shown
    assert "8642 by default" in shown
    assert "HARLM_SERVER_API_KEY" in shown
