"""Turns the events of a run into spans: one trace a run, with a span for each node, call, cell, search, tool and race."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from opentelemetry.context import Context
from opentelemetry.trace import Link, Span, SpanContext, SpanKind, StatusCode, Tracer, set_span_in_context

from harlm import events
from harlm.tracing.otel import names
from harlm.tracing.otel.content import AttributeValue, Content
from harlm.tracing.otel.errors import call_error, cell_error
from harlm.tracing.otel.moments import Moment, moment_of
from harlm.tracing.status import CANCELLED

_MOST_LINKS = 128  # of one span, as the SDK keeps by default
_MOST_BRANCHES = 1_000  # nodes that a race may still link to
_UNFINISHED = "unfinished"
_Attributes = Mapping[str, AttributeValue | None]


@dataclass(slots=True)
class _OpenNode:
    """A node that has not ended.

    Attributes:
        cell: the span of its running cell; ``None`` between cells.
        early: calls that were made for a cell that has not begun.
    """

    span: Span
    depth: int
    cell: Span | None = None
    early: list[SpanContext] = field(default_factory=list)


class RunSpans:
    """Makes the spans of one run, or of each question of a session. A ``TraceSink``.

    Times are those of the events. A call that was made before its cell is a child of the node, since it may begin before the cell
    does, and the cell has a link to it. The parent of a run is the span in which it was asked, if there is one.

    Args:
        tracer: makes the spans.
        convention: the names to use.
        content: what is written of texts.
    """

    def __init__(self, tracer: Tracer, convention: names.Convention, content: Content) -> None:
        self._tracer = tracer
        self._names = convention
        self._content = content
        self._root: Span | None = None
        self._nodes: dict[str, _OpenNode] = {}
        self._calls: dict[int, Span] = {}
        self._branches: dict[str, SpanContext] = {}
        self._routes: dict[str, events.Routed] = {}
        self._is_resumed = False

    def emit(self, event: events.Event) -> None:
        """Take in one event."""
        match event:
            case events.Resumed():
                self._is_resumed = True
            case events.RunStarted():
                self._begin(event)
            case _ if self._root is None:
                return  # before the run, or after its end
            case events.Answered() | events.Failed():
                self._end(event, self._root)
            case events.CallStarted():
                self._call_started(event)
            case events.CallFinished():
                self._call_finished(event)
            case events.CallFailed():
                self._call_failed(event)
            case _:
                self._happened(event)

    # -- the run -------------------------------------------------------------------------------------------

    def _begin(self, event: events.RunStarted) -> None:
        self._close_open(event)  # an earlier question that did not end
        attributes: _Attributes = {
            names.OPERATION: names.INVOKE_WORKFLOW,
            self._names.workflow: names.WORKFLOW,
            names.CONVERSATION: event.run,
            names.SEMCONV: self._names.version,
            names.RUN: event.run,
            names.RESUMED: self._is_resumed or None,
            names.DOCUMENTS: event.documents,
            names.CHARACTERS: event.characters,
            names.CONTEXT_TOKENS: event.tokens,
            **self._content.said(names.INPUT_MESSAGES, "user", event.question),
        }
        self._root = self._tracer.start_span(
            f"{names.INVOKE_WORKFLOW} {names.WORKFLOW}",
            attributes=self._content.clean(attributes),
            start_time=_ns(event.ts),
        )
        self._is_resumed = False

    def _end(self, event: events.Answered | events.Failed, root: Span) -> None:
        if isinstance(event, events.Failed):
            is_stopped = event.type in ("Interrupted", "CancelledError", "KeyboardInterrupt")
            self._set(root, {names.STATUS: CANCELLED if is_stopped else "failed"})
            self._fail(root, event.type, event.error)
        else:
            answer = event.answer
            usage, latency = answer.usage, answer.latency
            self._set(
                root,
                {
                    names.STATUS: answer.status,
                    names.MODE: answer.mode,
                    names.STRATEGY: answer.strategy,
                    names.TIER: answer.sandbox,
                    names.RUN_CALLS: usage.calls,
                    names.RUN_INPUT: usage.input_tokens,
                    names.RUN_OUTPUT: usage.output_tokens,
                    names.RUN_CACHED: usage.cached_tokens,
                    names.COST: usage.cost_usd,
                    names.ESTIMATED: usage.estimated,
                    names.CONFIDENCE: answer.confidence,
                    names.CITATIONS: len(answer.citations),
                    names.PARALLELISM: latency.parallelism,
                    names.CRITICAL_PATH: latency.critical_path_s,
                    **self._content.said(names.OUTPUT_MESSAGES, "assistant", answer.text),
                },
            )
        self._close_open(event)

    def _close_open(self, event: events.Event) -> None:
        """End what is still open: calls first, then cells and nodes from the deepest to the root."""
        ended = _ns(event.ts)
        cells = [node.cell for node in self._nodes.values() if node.cell is not None]
        nodes = sorted(self._nodes.values(), key=lambda node: -node.depth)
        for span in (*self._calls.values(), *cells, *(node.span for node in nodes)):
            self._set(span, {names.STATUS: _UNFINISHED})
            span.end(ended)
        if self._root is not None:
            self._root.end(ended)
        self._root = None
        for each in (self._nodes, self._calls, self._branches, self._routes):
            each.clear()

    # -- calls ---------------------------------------------------------------------------------------------

    def _call_started(self, event: events.CallStarted) -> None:
        model = names.model_of(event.model)
        node = self._nodes.get(event.node)
        is_of_cell = event.role == "sub" and not event.early
        attributes: _Attributes = {
            names.OPERATION: names.CHAT,
            names.PROVIDER: names.provider_of(event.model),
            names.REQUEST_MODEL: model,
            names.CONVERSATION: event.run,
            names.NODE: event.node,
            names.CALL: event.call,
            names.ROLE: event.role,
            names.EARLY: event.early,
            **self._content.sent(event.messages),
        }
        span = self._calls[event.call] = self._tracer.start_span(
            f"{names.CHAT} {model}",
            context=self._under(node, in_cell=is_of_cell),
            kind=SpanKind.CLIENT,
            attributes=self._content.clean(attributes),
            start_time=_ns(event.ts),
        )
        if event.early and node is not None:
            self._link_early(node, span.get_span_context())

    def _link_early(self, node: _OpenNode, call: SpanContext) -> None:
        if node.cell is not None:
            node.cell.add_link(call, {names.LINK: names.LINK_EARLY})
        elif len(node.early) < _MOST_LINKS:
            node.early.append(call)

    def _call_finished(self, event: events.CallFinished) -> None:
        span = self._calls.pop(event.call, None)
        if span is None:
            return
        usage = event.usage
        self._set(
            span,
            {
                names.FINISH_REASONS: (event.stop,),
                names.INPUT_TOKENS: usage.input_tokens,
                names.OUTPUT_TOKENS: usage.output_tokens,
                names.CACHE_READ: usage.cached_tokens or None,
                self._names.cache_write: usage.cache_write_tokens or None,
                names.REASONING: usage.reasoning_tokens or None,
                names.COST: usage.cost_usd,
                names.ESTIMATED: usage.estimated or None,
                **self._content.received(event),
            },
        )
        span.end(_ns(event.ts))

    def _call_failed(self, event: events.CallFailed) -> None:
        span = self._calls.pop(event.call, None)
        if span is None:
            return
        if event.error == CANCELLED:
            self._set(span, {names.STATUS: CANCELLED})
        else:
            self._fail(span, call_error(event), event.error)
        span.end(_ns(event.ts))

    # -- everything else -----------------------------------------------------------------------------------

    def _happened(self, event: events.Event) -> None:
        match event:
            case events.Routed():
                self._routes[event.node] = event
            case events.NodeStarted():
                self._node_started(event)
            case events.NodeFinished():
                self._node_finished(event)
            case events.CellStarted():
                self._cell_started(event)
            case events.CellFinished():
                self._cell_finished(event)
            case events.Scheduled():
                self._scheduled(event)
            case events.ReplOpened(tier=tier):
                if (node := self._nodes.get(event.node)) is not None:
                    self._set(node.span, {names.TIER: tier})
            case _:
                self._over(event)

    def _over(self, event: events.Event) -> None:
        """Take in what is told when it has ended, or has happened at one moment."""
        match event:
            case events.Searched():
                self._searched(event)
            case events.ToolCalled():
                self._tool_called(event)
            case events.Raced():
                self._raced(event)
            case _:
                if (moment := moment_of(event, self._content)) is not None:
                    self._add(moment, event)

    def _node_started(self, event: events.NodeStarted) -> None:
        above = self._nodes.get(event.parent or "")
        agent = names.ROOT_AGENT
        if above is not None:
            agent = names.BRANCH_AGENT if above.depth == event.depth else names.CHILD_AGENT
        route = self._routes.pop(event.node, None)
        attributes: _Attributes = {
            names.OPERATION: names.INVOKE_AGENT,
            names.AGENT_NAME: agent,
            names.CONVERSATION: event.run,
            names.NODE: event.node,
            names.PARENT_NODE: event.parent,
            names.DEPTH: event.depth,
            names.MODE: event.mode,
            names.DOCUMENTS: event.documents,
            names.CHARACTERS: event.characters,
            names.ROUTE_MODE: None if route is None else route.mode,
            names.ROUTE_PROBABILITY: None if route is None else route.probabilities.get(route.mode),
            names.ROUTE_BASIS: None if route is None else route.basis,
            **self._content.said(names.INPUT_MESSAGES, "user", event.question),
        }
        span = self._tracer.start_span(
            f"{names.INVOKE_AGENT} {agent}",
            context=self._under(above),
            attributes=self._content.clean(attributes),
            start_time=_ns(event.ts),
        )
        self._nodes[event.node] = _OpenNode(span, event.depth)
        if agent == names.BRANCH_AGENT and len(self._branches) < _MOST_BRANCHES:
            self._branches[event.node] = span.get_span_context()

    def _node_finished(self, event: events.NodeFinished) -> None:
        node = self._nodes.pop(event.node, None)
        if node is None:
            return
        if node.cell is not None:
            self._set(node.cell, {names.STATUS: _UNFINISHED})
            node.cell.end(_ns(event.ts))
        self._set(node.span, {names.STATUS: event.status})
        if event.status == "failed":
            self._fail(node.span, names.OTHER_ERROR, event.text)
        else:
            self._set(node.span, self._content.said(names.OUTPUT_MESSAGES, "assistant", event.text))
        node.span.end(_ns(event.ts))

    def _cell_started(self, event: events.CellStarted) -> None:
        node = self._nodes.get(event.node)
        if node is None or node.cell is not None:
            return
        attributes: _Attributes = {
            names.OPERATION: names.EXECUTE_TOOL,
            names.TOOL_NAME: names.PYTHON,
            names.TOOL_TYPE: names.TOOL_EXTENSION,
            names.NODE: event.node,
            names.TURN: event.turn,
            **self._content.text(names.TOOL_ARGUMENTS, event.code),
        }
        node.cell = self._tracer.start_span(
            f"{names.EXECUTE_TOOL} {names.PYTHON}",
            context=self._under(node),
            attributes=self._content.clean(attributes),
            links=[self._link(each, names.LINK_EARLY) for each in node.early],
            start_time=_ns(event.ts),
        )
        node.early.clear()

    def _cell_finished(self, event: events.CellFinished) -> None:
        node = self._nodes.get(event.node)
        if node is None or node.cell is None:
            return
        cell, node.cell = node.cell, None
        self._set(
            cell,
            {
                names.OUTPUT_CHARACTERS: event.output_chars,
                names.WAITING: event.waiting_s,
                **self._content.text(names.TOOL_RESULT, event.output),
            },
        )
        if event.error is not None:
            self._fail(cell, cell_error(event.error), event.error)
        cell.end(_ns(event.ts))

    def _scheduled(self, event: events.Scheduled) -> None:
        node = self._nodes.get(event.node)
        if node is None or node.cell is None:
            return
        self._set(
            node.cell,
            {
                names.CELL_CALLS: event.calls,
                names.CELL_EARLY: event.early,
                names.CELL_CLAIMED: event.claimed,
                names.CELL_WASTED: event.wasted,
                names.PATTERN: event.pattern,
                names.PARALLELISM: event.parallelism,
                names.CRITICAL_PATH: event.critical_path_s,
            },
        )

    def _searched(self, event: events.Searched) -> None:
        attributes: _Attributes = {
            names.OPERATION: names.RETRIEVAL,
            names.NODE: event.node,
            names.HITS: event.hits,
            **self._content.text(names.QUERY_TEXT, event.query),
        }
        self._whole(names.RETRIEVAL, event, event.seconds, attributes).end(_ns(event.ts))

    def _tool_called(self, event: events.ToolCalled) -> None:
        attributes: _Attributes = {
            names.OPERATION: names.EXECUTE_TOOL,
            names.TOOL_NAME: event.tool,
            names.TOOL_TYPE: names.TOOL_FUNCTION,
            names.NODE: event.node,
            names.COST: event.cost_micros / 1_000_000 if event.cost_micros else None,
            **self._content.text(names.TOOL_ARGUMENTS, event.arguments),
            **self._content.text(names.TOOL_RESULT, event.value),
        }
        span = self._whole(f"{names.EXECUTE_TOOL} {event.tool}", event, event.seconds, attributes)
        if event.error:
            self._fail(span, names.OTHER_ERROR, event.error)
        span.end(_ns(event.ts))

    def _raced(self, event: events.Raced) -> None:
        links = [
            self._link(self._branches[each.node], names.LINK_BRANCH)
            for each in event.branches
            if each.node in self._branches
        ]
        attributes: _Attributes = {
            names.NODE: event.node,
            names.WINNER: event.winner,
            names.STOPPED_BY: event.stopped_by,
            names.BRANCHES: tuple(f"{each.strategy}: {each.status}" for each in event.branches),
        }
        span = self._whole(names.RACE, event, event.seconds, attributes, links)
        if event.winner is None:
            self._fail(span, names.OTHER_ERROR, "")
        span.end(_ns(event.ts))

    # -- spans ---------------------------------------------------------------------------------------------

    def _add(self, moment: Moment, event: events.Event) -> None:
        """Add what happened at one moment to the span that it happened to."""
        node = self._nodes.get(event.node)
        above = self._root if node is None else node.cell or node.span
        span = self._calls.get(moment.call) or above
        if span is not None:
            span.add_event(moment.name, self._content.clean(moment.values), timestamp=_ns(event.ts))

    def _whole(
        self,
        name: str,
        event: events.Event,
        seconds: float,
        attributes: _Attributes,
        links: list[Link] | None = None,
    ) -> Span:
        """A span of something that is told when it has ended."""
        return self._tracer.start_span(
            name,
            context=self._under(self._nodes.get(event.node)),
            attributes=self._content.clean(attributes),
            links=links,
            start_time=_ns(event.ts - max(0.0, seconds)),
        )

    def _under(self, node: _OpenNode | None, *, in_cell: bool = True) -> Context | None:
        """The context of a span below a node, or below its running cell; below the root if there is no such node."""
        span = self._root
        if node is not None:
            span = node.cell if in_cell and node.cell is not None else node.span
        return None if span is None else set_span_in_context(span)

    def _link(self, to: SpanContext, what: str) -> Link:
        return Link(to, {names.LINK: what})

    def _set(self, span: Span, values: _Attributes) -> None:
        span.set_attributes(self._content.clean(values))

    def _fail(self, span: Span, kind: str, message: str) -> None:
        """Mark a span as failed. The message may quote a prompt or a document, so it counts as content."""
        self._set(span, {names.ERROR_TYPE: kind, **self._content.text(names.ERROR_MESSAGE, message)})
        span.set_status(StatusCode.ERROR)


def _ns(seconds: float) -> int:
    """Nanoseconds, as spans count."""
    return int(seconds * 1e9)
