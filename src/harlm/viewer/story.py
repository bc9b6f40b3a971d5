"""Turns the events of a run into what the page shows: nodes, spans, marks, graphs, and the run as a whole.

It grows with every event, so a run under way is told by what has changed since it was asked last.
"""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Literal

import msgspec

from harlm import events
from harlm.tracing.status import CANCELLED
from harlm.types import Answer
from harlm.viewer.graphs import graph_of_cell, graph_of_race
from harlm.viewer.lines import StoredLine
from harlm.viewer.shapes import (
    Graph,
    JudgedRow,
    MarkRow,
    NodeRow,
    RouteRow,
    RunHead,
    SpanKind,
    SpanRow,
    SpanState,
    Story,
)

_MOST = 100_000  # spans and nodes that are shown
_MOST_MARKS = 20_000
_PREVIEW, _QUESTION, _ANSWER = 200, 2_000, 50_000  # characters
_DATA = 20_000  # characters of a typed answer, as JSON
_SUB = ("llm_query", "llm_query_batched")
_Kind = Literal["nodes", "spans", "marks", "graphs", "routes", "judged"]


class StoryBuilder:
    """Builds the story of one run.

    Args:
        head: what is known of the run besides its events.

    Attributes:
        head: the run as a whole.
        offsets: where the line of each event begins, by its ``seq``.
        has_ended: whether the last event was the end of the run.
    """

    def __init__(self, head: RunHead) -> None:
        self.head = head
        self.offsets: dict[int, int] = {}
        self.has_ended = False
        self._origin: float | None = None
        self._nodes: list[NodeRow] = []
        self._names: dict[str, NodeRow] = {}
        self._spans: list[SpanRow] = []
        self._marks: list[MarkRow] = []
        self._graphs: list[Graph] = []
        self._routes: list[RouteRow] = []
        self._judged: list[JudgedRow] = []
        self._calls: dict[int, SpanRow] = {}  # in flight
        self._cells: dict[tuple[str, int], SpanRow] = {}  # the latest of each turn
        self._of_node: defaultdict[int, list[SpanRow]] = defaultdict(
            list
        )  # calls of cells that have no graph yet
        self._children: defaultdict[int, list[NodeRow]] = defaultdict(list)
        self._changed: dict[_Kind, set[int]] = {"nodes": set(), "spans": set()}
        self._told: dict[_Kind, int] = {"marks": 0, "graphs": 0, "routes": 0, "judged": 0}
        self._left_out = 0

    def add(self, line: StoredLine) -> None:
        """Add one event."""
        event = line.event
        if self._origin is None:
            self._origin = event.ts
        self.offsets[event.seq] = line.at
        at = self._at(event)
        self.head.seq = max(self.head.seq, event.seq)
        self.head.now = max(self.head.now, at)
        self.has_ended = False
        self._add(event, at, line)

    def whole(self) -> Story:
        """Everything so far."""
        self._settle()
        return Story(
            head=self.head,
            nodes=self._nodes,
            spans=self._spans,
            marks=self._marks,
            graphs=self._graphs,
            routes=self._routes,
            judged=self._judged,
        )

    def news(self) -> Story:
        """What is new or has changed since this, or ``whole``, was called last."""
        nodes, spans = sorted(self._changed["nodes"]), sorted(self._changed["spans"])
        told = dict(self._told)
        self._settle()
        return Story(
            is_whole=False,
            head=self.head,
            nodes=[self._nodes[each] for each in nodes],
            spans=[self._spans[each] for each in spans],
            marks=self._marks[told["marks"] :],
            graphs=self._graphs[told["graphs"] :],
            routes=self._routes[told["routes"] :],
            judged=self._judged[told["judged"] :],
        )

    def stop(self) -> None:
        """Nothing writes the run any more: what still runs has stopped."""
        for span in self._spans:
            if span.end is None:
                span.end, span.state = self.head.now, "stopped"
                self._changed["spans"].add(span.id)
        for node in self._nodes:
            if node.end is None:
                node.end, node.status = self.head.now, node.status or "stopped"
                self._changed["nodes"].add(node.id)

    def _settle(self) -> None:
        self._changed = {"nodes": set(), "spans": set()}
        self._told = {
            "marks": len(self._marks),
            "graphs": len(self._graphs),
            "routes": len(self._routes),
            "judged": len(self._judged),
        }

    # -- events --------------------------------------------------------------------------------------------

    def _add(self, event: events.Event, at: float, line: StoredLine) -> None:
        match event:
            case events.CallStarted() | events.CallFinished() | events.CallFailed() | events.Reused():
                self._add_call(event, at, line)
            case events.CellStarted() | events.CellFinished() | events.Scheduled():
                self._add_cell(event, at, line)
            case events.NodeStarted() | events.NodeFinished() | events.ReplOpened() | events.Raced():
                self._add_node(event, at)
            case events.ToolCalled():
                span = self._span("tool", event, at - event.seconds, event.tool, text=event.arguments)
                self._close(
                    span, at, "failed" if event.error else "ok", event.error or event.value, event.seq
                )
                span.micros = event.cost_micros
            case events.Searched():
                span = self._span("search", event, at - event.seconds, event.query)
                self._close(span, at, "ok", f"{event.hits} hits", event.seq)
            case events.Routed() | events.Judged():
                self._add_judgement(event, at)
            case events.RunStarted() | events.Answered() | events.Failed():
                self._add_run(event)
            case _:
                self._add_mark(event, at)

    def _add_call(
        self,
        event: events.CallStarted | events.CallFinished | events.CallFailed | events.Reused,
        at: float,
        line: StoredLine,
    ) -> None:
        match event:
            case events.CallStarted():
                span = self._calls[event.call] = self._span(
                    "call", event, at, event.model, event.role, sent=event.seq
                )
                span.size = _characters(event.messages, line)
            case events.CallFinished():
                span = self._called(event, at - event.latency_s)
                usage = event.usage
                span.input, span.output, span.cached = (
                    usage.input_tokens,
                    usage.output_tokens,
                    usage.cached_tokens,
                )
                span.micros = usage.cost_micros
                span.size += line.blobs.get("text", len(event.text))
                self._close(span, at, "ok", event.text, event.seq)
            case events.CallFailed():
                span = self._called(event, at)
                state: SpanState = "cancelled" if event.error == CANCELLED else "failed"
                self._close(span, at, state, event.error, event.seq)
            case events.Reused():
                span = self._span("reused", event, at, event.model, event.role, sent=event.seq)
                span.input, span.output = event.saved.input_tokens, event.saved.output_tokens
                span.size = _characters(event.messages, line) + line.blobs.get("text", len(event.text))
                self._close(span, at, "ok", event.text, event.seq)

    def _add_cell(
        self,
        event: events.CellStarted | events.CellFinished | events.Scheduled,
        at: float,
        line: StoredLine,
    ) -> None:
        place = (event.node, event.turn)
        match event:
            case events.CellStarted():
                span = self._span("cell", event, at, f"turn {event.turn}", sent=event.seq, text=event.code)
                span.turn, span.size = event.turn, line.blobs.get("code", len(event.code))
                self._cells[place] = span
            case events.CellFinished():
                span = self._cells.get(place) or self._span("cell", event, at - event.wall_s, "")
                span.turn, span.waiting = event.turn, event.waiting_s
                span.size += event.output_chars
                self._close(span, at, "failed" if event.error else "ok", event.error or span.text, event.seq)
            case events.Scheduled():
                cell = self._cells.get(place)
                if cell is not None and event.graph:
                    calls = sorted(self._of_node.pop(cell.node, ()), key=lambda each: each.start)
                    graph = graph_of_cell(event, cell, calls, self._children.pop(cell.node, []))
                    self._graphs.append(graph)
                    self._changed["spans"].update(row.span for row in graph.rows if row.span is not None)

    def _add_node(
        self,
        event: events.NodeStarted | events.NodeFinished | events.ReplOpened | events.Raced,
        at: float,
    ) -> None:
        node = self._node(event, at)
        match event:
            case events.NodeStarted():
                node.start, node.depth, node.mode = at, event.depth, event.mode
                node.question = event.question[:_QUESTION]
                node.documents, node.characters = event.documents, event.characters
            case events.NodeFinished():
                node.end, node.status, node.text = at, event.status, event.text[:_QUESTION]
            case events.ReplOpened():
                node.tier = event.tier
            case events.Raced():
                self._graphs.append(graph_of_race(event, node.id, len(self._graphs), self._names))
                self._changed["nodes"].update(
                    self._names[each.node].id for each in event.branches if each.node in self._names
                )

    def _add_judgement(self, event: events.Routed | events.Judged, at: float) -> None:
        node = self._node(event, at)
        if isinstance(event, events.Routed):
            self._routes.append(
                RouteRow(
                    node=node.id,
                    mode=event.mode,
                    probabilities={str(name): _finite(value) for name, value in event.probabilities.items()},
                    reasons=event.reasons,
                    strategy=event.strategy,
                    basis=event.basis,
                    is_sure=event.is_sure,
                    weighed=event.weighed,
                )
            )
            return
        confidence = event.confidence
        self._judged.append(
            JudgedRow(
                node=node.id,
                value=confidence.value,
                reasons=confidence.reasons,
                signals=msgspec.to_builtins(confidence.signals),
                calibration=confidence.calibration,
            )
        )

    def _add_run(self, event: events.RunStarted | events.Answered | events.Failed) -> None:
        head = self.head
        match event:
            case events.RunStarted():
                head.started, head.question = event.ts, event.question[:_ANSWER]
                head.root_model, head.sub_model = event.root_model, event.sub_model
                head.documents, head.characters = event.documents, event.characters
                head.tokens, head.skipped = event.tokens, len(event.skipped)
                head.limits = {name: most for name, most in event.limits.items() if math.isfinite(most)}
            case events.Answered():
                self.has_ended = True
                put_answer(head, event.answer)
            case events.Failed():
                self.has_ended = True
                head.state, head.error, head.error_type = "failed", event.error[:_ANSWER], event.type

    def _add_mark(self, event: events.Event, at: float) -> None:
        text, *figures = _mark(event)
        if len(self._marks) < _MOST_MARKS:
            node = self._node(event, at).id
            self._marks.append(
                MarkRow(
                    id=len(self._marks),
                    at=at,
                    node=node,
                    kind=event.kind,
                    text=text[:1_000],
                    a=figures[0],
                    b=figures[1],
                    c=figures[2],
                )
            )

    # -- rows ----------------------------------------------------------------------------------------------

    def _at(self, event: events.Event) -> float:
        return round(event.ts - (self._origin or 0.0), 4)

    def _node(self, event: events.Event, at: float) -> NodeRow:
        node = self._names.get(event.node)
        if node is None:
            if len(self._nodes) >= _MOST:
                self._say_left_out()
                return self._nodes[0]
            parent = self._names.get(event.parent or "")
            node = NodeRow(
                id=len(self._nodes),
                name=event.node[:200],
                parent=None if parent is None else parent.id,
                depth=0 if parent is None else parent.depth + 1,
                start=at,
            )
            self._names[event.node] = node
            self._nodes.append(node)
            if parent is not None:
                self._children[parent.id].append(node)
        self._changed["nodes"].add(node.id)
        return node

    def _span(
        self,
        kind: SpanKind,
        event: events.Event,
        start: float,
        label: str,
        role: str = "",
        *,
        sent: int = 0,
        text: str = "",
    ) -> SpanRow:
        node = self._node(event, start)
        span = SpanRow(
            id=len(self._spans),
            kind=kind,
            node=node.id,
            start=max(0.0, round(start, 4)),
            label=_one_line(label),
            role=role,
            sent=sent,
            text=_one_line(text),
        )
        if len(self._spans) >= _MOST:
            self._say_left_out()
            return span
        self._spans.append(span)
        if kind == "tool" or role in ("sub", "summary"):
            self._of_node[node.id].append(span)
        self._changed["spans"].add(span.id)
        return span

    def _called(self, event: events.CallFinished | events.CallFailed, start: float) -> SpanRow:
        """The call that ends; a new one if its beginning is not in the trace."""
        if event.call in self._calls:
            return self._calls.pop(event.call)
        return self._span("call", event, start, "")

    def _close(self, span: SpanRow, at: float, state: SpanState, text: str, seq: int) -> None:
        span.end, span.state, span.got = at, state, seq
        span.text = _one_line(text)
        if span.id < len(self._spans):
            self._changed["spans"].add(span.id)

    def _say_left_out(self) -> None:
        if not self._left_out:
            self.head.warnings.append(
                f"the run is larger than this page shows: the first {_MOST:,} calls are shown"
            )
        self._left_out += 1


