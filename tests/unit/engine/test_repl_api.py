from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from harlm.context import Searcher, load
from harlm.context.readers import read_document
from harlm.engine import solve
from harlm.engine.effects import Effects
from harlm.engine.queries import Queries
from harlm.engine.repl_api import ReplApi
from harlm.errors import CodeError
from harlm.guest.vocabulary import given_in
from harlm.testing import ScriptedModel
from harlm.tools import tool
from harlm.types import Context, Task
from tests.support import making
from tests.support.nodes import api_of, node_with

OPEN: list[Searcher] = []


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    while OPEN:
        OPEN.pop().close()


def api_over(context: Context, model: ScriptedModel | None = None) -> ReplApi:
    node, _ = node_with(model or ScriptedModel(lambda messages: "reply", window=2_000))
    OPEN.append(Searcher(context))
    return api_of(Task(question="?", context=context), node, OPEN[-1])


@pytest.mark.parametrize(
    ("function", "arguments", "said"),
    [
        ("llm_query", {}, "missing required field `prompt`"),
        ("llm_query", {"prompt": 3}, "Expected `str`"),
        ("llm_query", {"prompt": "x", "surprise": 1}, "unknown field"),
        ("llm_query", {"prompt": "x", "model": "gpt-99"}, "there is no model 'gpt-99'"),
        ("llm_query", {"prompt": "word " * 5_000}, "cut it into parts"),
        (
            "rlm_query",
            {"prompt": "x", "context": {"shape": "documents", "texts": []}},
            "an empty list as context",
        ),
        (
            "rlm_query",
            {"prompt": "x", "context": {"shape": "text", "texts": [{"documents": "7"}]}},
            "there is no document 7",
        ),
        ("search", {"query": "x", "k": 1, "document": -1}, "there is no document -1"),
        ("places", {"document": 9, "offsets": [1]}, "there is no document 9"),
        ("format_disk", {}, "there is no function 'format_disk'"),
        ("search", {"query": "x" * 10_001, "k": 1}, "length <= 10000"),
        ("search", {"query": "x", "k": 1_001}, "<= 1000"),
        ("search", {"query": "x", "k": 1, "document": 1 << 60}, "<= "),
        ("places", {"document": 0, "offsets": [0] * 1_001}, "length <= 1000"),
        ("extent", {"document": 0, "part": "x" * 201}, "length <= 200"),
        ("llm_query", {"prompt": "x" * 16_000_001}, "length <= 16000000"),
        ("llm_query", {"prompt": "x", "model": "m" * 201}, "length <= 200"),
    ],
)
async def test_a_call_that_cannot_be_served_is_an_exception_in_the_cell(
    function: str, arguments: dict[str, object], said: str
) -> None:
    with pytest.raises(CodeError) as caught:
        await api_over(load(["some text"])).call(function, arguments)
    assert said in str(caught.value)


async def test_search_gives_places_and_weights() -> None:
    pdf = read_document("r.pdf", making.pdf(["Nothing here.", "Retention is 90 days."])).documents[0]
    found = await api_over(Context(documents=(pdf,))).call("search", {"query": "retention", "k": 3})
    assert isinstance(found, dict)
    assert found["hits"][0]["place"] == "r.pdf:p2"
    assert found["hits"][0]["line"] is None
    assert found["weights"]


async def test_places_are_those_of_the_document() -> None:
    pdf = read_document("r.pdf", making.pdf(["One.", "Two."])).documents[0]
    assert await api_over(Context(documents=(pdf,))).call("places", {"document": 0, "offsets": [0, 6]}) == [
        ("p1", None),
        ("p2", None),
    ]


async def test_parts_are_found_by_the_names_that_hits_show() -> None:
    pdf = read_document("r.pdf", making.pdf(["One.", "Two.", "Three."])).documents[0]
    api = api_over(Context(documents=(pdf,)))

    async def part(name: str) -> str:
        found = await api.call("extent", {"document": 0, "part": name})
        assert isinstance(found, tuple)
        return pdf.text[slice(*found)].strip()

    assert await part("p2") == "Two."
    assert (await part("p1-2")).split() == ["One.", "Two."]
    for wrong in ("p9", "nothing", "p1-9"):
        with pytest.raises(CodeError, match="has no part"):
            await part(wrong)


async def test_budget_returns_what_is_left_of_each_limit() -> None:
    left = await api_over(load("x")).call("budget", {})
    assert isinstance(left, dict)
    assert left["turns_left"] == 20
    assert left["depth_left"] == 3
    assert left["usd_left"] is None


async def test_a_model_can_be_named() -> None:
    model = ScriptedModel(lambda messages: "reply", name="openai/small")
    assert await api_over(load("x"), model).call("llm_query", {"prompt": "x", "model": "small"}) == "reply"


def test_each_mode_offers_its_functions() -> None:
    assert given_in("repl") == ("budget", "memory_search", "memory_expand", "memory_note")
    assert "rlm_query_batched" in given_in("full")


async def double(x: int) -> int:
    return 2 * x


async def test_tools_wait_until_their_cell_counts_and_pure_ones_do_not() -> None:
    context = load("a text")
    node, _ = node_with(ScriptedModel([]), tools=[tool(double), tool(pure=True, name="pure")(double)])
    OPEN.append(Searcher(context))
    effects = Effects()
    task = Task(question="?", context=context)
    queries = Queries(task, node, solve=solve)
    api = ReplApi(task, node, queries=queries, searcher=OPEN[-1], effects=effects)
    effects.hold()
    assert await api.call("pure_tool", {"name": "pure", "arguments": {"x": 1}}) == 2
    waiting = asyncio.ensure_future(api.call("tool", {"name": "double", "arguments": {"x": 1}}))
    child = asyncio.ensure_future(api.call("rlm_query", {"prompt": "a child may call the tool"}))
    await asyncio.sleep(0.01)
    assert not waiting.done()
    assert not child.done()
    effects.drop()
    for each in (waiting, child):
        with pytest.raises(CodeError, match="the reply of this cell was made again"):
            await each
    assert await api.call("tool", {"name": "double", "arguments": {"x": 4}}) == 8
