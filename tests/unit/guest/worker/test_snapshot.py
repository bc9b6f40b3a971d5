"""Copies of a cell's variables, for a scout in another process."""

from __future__ import annotations

import json
import os.path
import random
import sys
from collections import Counter, OrderedDict, defaultdict, deque
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.guest.scout.pending import Pending
from harlm.guest.worker import snapshot
from harlm.guest.worker.snapshot import Rest, pack, unpack

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(max_size=4), inner, max_size=4)
        | st.lists(inner, max_size=4).map(deque)
    ),
    max_leaves=12,
)


def copied(
    names: dict[str, Any], cells: dict[str, str] | None = None, own: dict[str, Any] | None = None
) -> dict[str, Any]:
    """The variables that arrive in another process, which has ``own`` already."""
    data = pack(Rest(names, cells or {}, "<cell 2>", "x = 1", 0))
    assert data is not None
    arrived: dict[str, Any] = own or {}
    unpack(data, arrived)
    return arrived


@given(st.dictionaries(st.sampled_from("abcd"), VALUES))
def test_plain_values_arrive_equal_and_apart(names: dict[str, Any]) -> None:
    assert copied(names) == names


@pytest.mark.parametrize(
    "value",
    [Counter("aab"), OrderedDict(b=1, a=2), defaultdict(list, a=[1]), {1, 2}, frozenset({3}), complex(1, 2)],
)
def test_the_containers_of_the_standard_library_keep_their_type(value: object) -> None:
    arrived = copied({"a": value})["a"]
    assert arrived == value
    assert type(arrived) is type(value)


def test_imports_and_functions_of_the_standard_library_are_imported_again() -> None:
    arrived = copied({"j": json, "join": os.path.join, "C": Counter, "size": len})
    assert (arrived["j"], arrived["join"], arrived["C"], arrived["size"]) == (
        json,
        os.path.join,
        Counter,
        len,
    )


def test_functions_of_cells_are_defined_again_from_their_text() -> None:
    text = "def double(x, factor=2):\n    return x * factor\n\ndef other(): return double(4)\n"
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(text, "<cell 1>", "exec"), names)
    arrived = copied({name: names[name] for name in ("double", "other")}, {"<cell 1>": text})
    assert arrived["double"](3) == 6
    assert arrived["other"]() == 8


class Odd:
    def __eq__(self, other: object) -> bool:
        raise AssertionError("no code of the cell may run")

    def __len__(self) -> int:
        raise AssertionError("no code of the cell may run")

    __hash__ = None  # type: ignore[assignment] # it is copied only


def endless() -> list[Any]:
    circle: list[Any] = []
    circle.append([object(), circle])
    return circle


@pytest.mark.parametrize(
    "value",
    [
        Odd(),
        [1, Odd()],
        {"a": (1, Odd())},
        lambda: 1,
        endless(),
        defaultdict(lambda: 1),
        "x" * (5 << 20),
        list(range(30_000)),
    ],
    ids=[
        "an object",
        "in a list",
        "in a tuple",
        "a lambda",
        "a circle",
        "a factory",
        "a long text",
        "a long list",
    ],
)
def test_what_cannot_be_copied_never_arrives(value: object) -> None:
    arrived = copied({"a": value, "b": 1})
    assert type(arrived["a"]) is Pending
    assert arrived["b"] == 1


def test_what_the_other_process_has_already_stays() -> None:
    own_search = object()
    assert copied({"context": Odd()}, own={"context": own_search})["context"] is own_search


def test_values_share_one_room_and_the_first_are_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "_MOST_OBJECTS", 30)
    arrived = copied({"a": [1] * 10, "b": [2] * 10, "c": 3})
    assert (arrived["a"], type(arrived["b"]) is Pending, arrived["c"]) == ([1] * 10, True, 3)


def test_nothing_is_sent_if_even_the_cells_are_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "_MOST_BYTES", 1_000_000)
    assert pack(Rest({}, {"<cell 1>": "#" * 1_000_001}, "<cell 2>", "x", 0)) is None
    assert pack(Rest({}, {"<cell 1>": "#"}, "<cell 2>", "x", 0)) is not None


def test_a_value_nested_too_deep_sends_nothing() -> None:
    deep: list[Any] = []
    for _ in range(5_000):
        deep = [deep]
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(1_000)  # a scout in this process may have raised it
    try:
        assert pack(Rest({"a": deep}, {}, "<cell 2>", "x", 0)) is None
    finally:
        sys.setrecursionlimit(limit)


def test_the_state_of_random_and_the_place_in_the_cell_go_along() -> None:
    random.seed(5)
    data = pack(Rest({}, {"<cell 1>": "y = 1"}, "<cell 2>", "x = 1\nz = 2", 1))
    assert data is not None
    drawn = random.random()
    random.seed(6)
    rest = unpack(data, {})
    assert random.random() == drawn
    assert (rest.cells, rest.file, rest.code, rest.at) == (
        {"<cell 1>": "y = 1"},
        "<cell 2>",
        "x = 1\nz = 2",
        1,
    )
    tree = rest.tree()
    assert tree is not None
    assert len(tree.body) == 2
    assert rest._replace(code=None).tree() is None
