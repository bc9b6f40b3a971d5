"""Values as a cell shows them and as a frame can hold them."""

from __future__ import annotations

import array
import datetime
import decimal
import enum
import fractions
import io
import itertools
import pathlib
import re
import types
from collections import ChainMap, Counter, OrderedDict, UserDict, UserList, UserString, deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.guest.arguments import PARTS
from harlm.guest.worker.values import NotSent, awaited, describe, echo, is_awaited, plain


@pytest.mark.parametrize(
    ("value", "described"),
    [
        (True, "bool True"),
        (1.5, "float 1.5"),
        (None, "NoneType None"),
        ("short", "str 'short'"),
        ((1, 2), "tuple of 2"),
        (1 << 300, "int of 301 bits"),
        (type("Row", (dict,), {"__len__": lambda self: 1 / 0})(a=1), "Row of 1"),
        (type("Table", (list,), {"__repr__": lambda self: 1 / 0})([1, 2]), "Table of 2"),
        (object(), "object"),
        (print, "builtin_function_or_method"),
    ],
)
def test_a_description_is_short_and_runs_no_code_of_the_value(value: object, described: str) -> None:
    assert describe(value) == described


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    )
)
def test_plain_values_stay_and_integers_beyond_64_bits_become_text(value: object) -> None:
    def expected(each: object) -> object:
        if isinstance(each, bool) or not isinstance(each, int):
            if isinstance(each, list):
                return [expected(item) for item in each]
            return {key: expected(item) for key, item in each.items()} if isinstance(each, dict) else each
        return each if -(1 << 63) <= each < 1 << 63 else str(each)

    assert plain(value) == expected(value)


def test_what_is_nested_too_deep_or_not_plain_becomes_text() -> None:
    deep: list[Any] = []
    for _ in range(40):
        deep = [deep]
    found: Any = plain(deep)
    for _ in range(12):
        (found,) = found
    assert found == "[" * 29 + "]" * 29
    assert plain({1: (2, {3})}) == {"1": [2, [3]]}
    assert plain(1 << 20_000).startswith("0x1")


@dataclass
class Row:
    name: str
    more: Any = None


class Point(NamedTuple):
    x: int
    y: Any


class Colour(str, enum.Enum):  # noqa: UP042 - cells write it so, and its str() is not its text
    RED = "red"


class Level(enum.Enum):
    HIGH = (3, 4)


class Bare:
    def __init__(self) -> None:
        self.total = 3


