"""The calls of cells whose values follow a schema."""

from __future__ import annotations

import pytest

from harlm.budget import Caps
from harlm.errors import CallLimit, CodeError, LimitExceeded, ModelError, ModelUnavailable, SchemaMismatch
from harlm.guest.arguments import child_context
from harlm.journal import InMemoryCalls, Reuse
from harlm.testing import ScriptedModel
from harlm.types import Answer
from tests.support.nodes import node_with
from tests.unit.engine.test_queries import Child, queries_on

YEAR = '{"type": "integer"}'


async def test_a_call_with_a_schema_returns_a_value_and_asks_once_more_if_it_is_wrong() -> None:
    model = ScriptedModel(["in 1883", '{"value": 1883}'])
    queries, node, _ = queries_on(node_with(model)[0])
    assert await queries.answer("llm_query", {"prompt": "when?", "schema": YEAR}) == 1883
    assert [len(each) for each in model.asked] == [1, 3]
    assert node.account.usage.calls == 2


async def test_a_schema_that_cannot_be_used_asks_nothing() -> None:
    queries, _, child = queries_on(node_with(ScriptedModel([]))[0])
    for function in ("llm_query", "rlm_query"):
        with pytest.raises(
            CodeError, match=f"{function}: the schema cannot be used: .*'text' does not exist"
        ):
            await queries.answer(function, {"prompt": "when?", "schema": '{"type": "text"}'})
    assert child.tasks == []


async def test_a_second_call_that_the_budget_refuses_is_one_that_was_not_made() -> None:
    node, _ = node_with(ScriptedModel(["in 1883"]), caps=Caps(calls=1))
    queries, _, _ = queries_on(node)
    with pytest.raises(CodeError, match="llm_query was not made: 1 calls of 1 calls"):
        await queries.answer("llm_query", {"prompt": "when?", "schema": YEAR})


async def test_calls_that_differ_in_their_schema_are_not_samples_of_one_another() -> None:
    model = ScriptedModel(lambda messages: "1883")
    queries, node, _ = queries_on(node_with(model)[0])
    node.run.reuse, node.run.identity_of = Reuse(InMemoryCalls()), lambda each: each.name
    assert await queries.answer("llm_query", {"prompt": "when?"}) == "1883"
    assert await queries.answer("llm_query", {"prompt": "when?", "schema": YEAR}) == 1883
    assert await queries.answer("llm_query", {"prompt": "when?", "schema": '{"type": "string"}'}) == "1883"
    queries.begin_cell()
    assert await queries.answer("llm_query", {"prompt": "when?", "schema": YEAR}) == 1883
    assert len(model.asked) == 3


async def test_a_child_gets_the_schema_and_its_value_is_returned() -> None:
    queries, node, child = queries_on(child=Child(Answer(text="[\n  1883\n]", data=[1883])))
    assert await queries.answer("rlm_query", {"prompt": "when?", "schema": '{"type": "array"}'}) == [1883]
    (task,) = child.tasks
    assert task.schema is not None
    assert task.schema.json_schema == {"type": "array"}
    assert [each.text for each in await node.run.memory.search("1883", 3)] == ["[\n  1883\n]"]


async def test_a_child_that_found_nothing_has_no_value() -> None:
    queries, _, _ = queries_on(child=Child(Answer(text="no date", status="not_found")))
    assert await queries.answer("rlm_query", {"prompt": "when?", "schema": YEAR}) is None


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (SchemaMismatch("no", faults="at `a`: wrong"), "the child's answer does not follow the schema: at `a`: wrong"),
        (CallLimit("spent", limit="calls", used=1, allowed=1), "rlm_query was not made: spent"),
        (ModelUnavailable("it is away", model="m"), "rlm_query failed: it is away"),
    ],
)  # fmt: skip
async def test_a_child_without_a_value_is_an_exception_though_it_found_something(
    failure: LimitExceeded | ModelError | SchemaMismatch, said: str
) -> None:
    failure.partial = Answer(text="half of it", status="partial")
    queries, _, _ = queries_on(child=Child(failure))
    with pytest.raises(CodeError, match=said):
        await queries.answer("rlm_query", {"prompt": "when?", "schema": YEAR})


async def test_below_the_deepest_level_a_child_with_a_schema_is_a_plain_call_with_one() -> None:
    node, _ = node_with(ScriptedModel(['{"value": 1883}']), max_depth=0)
    queries, _, child = queries_on(node)
    arguments = {"prompt": "when?", "schema": YEAR, "context": child_context("documents", [0])}
    assert await queries.answer("rlm_query", arguments) == 1883
    assert child.tasks == []
