"""The limits of arguments: their checks, the form of a child's context, and every function with odd values."""

from __future__ import annotations

import itertools
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.errors import CodeError
from harlm.guest import arguments as limits
from harlm.guest.combinators.leaf import LeafFailed
from harlm.guest.vocabulary import GIVEN, INNER, MEMORY_FUNCTIONS
from harlm.guest.worker.context import Library
from harlm.guest.worker.functions import HostFunctions
from harlm.guest.worker.memory import CellMemory
from harlm.guest.worker.msgpack import pack
from harlm.sandbox.monty.functions import HostFunctions as MontyFunctions
from harlm.sandbox.process import frames
from harlm.types import Context, Document
from tests.support.rows import every_row, every_row_in_turn


class Odd(str):
    """A ``str`` that says nothing true about itself."""

    def __str__(self) -> str:
        return "another"

    def __len__(self) -> int:
        return 1

    def strip(self, *_: Any) -> str:
        return "x"

    def encode(self, *_: Any) -> bytes:
        return b"\xff"


def nested(levels: int) -> object:
    value: object = 0
    for _ in range(levels):
        value = [value]
    return value


def lazily() -> Iterator[str]:
    yield "a"


ODD: dict[str, Callable[[], Any]] = {
    "None": lambda: None, "True": lambda: True, "0": lambda: 0, "-1": lambda: -1, "2**31": lambda: 1 << 31,
    "2**63": lambda: 1 << 63, "2**64": lambda: 1 << 64, "-2**70": lambda: -(1 << 70), "10**5000": lambda: 10**5000,
    "1.5": lambda: 1.5, "nan": lambda: float("nan"), "inf": lambda: float("inf"), "complex": lambda: 1j,
    "bytes": lambda: b"x", "bytearray": lambda: bytearray(b"x"), "empty": lambda: "", "blank": lambda: " \n",
    "surrogate": lambda: "\ud800", "NUL": lambda: "\0", "Odd": lambda: Odd("question"), "long": lambda: "x" * 17_000_000,
    "list": list, "nested": lambda: nested(40), "many": lambda: ["x"] * 100_001, "mixed": lambda: ["x", b"x", 1],
    "set": lambda: {1, 2}, "dict": lambda: {1: 2}, "generator": lazily, "endless": lambda: itertools.repeat("x"),
    "range": lambda: range(10**9), "type": lambda: int, "function": lambda: len, "object": object,
}  # fmt: skip
"""Values that a cell may give by mistake or on purpose, each made when it is used."""

HONEST: dict[str, tuple[Any, ...]] = {
    "llm_query": ("a prompt", None),
    "llm_query_batched": (["a"], None),
    "rlm_query": ("a prompt", ["a text"], None),
    "rlm_query_batched": (["a"], [["a text"]], None),
    "memory_search": ("a query", 3, 50),
    "memory_expand": ("m123", "a question", 50),
    "memory_note": ("a note",),
    "search": ("a question", 3),
    "read": ("a:p1", 3),
    "split": ("one\ntwo\nthree", "line", 3),
    "label": (["one", "two"], ["a", "b"], "an instruction"),
    "pairs": ([1, 2], len),
    "search_then_read": ("When does it end?", 3, None),
    "follow": ("Who is the heir of the mayor of Oslo?", 2),
    "extract": (["Ann is 5"], ["name", "age"], "an instruction"),
    "filter_by": (["red wine", "milk"], "it is red"),
    "best_match": (["red wine", "milk"], ["it is red", "it is sold"]),
    "compare": (["It costs $5.", "It costs $6."], "What does it cost?"),
    "map_reduce": (["one", "two"], "Say it in French.", "Join them."),
    "tree_reduce": (["one", "two"], "Join them."),
}
"""Arguments that each function takes."""

ROOM = {"tokens": 1_000, "is_small": False, "has_stronger": False, "second_looks": 0.3, "calls_left": None}
FOUND = {"handle": "m1", "title": "t", "text": "x", "tokens": 1, "cut": False}
REPLIES: dict[str, Any] = {
    "search": {"hits": [], "weights": {}}, "memory_search": [], "memory_expand": FOUND, "extent": (0, 1), "places": [("1", 1)],
    "room": ROOM, "leaf": {"text": "1: a", "tokens": [], "failure": ""}, "signal": None,
}  # fmt: skip
PLACES = [
    pytest.param(name, at, id=f"{name}-{at}") for name, values in HONEST.items() for at in range(len(values))
]
"""Every argument of every function."""


def sent(function: str, arguments: Mapping[str, Any]) -> Any:
    """Take a call as a host does: pack it, check the frame, and reply."""
    call = {"op": "call", "id": 1, "function": function, "arguments": dict(arguments)}
    frame = frames.decode(pack(call))
    assert isinstance(frame, frames.CallFrame)
    return REPLIES.get(function, "reply")


def worker_functions() -> dict[str, Callable[..., Any]]:
    """The functions of a worker, over ``sent``."""
    library = Library(sent)
    library.add("a", False, "one text")
    memory = CellMemory(sent)

    def many(name: str, calls: list[dict[str, Any]]) -> list[Any]:
        return [sent(name, each) for each in calls]

    made = HostFunctions(sent, many, library.documents).named(list(GIVEN))
    return {
        **made,
        "memory_search": memory.search, "memory_expand": memory.expand, "memory_note": memory.note,
        "search": library.documents[0].search, "read": library.documents.read,
    }  # fmt: skip


def test_every_function_of_a_cell_is_tried() -> None:
    assert set(HONEST) >= {*GIVEN} - {"budget", *INNER}
    assert {name for name in HONEST if name.startswith("memory")} == set(MEMORY_FUNCTIONS)