class Spoken(Bare):
    def __str__(self) -> str:
        return "three"


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        ((x for x in "ab"), ["a", "b"]),
        (map(str, range(3)), ["0", "1", "2"]),
        (filter(None, [0, 1]), [1]),
        (zip("ab", range(2), strict=True), [["a", 0], ["b", 1]]),
        (enumerate("a"), [[0, "a"]]),
        (iter({"k": 1}.items()), [["k", 1]]),
        (itertools.islice(itertools.count(), 2), [0, 1]),
        (reversed([1, 2]), [2, 1]),
        (io.StringIO("a\nb"), ["a\n", "b"]),
        (range(3), [0, 1, 2]),
        ({"a": 1}.keys(), ["a"]),
        ({"a": 1}.values(), [1]),
        ({"a": 1}.items(), [["a", 1]]),
        (deque([1, 2]), [1, 2]),
        (UserList([1]), [1]),
        (array.array("i", [1, 2]), [1, 2]),
        (memoryview(b"a"), [97]),
        (
            {"deep": (x for x in (y for y in range(2))), "lazy": map(len, ["ab"])},
            {"deep": [0, 1], "lazy": [2]},
        ),
        (Counter("aab"), {"a": 2, "b": 1}),
        (OrderedDict(a=1), {"a": 1}),
        (UserDict(a=1), {"a": 1}),
        (ChainMap({"a": 1}), {"a": 1}),
        (types.MappingProxyType({"a": 1}), {"a": 1}),
        (frozenset({2, 1}), [1, 2]),
        (Row("n", [Row("m")]), {"name": "n", "more": [{"name": "m", "more": None}]}),
        (Point(1, (2,)), {"x": 1, "y": [2]}),
        (types.SimpleNamespace(a=1), "namespace(a=1)"),
        (Colour.RED, "red"),
        ({Colour.RED: 1, None: 2, 3: 4, (1,): 5}, {"red": 1, "None": 2, "3": 4, "(1,)": 5}),
        (Level.HIGH, [3, 4]),
        (datetime.date(2024, 1, 2), "2024-01-02"),
        (datetime.datetime(2024, 1, 2, 3, 4, 5), "2024-01-02 03:04:05"),
        (decimal.Decimal("1.10"), "1.10"),
        (fractions.Fraction(1, 3), "1/3"),
        (1 + 2j, "(1+2j)"),
        (pathlib.PurePosixPath("a/b"), "a/b"),
        (UserString("text"), "text"),
        ("café".encode(), "café"),
        (b"\xff", "b'\\xff'"),
        (ValueError("the message"), "the message"),
        (KeyError(), "KeyError"),
        (re.search("a+", "caat"), "aa"),
        (Bare(), {"total": 3}),
        (Spoken(), "three"),
        (type("Text", (str,), {"__str__": lambda self: "other"})("same"), "same"),
    ],
)
def test_what_is_like_a_list_a_map_or_a_text_is_sent_as_that(value: object, sent: object) -> None:
    assert plain(value) == sent


def test_an_array_of_numbers_gives_its_items_and_one_of_them_is_a_number() -> None:
    class Array:
        def __init__(self, held: Any) -> None:
            self.held = held

        def __repr__(self) -> str:
            return "array"

        def tolist(self) -> Any:
            return self.held

    assert plain([Array([1, 2]), Array(5)]) == [[1, 2], 5]


@pytest.mark.parametrize(
    "value",
    [
        itertools.count(),
        (x for x in range(PARTS + 1)),
        [map(str, itertools.count())],
        itertools.repeat([1, 2]),
        range(1 << 40),
    ],
)
def test_what_has_too_many_items_is_refused_and_says_so(value: object) -> None:
    with pytest.raises(NotSent, match=r"more than 100,000 .* are too many for one value"):
        plain(value)


def test_a_value_that_grows_without_end_when_it_is_written_out_is_refused_at_once() -> None:
    wide: Any = "x"
    for _ in range(11):
        wide = [wide] * 10
    with pytest.raises(NotSent):
        plain(wide)


@pytest.mark.parametrize("value", [len, "".join, lambda: 1, plain])
def test_a_function_is_not_an_answer(value: Callable[..., object]) -> None:
    with pytest.raises(NotSent, match=f"the function {value.__name__} is not an answer. Call it"):
        plain([value])


async def test_what_must_be_awaited_is_named_and_can_be_awaited() -> None:
    async def ask() -> int:
        return 7

    async def many() -> AsyncIterator[int]:
        for number in range(2):
            yield number

    started = ask()
    assert is_awaited(started)
    with pytest.raises(NotSent, match=r"ask\(\) was not awaited"):
        plain({"a": started})
    assert (await awaited(started), await awaited(many())) == (7, [0, 1])
    assert not is_awaited([1])


async def test_an_endless_asynchronous_generator_is_refused() -> None:
    async def endless() -> AsyncIterator[int]:
        while True:
            yield 1

    with pytest.raises(NotSent):
        await awaited(endless())


def test_a_shown_value_is_what_python_shows_but_never_a_long_list() -> None:
    assert echo("a\nb", 10) == "a\nb"
    assert echo("x" * 100, 10) == "x" * 11
    assert echo([1, "a"], 10) == "[1, 'a']"
    assert echo([0] * 1_001, 10) == "list of 1,001; print a slice of it"
