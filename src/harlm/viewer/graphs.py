"""Graphs for the page: the calls of a cell, each with what it waits for, and the branches of a race."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence

from harlm.events import Raced, RacedBranch, Scheduled, ScheduledCall
from harlm.viewer.shapes import Graph, GraphNode, NodeRow, SpanRow

_CHILDREN = ("rlm_query", "rlm_query_batched")
_NEAR_S = 0.25  # by which a call may begin or end apart from what the scheduler has measured
_OF_BRANCH = {"won": "won", "agreed": "agreed", "beaten": "lost", "not started": "waiting"}


def graph_of_cell(
    event: Scheduled, cell: SpanRow, spans: Sequence[SpanRow], children: Sequence[NodeRow]
) -> Graph:
    """The graph of a cell. Its calls are found among the spans and the children of its node by their times; what is found learns
    whether it was early.

    Args:
        event: the graph as it was measured. Its clock may have begun before the cell: its first call is the first that is found.
        cell: the cell.
        spans: calls of the node since its last cell, by their beginnings.
        children: nodes below it that began since its last cell, by their beginnings.
    """
    first_call = min((call.began_s for call in event.graph), default=0.0)
    starts = [*(span.start for span in spans[:1]), *(child.start for child in children[:1])]
    first_found = min(starts, default=cell.start)
    found = _Found(first_found - first_call, spans, children)
    rows = [_call_row(call, found) for call in sorted(event.graph, key=lambda each: each.began_s)]
    return Graph(
        id=f"cell {cell.id}",
        kind="cell",
        node=cell.node,
        turn=event.turn,
        title=event.pattern,
        calls=event.calls,
        early=event.early,
        claimed=event.claimed,
        wasted=event.wasted,
        critical_s=event.critical_path_s,
        parallelism=event.parallelism,
        rows=sorted(rows, key=lambda row: row.number),
    )


def graph_of_race(event: Raced, node: int, number: int, names: Mapping[str, NodeRow]) -> Graph:
    """The graph of a race: the question, its branches, and the answer that was taken."""
    rows = [GraphNode(number=0, label="question", node=node)]
    rows += [_branch_row(at, branch, names) for at, branch in enumerate(event.branches, 1)]
    taken = tuple(row.number for row in rows if row.state in ("won", "agreed"))
    rows.append(
        GraphNode(
            number=len(rows),
            label="answer" if event.winner else "no answer",
            needs=taken or tuple(row.number for row in rows[1:]),
            state="ok" if event.winner else "failed",
            node=node,
            start=event.seconds,
            note=f"stopped by {event.stopped_by}",
        )
    )
    return Graph(
        id=f"race {number}",
        kind="race",
        node=node,
        title=f"race, stopped by {event.stopped_by}",
        calls=sum(branch.calls for branch in event.branches),
        critical_s=event.seconds,
        rows=rows,
    )


def _call_row(call: ScheduledCall, found: _Found) -> GraphNode:
    row = GraphNode(
        number=call.number,
        label=call.function,
        needs=call.needs,
        is_early=call.early,
        start=call.began_s,
        seconds=call.seconds,
    )
    if call.function in _CHILDREN:
        child = found.child(call)
        if child is not None:
            row.node = child.id
            row.state = child.status if child.status in ("failed", "cancelled") else "ok"
    elif (span := found.span(call)) is not None:
        row.span, row.state = span.id, span.state
        if call.early:
            span.early = 1 if call.claimed else 2
    if call.early and not call.claimed and row.state != "cancelled":
        row.state = "retracted"
    return row


def _branch_row(number: int, branch: RacedBranch, names: Mapping[str, NodeRow]) -> GraphNode:
    node = names.get(branch.node)
    if node is not None:
        node.race, node.strategy = branch.status, branch.strategy
    money = "" if not branch.cost_micros else f", ${branch.cost_micros / 1e6:.4f}"
    figures = f"{branch.calls} calls, {branch.tokens:,} tokens{money}"
    return GraphNode(
        number=number,
        label=branch.strategy,
        needs=(0,),
        state=_OF_BRANCH.get(branch.status, branch.status),
        start=branch.started_s,
        seconds=branch.seconds,
        node=None if node is None else node.id,
        note=branch.reason[:300] or figures,
    )


class _Found:
    """Finds what a measured call is in the trace: what began and ended when it did, each only once."""

    def __init__(self, began: float, spans: Sequence[SpanRow], children: Sequence[NodeRow]) -> None:
        self._began = began
        self._spans, self._children = spans, children
        self._span_starts = [each.start for each in spans]
        self._child_starts = [each.start for each in children]
        self._taken: set[tuple[str, int]] = set()

    def span(self, call: ScheduledCall) -> SpanRow | None:
        at = self._nearest(call, "span", self._spans, self._span_starts)
        return None if at is None else self._spans[at]

    def child(self, call: ScheduledCall) -> NodeRow | None:
        at = self._nearest(call, "node", self._children, self._child_starts)
        return None if at is None else self._children[at]

    def _nearest(
        self, call: ScheduledCall, what: str, rows: Sequence[SpanRow | NodeRow], starts: Sequence[float]
    ) -> int | None:
        start = self._began + call.began_s
        end = start + call.seconds
        best, least = None, _NEAR_S + call.seconds
        at = bisect_left(starts, start - _NEAR_S)
        while at < len(rows) and starts[at] <= end + _NEAR_S:
            row = rows[at]
            apart = abs(row.start - start) + abs((end if row.end is None else row.end) - end)
            if apart < least and (what, row.id) not in self._taken:
                best, least = at, apart
            at += 1
        if best is not None:
            self._taken.add((what, rows[best].id))
        return best