def put_answer(head: RunHead, answer: Answer) -> None:
    """Note an answer in the head of its run."""
    head.state, head.mode, head.strategy = answer.status, answer.mode, answer.strategy
    head.answer, head.answer_is_cut = answer.text[:_ANSWER], len(answer.text) > _ANSWER
    head.error = head.error_type = ""
    if answer.data is not None:
        head.data = msgspec.json.format(msgspec.json.encode(answer.data), indent=2).decode()[:_DATA]
    head.citations, head.citations_dropped = answer.citations[:1_000], answer.citations_dropped
    head.confidence, head.confidence_reasons = answer.confidence, answer.confidence_reasons
    head.usage, head.latency = answer.usage, answer.latency
    head.memory, head.reading, head.sandbox = answer.memory, answer.reading, answer.sandbox


def _mark(event: events.Event) -> tuple[str, float, float, float]:
    """What a mark says, and three figures."""
    match event:
        case events.Folded():
            return f"{event.turns} turns into memory", event.tokens, event.view_tokens, 0.0
        case events.LimitReached():
            return event.message, _finite(event.used), _finite(event.allowed), 0.0
        case events.Retried():
            return f"{event.model}: {event.error}", event.attempt, event.wait_s, 0.0
        case events.Hedged():
            return f"{event.model} asked a second time", event.after_s, 0.0, 0.0
        case events.FellBack():
            return f"{event.model} → {event.instead}: {event.error}", 0.0, 0.0, 0.0
        case events.Noted():
            return event.message, 0.0, 0.0, 0.0
        case events.TraceCut():
            return f"the trace was cut at {event.limit_mb:,} MB", event.limit_mb, 0.0, 0.0
        case events.Resumed():
            return f"taken up again after {event.calls} calls", event.calls, event.cost_micros or 0, 0.0
        case events.Proposed():
            return f"strategy {event.proposal.strategy}", len(event.proposal.cells), event.proposal.fit, 0.0
        case events.TiersChanged():
            return "", event.hot, event.warm, event.cold
    return "", 0.0, 0.0, 0.0


def _finite(value: float) -> float:
    return value if math.isfinite(value) else 0.0


def _characters(messages: tuple[object, ...], line: StoredLine) -> int:
    if "messages" in line.blobs:
        return line.blobs["messages"]
    return sum(len(getattr(each, "content", "")) for each in messages)


def _one_line(text: str) -> str:
    return " ".join(text[: 2 * _PREVIEW].split())[:_PREVIEW]
