"""Patterns behave as compiled regular expressions, and are compiled on first use."""

from __future__ import annotations

import re

import pytest

from harlm.patterns import lazy_pattern
from tests.support.patterns import modules

TEXT = "one 1, two 22, three 333"


def test_each_method_gives_what_the_compiled_expression_gives() -> None:
    lazy, compiled = lazy_pattern(r"\d+"), re.compile(r"\d+")
    for mine, real in (
        (lazy.search(TEXT), compiled.search(TEXT)),
        (lazy.match(TEXT, 4), compiled.match(TEXT, 4)),
    ):
        assert mine is not None
        assert real is not None
        assert mine.span() == real.span()
    assert [each.span() for each in lazy.finditer(TEXT)] == [each.span() for each in compiled.finditer(TEXT)]
    assert [each[0] for each in lazy.finditer(TEXT, 6, 13)] == ["22"]
    assert lazy.findall(TEXT) == ["1", "22", "333"]
    assert lazy.sub("#", TEXT) == "one #, two #, three #"
    assert lazy.match(TEXT) is None


def test_flags_are_those_of_re() -> None:
    found = lazy_pattern(r"^ONE\b", re.IGNORECASE | re.MULTILINE).findall("zero\none\nOne")
    assert found == ["one", "One"]


def test_nothing_is_compiled_before_the_first_use() -> None:
    invalid = lazy_pattern("(")
    with pytest.raises(re.error):
        invalid.search("x")


def test_an_expression_of_bytes_finds_bytes() -> None:
    assert lazy_pattern(rb"\d+").findall(b"one 1, two 22") == [b"1", b"22"]


def test_every_expression_of_every_module_is_one() -> None:
    lazy = type(lazy_pattern(""))
    found = [
        value
        for module in modules()
        if not module.__name__.startswith("harlm.guest")
        for value in vars(module).values()
        if isinstance(value, lazy)
    ]
    assert len(found) > 200
    assert all(value.groups >= 0 for value in found)
