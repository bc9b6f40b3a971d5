"""``harlm cache``: shown and cleared."""

from __future__ import annotations

import json

import pytest

from tests.support.cli import harlm


def test_an_empty_cache_is_named() -> None:
    ran = harlm("cache")
    assert (ran.code, ran.out) == (0, "")
    assert "nothing is kept in " in ran.err
    assert json.loads(harlm("cache", "--format", "json").out)["rows"] == []


@pytest.mark.parametrize("age", ["soon", "0s"])
def test_an_age_that_cannot_be_used_is_refused(age: str) -> None:
    ran = harlm("cache", "clear", "--older-than", age)
    assert ran.code == 2
    assert "90s, 5m or 1h30m" in ran.err


def test_clearing_an_empty_cache_deletes_nothing() -> None:
    ran = harlm("cache", "clear")
    assert ran.code == 0
    assert "0 results and 0 paid calls forgotten" in ran.err
