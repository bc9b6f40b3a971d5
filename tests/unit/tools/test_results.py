from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
from collections.abc import AsyncIterator, Iterator
from typing import Any

import msgspec
import pytest

from harlm.errors import CodeError
from harlm.guest.arguments import PARTS
from harlm.tools.results import LARGEST, as_data, drawn


class Colour(enum.Enum):
    RED = "red"


@dataclasses.dataclass
class City:
    name: str
    people: int


class Model:
    """As pydantic's models are."""

    def model_dump(self, mode: str) -> dict[str, Any]:
        return {"mode": mode}


class Array:
    """As numpy's arrays are."""

    def tolist(self) -> list[int]:
        return [1, 2]


class Broken:
    def model_dump(self, mode: str) -> dict[str, Any]:
        raise RuntimeError("no")


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise ValueError


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "data"),
    [
        (None, None),
        (True, True),
        (7, 7),
        (2.5, 2.5),
        ("text", "text"),
        ([1, {2}], [1, [2]]),
        ({1: "a"}, {"1": "a"}),
        (City("Rome", 3), {"name": "Rome", "people": 3}),
        ([Colour.RED], ["red"]),
        (datetime.date(2026, 1, 2), "2026-01-02"),
        (decimal.Decimal("1.5"), "1.5"),
        (Model(), {"mode": "json"}),
        ([Model()], [{"mode": "json"}]),
        (Array(), [1, 2]),
        (iter([1, 2]), [1, 2]),
        ({"rows": iter([1])}, {"rows": [1]}),
        (b"ab", "YWI="),
        ("half \ud800", "half \ufffd"),
        ({"half \ud800": ["\udfff", 1]}, {"half \ufffd": ["\ufffd", 1]}),
    ],
)
def test_a_value_is_data_that_a_frame_can_hold(value: object, data: object) -> None:
    assert as_data(value, "f") == data
    msgspec.msgpack.encode(as_data(data, "f"))


def test_a_long_text_is_cut_and_says_so() -> None:
    text = as_data("x" * (LARGEST + 1), "f")
    assert isinstance(text, str)
    assert text.endswith(f"[cut: {LARGEST:,} of {LARGEST + 1:,} characters]")
    assert as_data("x" * LARGEST, "f") == "x" * LARGEST


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (object(), "a value of type object in it has no json"),
        (2**64, "serialize ints"),
        ([2**70], "serialize ints"),
        (nested(40), "nested deeper than 32 levels"),
        ([object()], "a value of type object in it has no json"),
        (Broken(), "no"),
        (["x" * LARGEST], "bytes in 2 parts"),
        ([0] * (PARTS + 1), f"{PARTS + 2:,} parts"),
    ],
)
def test_what_is_no_data_or_too_large_is_an_error_in_the_cell(value: object, words: str) -> None:
    with pytest.raises(CodeError, match=r"^f returned") as raised:
        as_data(value, "f")
    assert words in str(raised.value).lower()


def test_a_list_that_holds_itself_is_an_error() -> None:
    circle: list[Any] = []
    circle.append(circle)
    with pytest.raises(CodeError, match="not JSON-like"):
        as_data(circle, "f")


def test_an_iterator_without_an_end_is_an_error_and_not_a_wait() -> None:
    def numbers() -> Iterator[int]:
        number = 0
        while True:
            yield number
            number += 1

    with pytest.raises(CodeError, match="parts are taken"):
        as_data(numbers(), "f")


async def test_an_asynchronous_iterator_is_drawn_and_other_values_are_left_as_they_are() -> None:
    async def some() -> AsyncIterator[int]:
        yield 1
        yield 2

    async def endless() -> AsyncIterator[int]:
        while True:
            yield 0

    assert await drawn(some()) == [1, 2]
    assert await drawn("x") == "x"
    everything = await drawn(endless())
    assert isinstance(everything, list)
    assert len(everything) == PARTS + 1


def test_an_error_that_has_no_words_is_named() -> None:
    class Odd:
        def model_dump(self, mode: str) -> object:
            raise Unspeakable

    with pytest.raises(CodeError, match="Unspeakable"):
        as_data(Odd(), "f")
