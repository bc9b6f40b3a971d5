"""Calls of tools are asked for as soon as their arguments have arrived."""

from __future__ import annotations

from typing import Any

import pytest

from harlm.guest.scout.asking import ask
from harlm.guest.scout.pending import Pending, settled
from harlm.guest.scout.tasks import ScoutTask
from harlm.guest.scout.world import Lost
from tests.support.scout_blocks import Calls, arrive, llm_query, settle, task_over


def asked(name: str, values: list[Any], task: ScoutTask, **named: Any) -> Any:
    return ask(name, llm_query, values, named, task)


def prompts(calls: Calls) -> list[object]:
    return [asking.values[0] for asking in calls.asked]


def test_a_call_waits_for_its_prompt_and_names_the_calls_that_it_was_made_from() -> None:
    calls, prompt = Calls(), Pending(frozenset({8}))
    task = task_over(calls)
    task.sources = frozenset({3})
    reply = asked("llm_query", [prompt], task)
    assert calls.asked == []
    arrive(prompt, "late", task)
    assert prompts(calls) == ["late"]
    assert calls.asked[0].needs == {3, 8}
    arrive(calls.replies[0], "reply", task)
    assert settled(reply) == "reply"


def test_a_call_waits_for_pending_parts_inside_its_arguments() -> None:
    calls, part = Calls(), Pending()
    task = task_over(calls)
    asked("llm_query", [["known", part]], task, context={"k": part})
    arrive(part, "late", task)
    assert prompts(calls) == [["known", "late"]]
    assert calls.asked[0].named == {"context": {"k": "late"}}


def test_a_call_whose_prompt_failed_fails_too() -> None:
    calls, prompt = Calls(), Pending()
    task = task_over(calls)
    reply = asked("llm_query", [prompt], task)
    prompt.fail(KeyError("refused"), task.world.ready)
    settle(task)
    assert calls.asked == []
    assert isinstance(reply.error, KeyError)


def test_arguments_that_the_tool_does_not_accept_end_the_cell() -> None:
    class Strict(Calls):
        def ask(self, asking: Any) -> Pending:
            raise TypeError("llm_query needs a str prompt, not int")

    prompt = Pending()
    task = task_over(Strict())
    reply = asked("llm_query", [prompt], task)
    arrive(prompt, 7, task)
    assert isinstance(reply.error, TypeError)
    assert task.world.has_ended


def test_each_call_of_a_batch_is_asked_for_when_its_own_prompt_has_arrived() -> None:
    calls, late = Calls(), Pending()
    task = task_over(calls)
    replies = asked("llm_query_batched", [["a", late, "c"]], task, model="m")
    assert prompts(calls) == ["a", "c"]
    arrive(late, "b", task)
    assert prompts(calls) == ["a", "c", "b"]
    assert [asking.named for asking in calls.asked] == 3 * [{"model": "m"}]
    assert len(replies) == 3


def test_a_batch_of_unknown_length_waits_for_it() -> None:
    calls, late = Calls(), Pending()
    task = task_over(calls)
    replies = asked("llm_query_batched", [late], task)
    assert type(replies) is Pending
    arrive(late, ["a", "b"], task)
    assert prompts(calls) == ["a", "b"]
    assert len(settled(replies)) == 2


def test_the_contexts_of_children_go_with_their_prompts() -> None:
    calls = Calls()
    task = task_over(calls)
    task.world._tools = {"rlm_query": llm_query}
    asked("rlm_query_batched", [["a", "b"], [["x"], ["y"]], "m"], task, schema=int)
    assert [asking.values for asking in calls.asked] == [["a", ["x"]], ["b", ["y"]]]
    assert [asking.named for asking in calls.asked] == [{"model": "m", "schema": int}] * 2


def test_a_call_with_a_schema_is_not_text() -> None:
    late = Pending()
    task = task_over()
    assert asked("llm_query", [late], task).is_text
    assert asked("llm_query", [late], task, schema=None).is_text
    assert not asked("llm_query", [late], task, schema=int).is_text
    assert not asked("llm_query", [late, None, {"type": "integer"}], task).is_text
    assert not any(reply.is_text for reply in asked("llm_query_batched", [[late, late], None, int], task))


def test_contexts_that_are_unknown_or_do_not_fit_are_left_to_the_cell() -> None:
    task = task_over()
    task.world._tools = {"rlm_query": llm_query}
    for contexts in ([["x"]], Pending()):
        with pytest.raises(Lost, match="contexts do not fit"):
            asked("rlm_query_batched", [["a", "b"], contexts], task)
