"""The confidence of an answer: what is measured of every run, and where it is shown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harlm import events
from harlm.branching.signals import Report
from harlm.budget import Caps
from harlm.context import Cited, load
from harlm.engine import solve
from harlm.engine.judging import judged, signals_of
from harlm.engine.outcome import Outcome, outcome_of
from harlm.errors import CallLimit
from harlm.testing import EventLog, ScriptedModel
from harlm.types import Answer, Share, Signals, Task, Verdict
from tests.support.nodes import answer_of, node_with
from tests.support.scored_answers import calibrated

CONTEXT = {"a.txt": "The bridge opened in 1883."}
CITED = '1883 [a.txt "opened in 1883"] [a.txt "made up"]'
LOOK = "```repl\nprint(1)\n```"
FAIL = "```repl\nprint(nothing)\n```"
DONE = "```repl\nFINAL('1883')\n```"
TASK = Task(question="Which year did the bridge open?", context=load(CONTEXT), mode="direct")


def signals_in(log: EventLog) -> Signals:
    (event,) = log.of(events.Judged)
    return event.confidence.signals


async def test_an_answer_shows_its_quotes_its_form_and_how_it_was_reached() -> None:
    node, log = node_with(ScriptedModel([CITED]))
    answer = await solve(TASK, node)
    assert signals_in(log) == Signals(quotes=Share(1, 2), has_type=True, ran_clean=True, is_found=True)
    assert answer.confidence is None
    assert "no scored answers of scripted/model in mode direct" in answer.confidence_reasons[0]
    assert (log.of(events.Judged)[0].model, log.of(events.Judged)[0].mode) == ("scripted/model", "direct")


async def test_a_calibration_gives_the_answer_a_number() -> None:
    node, log = node_with(ScriptedModel([CITED]))
    node.run.calibrations = (calibrated(mode="repl"), calibrated())
    answer = await solve(TASK, node)
    assert answer.confidence is not None
    assert answer.confidence == calibrated().value(signals_in(log))
    assert "of answers like this were right" in answer.confidence_reasons[0]


@pytest.mark.parametrize(("turns", "is_clean"), [([LOOK, DONE], True), ([FAIL, LOOK, DONE], False)])
async def test_an_exception_in_a_cell_is_not_clean(turns: list[str], is_clean: bool) -> None:
    node, log = node_with(ScriptedModel(turns))
    await answer_of(node, "repl", CONTEXT)
    assert signals_in(log).ran_clean is is_clean


async def test_a_limit_is_not_clean_and_its_partial_answer_is_judged() -> None:
    node, log = node_with(ScriptedModel([]), caps=Caps(calls=0))
    with pytest.raises(CallLimit) as caught:
        await answer_of(node, "repl")
    assert isinstance(caught.value.partial, Answer)
    assert caught.value.partial.confidence_reasons
    assert signals_in(log).ran_clean is False


async def test_below_the_root_nothing_is_judged() -> None:
    node, log = node_with(ScriptedModel([CITED]))
    answer = await solve(TASK, node.child())
    assert (answer.confidence, answer.confidence_reasons) == (None, ())
    assert not log.of(events.Judged)


async def test_the_judgement_is_an_event_before_the_end_of_the_node() -> None:
    node, log = node_with(ScriptedModel([CITED]))
    await solve(TASK, node)
    assert [event.kind for event in log.events][-2:] == ["judged", "node_finished"]


def test_what_is_not_found_has_no_form() -> None:
    found = signals_of(TASK, outcome_of("NOT FOUND"), Cited("It is not in the text.", (), 0))
    assert (found.is_found, found.has_type, found.quotes) == (False, None, Share(0, 0))


def test_a_form_is_looked_for_in_values_too() -> None:
    asked = replace(TASK, question="How many bridges are there?")
    assert signals_of(asked, Outcome(text="3", data=3), Cited("3", (), 0)).has_type is True
    assert signals_of(asked, Outcome(text="[3]", data=[3]), Cited("[3]", (), 0)).has_type is False


def test_a_plan_is_answered_by_the_sub_model() -> None:
    node, log = node_with(ScriptedModel([]), ScriptedModel([], name="scripted/sub"))
    judged(TASK, node, "plan", Outcome(text="1883"), Cited("1883", (), 0))
    judged(TASK, node, "full", Outcome(text="1883"), Cited("1883", (), 0))
    assert [event.model for event in log.of(events.Judged)] == ["scripted/sub", "scripted/model"]


def test_cells_can_report_but_not_accept() -> None:
    node, _ = node_with(ScriptedModel([]))
    accept, reject = (Report("acceptor", Verdict("test", accepted)) for accepted in (True, False))
    outcome, cited = Outcome(text="1883"), Cited("1883", (), 0)
    agreed = Report("agreement", Share(2, 2))
    assert judged(TASK, node, "full", outcome, cited, [agreed]).signals.agreement == Share(2, 2)
    assert judged(TASK, node, "full", outcome, cited, [accept]).value is None
    assert judged(TASK, node, "full", outcome, cited, [reject]).value == 0
