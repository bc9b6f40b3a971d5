"""Corpora on the command line."""

from __future__ import annotations

import click
import pytest

from harlm.cli.corpora import check_installed, corpora_named
from harlm.errors import ConfigError


@pytest.mark.parametrize(
    ("paths", "name", "corpora", "named"),
    [
        ([], None, [], {}),
        (["./docs", "a.txt"], None, [], {"docs": ["./docs", "a.txt"]}),
        (["./docs"], "handbook", ["logs=/var/log"], {"handbook": ["./docs"], "logs": ["/var/log"]}),
        (["a"], "x", ["x=b", "x=c=d"], {"x": ["a", "b", "c=d"]}),
    ],
)
def test_each_corpus_has_a_name_and_its_paths(
    paths: list[str], name: str | None, corpora: list[str], named: dict[str, list[str]]
) -> None:
    assert corpora_named(paths, name, corpora) == named


@pytest.mark.parametrize("odd", ["handbook", "=./docs", "handbook=", ""])
def test_a_corpus_without_a_name_or_a_path_is_refused(odd: str) -> None:
    with pytest.raises(click.UsageError, match="is not NAME=PATH"):
        corpora_named([], None, [odd])


def test_a_name_of_no_path_is_refused() -> None:
    with pytest.raises(click.UsageError, match="no PATH is given"):
        corpora_named([], "handbook", [])


def test_a_missing_package_is_named_with_its_extra() -> None:
    check_installed("click", "msgspec")
    with pytest.raises(ConfigError, match=r"needs the package no_such_package.*harlm\[serve\]"):
        check_installed("click", "no_such_package")
