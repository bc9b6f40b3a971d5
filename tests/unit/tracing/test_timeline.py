from __future__ import annotations

from harlm import HARLM, events
from harlm.testing import ScriptedModel
from harlm.tracing.report import report_of
from harlm.tracing.timeline import Timeline
from harlm.types import Usage
from tests.support.story import STORY


def started(number: int, ts: float, **more: object) -> events.CallStarted:
    return events.CallStarted(ts=ts, node="0", call=number, role="sub", model="a/b", messages=(), **more)  # type: ignore[arg-type]


def finished(number: int, ts: float) -> events.CallFinished:
    return events.CallFinished(
        ts=ts, node="0", call=number, text="", usage=Usage(), stop="end", latency_s=0.1
    )


def test_it_holds_when_each_call_was_in_flight() -> None:
    line = Timeline()
    for event in [STORY[0], started(1, 1.0, early=True), started(2, 1.5), finished(2, 2.0)]:
        line.emit(event)
    line.emit(events.CallFailed(ts=3.0, node="0", call=1, error="x"))
    line.emit(events.CallFailed(ts=3.0, node="0", call=9, error="not begun"))
    told = [(call.began_s, call.seconds, call.status, call.is_early) for call in line.calls]
    assert told == [(1.5, 0.5, "ok", False), (1.0, 2.0, "failed", True)]


def test_it_keeps_the_longest_calls() -> None:
    line = Timeline(most=2)
    line.emit(STORY[0])
    for number, seconds in enumerate((1.0, 5.0, 2.0, 3.0)):
        line.emit(started(number, 1.0))
        line.emit(finished(number, 1.0 + seconds))
    assert [call.seconds for call in line.calls] == [5.0, 3.0]


def test_every_kind_of_event_is_taken() -> None:
    line = Timeline()
    for event in STORY:
        line.emit(event)
    assert [(call.node, call.depth, call.status) for call in line.calls] == [
        ("0", 0, "ok"),
        ("0.0", 1, "failed"),
        ("0", 0, "reused"),
    ]


def test_an_answer_has_the_timeline_of_its_run_and_a_notebook_draws_it() -> None:
    answer = HARLM(model=ScriptedModel(["direct"])).ask("?", "text", mode="direct")
    (call,) = answer.timeline
    assert (call.role, call.node, call.status) == ("root", "0", "ok")
    assert 0 < call.seconds <= answer.latency.wall_s + 1
    assert "<svg" in answer._repr_html_()


def test_the_report_of_an_answer_has_no_timeline() -> None:
    answer = HARLM(model=ScriptedModel(["direct"])).ask("?", "text", mode="direct")
    assert "timeline" not in report_of(answer).__struct_fields__


def test_the_questions_of_a_session_have_their_own() -> None:
    client = HARLM(model=ScriptedModel(lambda messages: "```repl\nFINAL(1)\n```"), cache=False)
    with client.session("text") as session:
        first, second = session.ask("One?"), session.ask("Two?")
    assert first.timeline
    assert second.timeline
    assert second.timeline[0].began_s < 60