@pytest.mark.parametrize(("name", "at"), PLACES)
def test_an_odd_value_is_taken_or_an_error_in_the_cell(name: str, at: int) -> None:
    def check(odd: str) -> None:
        values = list(HONEST[name])
        values[at] = ODD[odd]()
        said = ""
        try:
            worker_functions()[name](*values)
        except (TypeError, ValueError, KeyError, LeafFailed) as error:
            said = str(error)
        assert len(said) < 1_000

    every_row(check, ODD)


class Host:
    async def call(self, function: str, arguments: Mapping[str, Any]) -> Any:
        return sent(function, arguments)


@pytest.mark.parametrize(("name", "at"), PLACES)
async def test_an_odd_value_is_an_error_in_monty_too(name: str, at: int) -> None:
    if name == "read":
        pytest.skip("Monty's contexts have no methods")

    async def check(odd: str) -> None:
        values = list(HONEST[name])
        values[at] = ODD[odd]()
        functions = MontyFunctions(Host(), Context(documents=(Document(name="a", text="one text"),)), str)
        said = ""
        try:
            await functions.answer(name, values, {})
        except (CodeError, TypeError, ValueError) as error:
            said = str(error)
        assert len(said) < 1_000

    await every_row_in_turn(check, ODD)


@pytest.mark.parametrize(
    ("name", "values", "said"),
    [
        ("llm_query", ("x" * 16_000_001,), "16,000,001 characters; at most 16,000,000"),
        ("llm_query", ("x", "m" * 201), "model has 201 characters; at most 200"),
        ("llm_query_batched", (["x"] * 100_001,), "more than 100,000 prompts"),
        ("llm_query_batched", (["x" * 15_000_000] * 18,), "270,000,000 characters; at most 256,000,000"),
        ("rlm_query", ("x", ["y"] * 40_001), "more than 40,000 new texts"),
        ("memory_search", ("x" * 10_001,), "10,001 characters; at most 10,000"),
        ("memory_search", ("x", 51), "from 0 to 50, not 51"),
        ("memory_search", ("x", 10**4400), "not an int of 14,617 bits"),
        ("memory_expand", ("m", "x" * 10_001), "10,001 characters; at most 10,000"),
        ("memory_expand", ("m" * 201,), "201 characters; at most 200"),
        ("memory_note", ("x" * 20_001,), "20,001 characters; at most 20,000"),
        ("search", ("x" * 10_001,), "10,001 characters; at most 10,000"),
        ("search", ("x", 1_001), "from 0 to 1,000, not 1,001"),
        ("read", ("a:" + "x" * 201,), "201 characters; at most 200"),
    ],
)
async def test_a_breach_names_the_limit_and_says_what_to_do(
    name: str, values: tuple[Any, ...], said: str
) -> None:
    with pytest.raises(ValueError, match=said) as worker:
        worker_functions()[name](*values)
    assert str(worker.value).endswith(tuple(limit.instead for limit in limits.LIMITS))
    if name != "read":
        functions = MontyFunctions(Host(), Context.of_text("x"), str)
        with pytest.raises(ValueError, match=said):
            await functions.answer(name, values, {})


def test_a_str_of_another_class_is_sent_as_its_characters() -> None:
    asked: list[Any] = []
    made = HostFunctions(lambda _, given: asked.append(given), lambda *_: []).named(["llm_query"])
    made["llm_query"](Odd("question"))
    assert asked == [{"prompt": "question", "model": None}]
    assert type(asked[0]["prompt"]) is str


def test_documents_of_the_context_have_no_limit_as_a_childs_context() -> None:
    sent_context = limits.child_context("documents", range(350_000))
    assert sent_context == {"shape": "documents", "texts": [{"documents": "0-349999"}], "names": []}
    with pytest.raises(ValueError, match="1,000,001 documents of your own"):
        limits.child_context("documents", range(1_000_001))


def test_a_context_of_the_most_new_texts_fits_into_a_frame() -> None:
    given: list[limits.Given] = [("x", "name")] * limits.TEXTS.most
    sent("rlm_query", {"prompt": "p", "context": limits.child_context("documents", given), "model": None})


@given(st.lists(st.integers(0, 50), min_size=1))
def test_numbers_survive_their_text(numbers: list[int]) -> None:
    assert limits.numbers_of(limits.numbers_in_words(numbers), 51) == numbers


@given(st.text("0123456789-, ", max_size=20))
def test_any_other_text_is_refused_or_read_within_its_bounds(words: str) -> None:
    try:
        numbers = limits.numbers_of(words, 100)
    except ValueError:
        return
    assert all(0 <= each < 100 for each in numbers)


def test_a_hostile_text_of_numbers_is_refused_within_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "DOCUMENTS", limits.DOCUMENTS._replace(most=20_000))  # tracing memory is slow
    words = "0," * 2_000_000
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="20,001 documents"):
            limits.numbers_of(words, 1)
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


def test_endless_iterators_are_taken_up_to_the_limit() -> None:
    with pytest.raises(ValueError, match="more than 100,000 prompts"):
        limits.some(itertools.count(), "the batch", limits.PROMPTS)


def test_the_page_of_the_engine_lists_all_limits() -> None:
    page = (Path(__file__).parents[3] / "docs" / "design" / "engine.md").read_text(encoding="utf-8")
    for limit in limits.LIMITS:
        unit = f" {limit.unit}" if limit.unit else ""
        assert f"| {limit.what} | {limit.most:,}{unit} |" in page
