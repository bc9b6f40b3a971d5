"""The functions with which cells search, expand and add to the memory."""

from __future__ import annotations

import msgspec
import pytest

from harlm.engine.memory_api import MemoryApi
from harlm.errors import CodeError
from harlm.memory import InMemoryStore, Memory
from harlm.testing import ScriptedModel
from harlm.tokens import estimate_tokens
from tests.support.nodes import node_with

LONG = "The lighthouse was lit in 1822. " + "The weather of that day was mild. " * 300


def api_on(memory: Memory) -> MemoryApi:
    node, _ = node_with(ScriptedModel([]))
    node.run.memory = memory
    return MemoryApi(node)


@pytest.fixture
def memory() -> Memory:
    return Memory(InMemoryStore(), run="R", hot_tokens=0)


async def test_search_returns_excerpts_that_say_whether_they_were_cut(memory: Memory) -> None:
    handle = memory.put(LONG, kind="answer", question="when was it lit?")
    memory.put("walnuts", kind="reply")
    found = await api_on(memory).serve("memory_search", {"query": "lighthouse lit", "k": 5})
    assert isinstance(found, list)
    (hit,) = found
    assert (hit["handle"], hit["cut"]) == (handle, True)
    assert hit["title"].startswith("answer of a child to: when was it lit?")
    assert "1822" in hit["text"]
    assert estimate_tokens(hit["text"]) <= 160
    assert hit["tokens"] == estimate_tokens(LONG)


@pytest.mark.parametrize(("k", "count"), [(0, 0), (2, 2), (50, 50)])
async def test_the_number_of_hits_is_bounded(memory: Memory, k: int, count: int) -> None:
    for number in range(60):
        memory.put(f"walnut number {number}", kind="reply")
    found = await api_on(memory).serve("memory_search", {"query": "walnut", "k": k})
    assert isinstance(found, list)
    assert len(found) == count


@pytest.mark.parametrize("most", [1, 30])
async def test_excerpts_keep_to_the_tokens_that_the_cell_chose(memory: Memory, most: int) -> None:
    memory.put(LONG, kind="answer")
    found = await api_on(memory).serve("memory_search", {"query": "lighthouse", "k": 1, "max_tokens": most})
    assert isinstance(found, list)
    assert estimate_tokens(found[0]["text"]) <= max(1, most)


async def test_an_entry_is_expanded_whole_or_for_a_question(memory: Memory) -> None:
    api = api_on(memory)
    handle = memory.put("x " * 3_000 + "The lighthouse was lit in 1822. " + "y " * 3_000, kind="answer")
    whole = await api.serve("memory_expand", {"handle": handle})
    assert isinstance(whole, dict)
    assert (whole["text"], whole["cut"]) == ((await memory.expand(handle)).text, False)
    part = await api.serve(
        "memory_expand", {"handle": handle, "question": "when was it lit?", "max_tokens": 60}
    )
    assert isinstance(part, dict)
    assert "1822" in part["text"]
    assert part["cut"]


async def test_a_note_stays_in_view_of_every_node(memory: Memory) -> None:
    handle = await api_on(memory).serve("memory_note", {"text": "the walrus is called Otto"})
    assert isinstance(handle, str)
    assert (await memory.expand(handle)).text == "the walrus is called Otto"
    memory.put("something else", kind="reply", node="0.1")
    assert "Otto" in memory.view("0.1", [], 300)


@pytest.mark.parametrize(
    ("function", "arguments", "message"),
    [
        ("memory_expand", {"handle": "m99"}, r"there is no handle 'm99'; memory.search\(query\) finds the 1"),
        ("memory_expand", {"handle": "x" * 200}, "there is no handle 'x{40}'; "),
        ("memory_note", {"text": " \n"}, "the note is empty; give memory.note the text to keep"),
        ("memory_wipe", {}, "there is no function 'memory_wipe'"),
    ],
)
async def test_a_call_that_cannot_be_served_says_what_to_do(
    memory: Memory, function: str, arguments: dict[str, object], message: str
) -> None:
    memory.put("an entry", kind="reply")
    with pytest.raises(CodeError, match=message):
        await api_on(memory).serve(function, arguments)


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        ("memory_search", {"query": "x"}),
        ("memory_search", {"query": "x", "k": "5"}),
        ("memory_expand", {"handle": 3}),
        ("memory_note", {"text": "x", "surprise": 1}),
        ("memory_note", {"text": "x" * 20_001}),
        ("memory_search", {"query": "x" * 10_001, "k": 1}),
        ("memory_search", {"query": "x", "k": -3}),
        ("memory_search", {"query": "x", "k": 51}),
        ("memory_search", {"query": "x", "k": 1, "max_tokens": 0}),
        ("memory_expand", {"handle": "x" * 201}),
        ("memory_expand", {"handle": "m1", "question": "x" * 10_001}),
    ],
)
async def test_arguments_are_checked(memory: Memory, function: str, arguments: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        await api_on(memory).serve(function, arguments)


async def test_an_original_that_is_gone_is_an_exception_in_the_cell() -> None:
    store = InMemoryStore()
    memory = Memory(store, run="R", hot_tokens=0)
    handle = memory.put("x", kind="reply")
    store.close()
    with pytest.raises(CodeError, match=f"{handle} cannot be read any more"):
        await api_on(memory).serve("memory_expand", {"handle": handle})
