"""Spans made of the events of real runs, and of events that a real run has seldom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from aiohttp import web
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from harlm import HARLM, events
from harlm.errors import LimitExceeded, ModelUnavailable
from harlm.redact import Redactor
from harlm.testing import Request, ScriptedModel, ScriptedServer
from harlm.tracing.otel import names
from harlm.tracing.otel.content import Content
from harlm.tracing.otel.names import KNOWN, NEWEST
from harlm.tracing.otel.spans import RunSpans
from harlm.types import Answer, Budget, Message, Usage
from tests.support.story import STORY

MAP = "```repl\nprint([llm_query(f'item {at}') for at in range(5)])\n```"
CHILD = "```repl\nprint(rlm_query('child', 'some text'))\n```"
SECRETS = ("item", "planted", "some text", "child")


class Made:
    """Makes spans, and keeps those that have ended."""

    def __init__(self, content: bool = False, convention: names.Convention = KNOWN) -> None:
        self._kept = InMemorySpanExporter()
        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(self._kept))
        self.tracer = provider.get_tracer("test")
        self.sink = RunSpans(self.tracer, convention, Content(Redactor([]), is_wanted=content))

    @property
    def spans(self) -> Sequence[ReadableSpan]:
        return self._kept.get_finished_spans()

    def named(self, beginning: str) -> list[ReadableSpan]:
        return [span for span in self.spans if span.name.startswith(beginning)]

    def parent_of(self, span: ReadableSpan) -> str:
        parents = [each for each in self.spans if span.parent and each.context.span_id == span.parent.span_id]
        return parents[0].name if parents else ""


def asked(made: Made, *replies: str | Exception, **settings: Any) -> Answer:
    def reply(messages: Sequence[Message]) -> str | Exception:
        last = messages[-1].content
        if last.startswith("item"):
            return "planted reply"
        if len(messages) > 1 and "child" in messages[1].content:
            return "```repl\nFINAL('found')\n```"
        turn = sum(each.role == "assistant" for each in messages)
        return replies[min(turn, len(replies) - 1)]

    client = HARLM(model=ScriptedModel(reply), cache=False, **settings)
    return client.ask("What is planted?", "planted text", mode="full", sinks=[made.sink])


def values(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


def test_a_run_is_one_trace_of_nodes_cells_and_calls() -> None:
    made = Made()
    answer = asked(made, MAP, "FINAL(done)")
    assert len({span.context.trace_id for span in made.spans}) == 1
    (root,) = made.named("invoke_workflow harlm")
    assert root.parent is None
    assert values(root)[names.SEMCONV] == "semantic-conventions 1.41.0"
    assert values(root)[names.RUN] == answer.run_id
    (node,) = made.named("invoke_agent harlm.root")
    assert made.parent_of(node) == "invoke_workflow harlm"
    cell = made.named("execute_tool python")[0]
    assert made.parent_of(cell) == "invoke_agent harlm.root"
    calls = made.named("chat model")
    assert {call.kind for call in calls} == {SpanKind.CLIENT}
    by_role = Counter(
        (values(call)[names.ROLE], made.parent_of(call)) for call in calls if not values(call)[names.EARLY]
    )
    assert by_role[("root", "invoke_agent harlm.root")] == 2
    assert set(by_role) <= {("root", "invoke_agent harlm.root"), ("sub", "execute_tool python")}


def test_tokens_of_all_spans_are_those_of_the_answer() -> None:
    made = Made()
    answer = asked(made, MAP, CHILD, "FINAL(done)")
    calls = [values(call) for call in made.named("chat")]
    assert sum(call[names.INPUT_TOKENS] for call in calls) == answer.usage.input_tokens
    assert sum(call[names.OUTPUT_TOKENS] for call in calls) == answer.usage.output_tokens
    assert len(calls) == answer.usage.calls
    (root,) = made.named("invoke_workflow")
    assert values(root)[names.RUN_INPUT] == answer.usage.input_tokens
    assert values(root)[names.RUN_CALLS] == answer.usage.calls
    assert values(root)[names.STATUS] == answer.status


def test_a_child_is_below_the_cell_that_asked_it() -> None:
    made = Made()
    asked(made, CHILD, "FINAL(done)")
    (child,) = made.named("invoke_agent harlm.child")
    assert values(child)[names.DEPTH] == 1
    assert made.parent_of(child) in ("execute_tool python", "invoke_agent harlm.root")


def test_the_caller_s_span_is_the_parent() -> None:
    made = Made()
    with made.tracer.start_as_current_span("request"):
        sink = RunSpans(made.tracer, KNOWN, Content(Redactor([])))
        HARLM(model=ScriptedModel(["direct"])).ask("?", "x", mode="direct", sinks=[sink])
    (root,) = made.named("invoke_workflow")
    assert made.parent_of(root) == "request"


def test_content_is_left_out_by_default() -> None:
    made = Made()
    asked(made, MAP, "```repl\nraise ValueError('planted')\n```", "FINAL(planted)")
    told = "".join(span.to_json() for span in made.spans)
    assert [word for word in SECRETS if word in told.replace("harlm.child", "")] == []
    assert not {name for span in made.spans for name in values(span)} & set(names.CONTENT)


def test_content_is_there_if_it_is_wanted() -> None:
    made = Made(content=True)
    asked(made, MAP, "FINAL(done)")
    (root,) = made.named("invoke_workflow")
    assert "What is planted?" in values(root)[names.INPUT_MESSAGES]
    assert "done" in values(root)[names.OUTPUT_MESSAGES]
    cell = made.named("execute_tool python")[0]
    assert "llm_query" in values(cell)[names.TOOL_ARGUMENTS]
    assert "planted reply" in values(cell)[names.TOOL_RESULT]
    assert any("item 1" in values(call)[names.INPUT_MESSAGES] for call in made.named("chat"))


def test_a_cell_that_raises_is_an_error_of_its_class() -> None:
    made = Made()
    asked(made, "```repl\nraise ValueError('planted')\n```", "FINAL(done)")
    cell = made.named("execute_tool python")[0]
    assert values(cell)[names.ERROR_TYPE] == "ValueError"
    assert cell.status.status_code is StatusCode.ERROR
    assert cell.status.description is None


def test_a_run_that_fails_is_an_error_and_all_its_spans_end() -> None:
    made = Made()
    with pytest.raises(ModelUnavailable):
        asked(made, ModelUnavailable("planted", model="m", status=503))
    (root,) = made.named("invoke_workflow")
    assert values(root)[names.ERROR_TYPE] == "ModelUnavailable"
    assert root.status.status_code is StatusCode.ERROR
    (call,) = made.named("chat")
    assert values(call)[names.ERROR_TYPE] == "503"
    assert call.status.status_code is StatusCode.ERROR


def test_a_retry_is_an_event_of_its_call() -> None:
    made = Made()

    def busy_once(request: Request) -> str | web.Response:
        return (
            "direct" if request.number else web.json_response({"error": {"message": "planted"}}, status=503)
        )

    with ScriptedServer(busy_once) as server:
        client = HARLM(model=f"openai/m@{server.base_url}", cache=False)
        client.ask("?", "x", mode="direct", sinks=[made.sink])
    (call,) = made.named("chat")
    (retried,) = call.events
    assert retried.name == names.RETRIED
    assert retried.attributes is not None
    assert retried.attributes[names.ATTEMPT] == 1
    assert "planted" not in str(retried.attributes)


def test_a_limit_is_an_event_of_its_node() -> None:
    made = Made()
    with pytest.raises(LimitExceeded):
        asked(made, MAP, MAP, MAP, budget=Budget(calls=3))
    told = [event.name for span in made.spans for event in span.events]
    assert names.LIMIT_REACHED in told


def test_searches_and_tools_are_spans_with_their_time() -> None:
    def rate(name: str) -> int:
        """A tool."""
        return 7

    made = Made()
    cell = "```repl\nprint(context.search('text', 3), rate('planted'))\n```"
    asked(made, cell, "FINAL(done)", tools=[rate])
    (search,) = made.named("retrieval")
    assert values(search)[names.HITS] == 1
    (tool,) = made.named("execute_tool rate")
    assert values(tool)[names.TOOL_TYPE] == "function"
    assert made.parent_of(search) == made.parent_of(tool) == "execute_tool python"
    assert (tool.end_time or 0) >= (tool.start_time or 0)


def happened(made: Made, *told: events.Event) -> None:
    """The events within a run, a node and a second."""
    made.sink.emit(
        events.RunStarted(
            ts=1.0,
            run="R",
            node="0",
            question="?",
            root_model="a/b",
            sub_model="a/b",
            documents=1,
            characters=1,
            tokens=1,
        )
    )
    made.sink.emit(
        events.NodeStarted(
            ts=1.0, run="R", node="0", depth=0, question="?", mode="full", documents=1, characters=1
        )
    )
    for event in told:
        made.sink.emit(event)
    made.sink.emit(events.NodeFinished(ts=2.0, node="0", status="ok", text="x"))
    made.sink.emit(events.Answered(ts=2.0, run="R", node="0", answer=Answer(text="x")))


def call(number: int, **more: Any) -> tuple[events.Event, events.Event]:
    return (
        events.CallStarted(ts=1.1, node="0", call=number, role="sub", model="openai/m", messages=(), **more),
        events.CallFinished(
            ts=1.2, node="0", call=number, text="", usage=Usage(calls=1), stop="end", latency_s=0.1
        ),
    )


CELL = (
    events.CellStarted(ts=1.3, node="0", turn=1, code="x"),
    events.CellFinished(ts=1.4, node="0", turn=1, output="", output_chars=0, error=None, finished=False, wall_s=0.1, waiting_s=0.0),
)  # fmt: skip


def test_a_cell_links_to_the_calls_that_were_made_for_it_before_it_began() -> None:
    made = Made()
    happened(made, *call(1, early=True), CELL[0], *call(2, early=True), *call(3), CELL[1])
    (cell,) = made.named("execute_tool")
    early = [span for span in made.named("chat") if values(span)[names.EARLY]]
    assert [made.parent_of(span) for span in early] == ["invoke_agent harlm.root"] * 2
    assert {link.context.span_id for link in cell.links} == {span.context.span_id for span in early}
    assert {str((link.attributes or {})[names.LINK]) for link in cell.links} == {"early_call"}
    (late,) = (span for span in made.named("chat") if not values(span)[names.EARLY])
    assert made.parent_of(late) == "execute_tool python"


def test_a_race_links_to_its_branches() -> None:
    made = Made()
    branch = events.NodeStarted(
        ts=1.1, node="0.0", parent="0", depth=0, question="?", mode="plan", documents=1, characters=1
    )
    raced = events.Raced(
        ts=1.5, node="0", winner="search", stopped_by="confidence", seconds=0.4,
        branches=(
            events.RacedBranch(strategy="search", node="0.0", status="won"),
            events.RacedBranch(strategy="map", node="", status="not started"),
        ),
    )  # fmt: skip
    happened(made, branch, events.NodeFinished(ts=1.2, node="0.0", parent="0", status="ok", text=""), raced)
    (race,) = made.named("harlm.race")
    (branched,) = made.named("invoke_agent harlm.branch")
    assert [link.context.span_id for link in race.links] == [branched.context.span_id]
    assert (race.start_time, race.end_time) == (1_100_000_000, 1_500_000_000)
    assert values(race)[names.WINNER] == "search"


def test_a_cancelled_call_is_no_error() -> None:
    made = Made()
    happened(made, call(1)[0], events.CallFailed(ts=1.2, node="0", call=1, error="cancelled"))
    (span,) = made.named("chat")
    assert span.status.status_code is StatusCode.UNSET
    assert values(span)[names.STATUS] == "cancelled"


def test_what_has_not_ended_ends_with_the_run() -> None:
    made = Made()
    happened(made, call(1)[0], CELL[0])
    assert {values(span).get(names.STATUS) for span in [*made.named("chat"), *made.named("execute")]} == {
        "unfinished"
    }
    assert all(span.end_time == 2_000_000_000 for span in made.named("chat"))


def test_each_question_of_a_session_is_a_trace() -> None:
    made = Made()
    client = HARLM(model=ScriptedModel(lambda messages: "```repl\nFINAL(1)\n```"), cache=False)
    with client.session("text") as session:
        for _ in range(2):
            session.ask("What?", sinks=[made.sink])
    roots = made.named("invoke_workflow")
    assert len({root.context.trace_id for root in roots}) == 2
    assert len({values(root)[names.CONVERSATION] for root in roots}) == 1


@pytest.mark.parametrize("content", [False, True])
@pytest.mark.parametrize("convention", [KNOWN, NEWEST], ids=lambda each: each.version)
def test_every_kind_of_event_is_taken_with_hostile_text(content: bool, convention: names.Convention) -> None:
    made = Made(content, convention)
    for event in STORY:
        made.sink.emit(event)
    (root,) = made.named("invoke_workflow")
    assert values(root)[convention.workflow] == "harlm"
    assert len(made.spans) > 8


def test_events_without_a_run_make_nothing() -> None:
    made = Made()
    for event in STORY[2:-1]:
        made.sink.emit(event)
    assert made.spans == ()
