"""An answer is put into the form of the schema, or the run ends with the best attempt."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from harlm import events
from harlm.budget import Caps
from harlm.context import load
from harlm.engine import prompts
from harlm.engine.outcome import Outcome
from harlm.engine.typed_answers import Fitting, direct_rules, fits, in_form, repl_rules, schema_text
from harlm.errors import CallLimit, LimitExceeded, ModelUnavailable, SchemaMismatch
from harlm.typed import schema_of
from harlm.types import Task
from tests.support.completions import SayingModel
from tests.support.nodes import node_with

PERSON = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
LIST = {"type": "array", "items": {"type": "integer"}}


def task(json_schema: Any = PERSON) -> Task:
    return Task(question="Who?", context=load("a text"), schema=schema_of(json_schema))


async def formed(
    outcome: Outcome, *replies: Any, json_schema: Any = PERSON, caps: Caps | None = None
) -> tuple[Outcome, SayingModel, list[str]]:
    """The outcome, the model that was asked, and the notes."""
    model = SayingModel(replies)
    node, log = node_with(model, caps=caps)
    made = await in_form(outcome, task(json_schema), node)
    return made, model, [each.message for each in log.of(events.Noted)]


@pytest.mark.parametrize(
    ("outcome", "json_schema", "data", "text"),
    [
        (Outcome(text="?", data={"name": "Ada"}), PERSON, {"name": "Ada"}, '{\n  "name": "Ada"\n}'),
        (Outcome(text='```json\n{"name": "Ada"}\n```'), PERSON, {"name": "Ada"}, '{\n  "name": "Ada"\n}'),
        (Outcome(text='{"value": [1]}'), LIST, [1], "[\n  1\n]"),
        (Outcome(text="plain words"), {"type": "string"}, "plain words", "plain words"),
        (Outcome(text="null"), {"type": "null"}, None, "null"),
    ],
)
async def test_a_value_that_follows_asks_nothing(
    outcome: Outcome, json_schema: Any, data: object, text: str
) -> None:
    made, model, _ = await formed(outcome, json_schema=json_schema)
    assert (made.data, made.text, made.status) == (data, text, "ok")
    assert model.asked == []


async def test_a_finished_answer_is_put_into_the_form_by_one_call() -> None:
    made, model, _ = await formed(Outcome(text="It is Ada."), '{"name": "Ada"}')
    assert (made.data, made.status, made.ended_by) == ({"name": "Ada"}, "ok", None)
    ((message,),) = model.asked
    assert "<question>\nWho?\n</question>" in message.content
    assert "It is Ada." in message.content
    assert schema_text(PERSON) in message.content
    assert "the reply holds no JSON value" in message.content
    assert model.sampled[0].schema == PERSON


async def test_an_answer_that_never_follows_is_a_mismatch_with_the_last_attempt() -> None:
    made, _, _ = await formed(Outcome(text="It is Ada."), '{"name": 7}')
    assert isinstance(made.ended_by, SchemaMismatch)
    assert (made.data, made.status) == ({"name": 7}, "partial")
    assert made.ended_by.faults == "at `name`: 7 is not of type string"
    assert "`partial` of this error holds the best attempt" in str(made.ended_by)


@pytest.mark.parametrize("reply", ["I can't.", ModelUnavailable("away", model="m")])
async def test_if_the_call_brings_no_value_the_first_attempt_is_the_best(reply: Any) -> None:
    made, _, notes = await formed(Outcome(text="x", data={"name": 7}), reply)
    assert isinstance(made.ended_by, SchemaMismatch)
    assert made.data == {"name": 7}
    assert [note for note in notes if "keeps the form that it has" in note] == notes
    assert bool(notes) == isinstance(reply, Exception)


async def test_of_an_answer_in_words_the_words_stay() -> None:
    made, _, _ = await formed(Outcome(text="It is Ada."), "Ada, as I said.")
    assert (made.data, made.text) == (None, "It is Ada.")
    assert isinstance(made.ended_by, SchemaMismatch)


async def test_a_budget_that_does_not_cover_the_call_ends_the_run() -> None:
    made, model, _ = await formed(Outcome(text="It is Ada."), "{}", caps=Caps(calls=0))
    assert isinstance(made.ended_by, LimitExceeded)
    assert (made.data, made.text, made.status) == (None, "It is Ada.", "partial")
    assert model.asked == []


async def test_what_found_nothing_or_was_ended_is_not_asked_again() -> None:
    nothing = Outcome(text="no name is given", status="not_found")
    assert (await formed(nothing))[0] == nothing
    ended = Outcome(
        text="so far",
        data={"x": 1},
        status="partial",
        ended_by=CallLimit("spent", limit="calls", used=1, allowed=1),
    )
    assert (await formed(ended))[0] == replace(ended, data=None)
    right = replace(ended, data={"name": "Ada"})
    assert (await formed(right))[0].data == {"name": "Ada"}


async def test_a_task_without_a_schema_keeps_its_answer() -> None:
    node, _ = node_with(SayingModel([]))
    outcome = Outcome(text="words", data={"any": 1})
    assert await in_form(outcome, replace(task(), schema=None), node) == outcome


def test_a_value_that_does_not_follow_is_refused_three_times() -> None:
    fitting = Fitting(schema_of(PERSON))
    for _ in range(3):
        said = fitting.reason_against({"name": 7}, is_last_turn=False)
        assert said == prompts.NOT_OF_TYPE.format(faults="at `name`: 7 is not of type string")
        fitting.refuse()
    assert fitting.reason_against({"name": 7}, is_last_turn=False) == ""


def test_what_is_accepted_as_a_finish() -> None:
    fitting = Fitting(schema_of(PERSON))
    for value in ({"name": "Ada"}, '{"name": "Ada"}', "NOT FOUND: no name is given"):
        assert fitting.reason_against(value, is_last_turn=False) == ""
    assert fitting.reason_against("Ada", is_last_turn=False) != ""
    assert fitting.reason_against("Ada", is_last_turn=True) == ""
    assert Fitting(None).reason_against("Ada", is_last_turn=False) == ""


def test_a_value_fits_as_it_is_or_not() -> None:
    assert fits({"name": "Ada"}, schema_of(PERSON))
    assert not fits('{"name": "Ada"}', schema_of(PERSON))


def test_the_rules_show_the_schema_to_a_root_and_the_form_to_one_call() -> None:
    schema = schema_of(LIST)
    assert json.dumps(LIST, separators=(",", ":")) in repl_rules(schema)
    assert 'FINAL({"name": …})' in repl_rules(schema)
    assert '"required":["value"]' in direct_rules(schema)
    for rules in (repl_rules(schema), direct_rules(schema)):
        assert "NOT FOUND" in rules
        assert "Citations stand inside" in rules
