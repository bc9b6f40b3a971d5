"""``harlm serve``: which corpora the command line names."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from harlm.cli.verbs.serve import command, corpora_named
from harlm.errors import ConfigError


def test_paths_are_one_corpus_under_the_name_of_the_first() -> None:
    assert corpora_named(("docs", "more.txt"), None, ()) == {"docs": ("docs", "more.txt")}
    assert corpora_named(("docs",), "handbook", ()) == {"handbook": ("docs",)}


def test_others_are_named_with_their_paths() -> None:
    assert corpora_named((), None, ("a=docs", "b=x=y")) == {"a": ("docs",), "b": ("x=y",)}
    assert corpora_named((), None, ()) == {}


@pytest.mark.parametrize(
    ("paths", "name", "named"),
    [((), "x", ()), (("docs",), None, ("docs=more",)), ((), None, ("docs",)), ((), None, ("docs=",)), (("docs",), "auto", ())],
)  # fmt: skip
def test_names_that_cannot_be_are_refused(
    paths: tuple[str, ...], name: str | None, named: tuple[str, ...]
) -> None:
    with pytest.raises(ConfigError):
        corpora_named(paths, name, named)


def test_the_help_names_the_defaults() -> None:
    shown = CliRunner().invoke(command, ["--help"]).output
    assert "127.0.0.1 by default" in shown
    assert "8642 by default" in shown
    assert "HARLM_SERVER_API_KEY" in shown
