"""Builds the tree of nodes and calls from the events of a run, for display."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from harlm import events
from harlm.types import Usage

_MOST = 4_000  # nodes; those that begin later are counted together
_QUESTION = 400  # characters of a question

FAILED = "failed"
"""The status of a node that ended with an error."""


@dataclass(slots=True)
class NodeSummary:
    """One node of a run, as the events so far report it.

    Attributes:
        name: ``0``, ``0.1``, …
        question, mode: as reported.
        status: as reported; empty until the node ends.
        root_calls, sub_calls: answered calls by role; failed calls are not included.
        in_flight: calls that have not ended.
        failed: calls that failed.
        usage: of the node's own calls.
        cells: cells that were run.
        reused: replies that were taken from the journal instead of a call.
        early: calls that were made before its cells made them.
        wasted: early calls that its cells never made.
        tool_calls, tool_failures: calls of the user's tools, and how many of them failed.
        faster: the highest parallelism of a cell: how many calls were in flight on average.
        children: the nodes below, in the order in which they began.
        running: those of them that have not ended, by name.
        ended: those that have, in the order in which they ended.
        failed_below: how many of the ended ones failed.
        later: how many nodes without a summary of their own run, and how many have ended; at the root only.
    """

    name: str
    question: str = ""
    mode: str = ""
    status: str = ""
    root_calls: int = 0
    sub_calls: int = 0
    in_flight: int = 0
    failed: int = 0
    usage: Usage = field(default_factory=Usage)
    cells: int = 0
    reused: int = 0
    early: int = 0
    wasted: int = 0
    tool_calls: int = 0
    tool_failures: int = 0
    faster: float = 1.0
    children: list[NodeSummary] = field(default_factory=list)
    running: dict[str, NodeSummary] = field(default_factory=dict)
    ended: list[NodeSummary] = field(default_factory=list)
    failed_below: int = 0
    later: tuple[int, int] = (0, 0)

    @property
    def has_failed(self) -> bool:
        """Whether the node ended with an error."""
        return self.status == FAILED


class CallTree:
    """The tree of nodes; it grows with every event.

    Args:
        past: events to add at once.

    Attributes:
        root: the node of the user's task; ``None`` until it begins.
        later_roots: those of the later questions of a session.
        is_cut: whether the trace was cut, so that the counts are too low.
    """

    def __init__(self, past: Iterable[events.Event] = ()) -> None:
        self.root: NodeSummary | None = None
        self.later_roots: list[NodeSummary] = []
        self._nodes: dict[str, NodeSummary] = {}
        self._roles: dict[int, events.Role] = {}  # of the calls in flight
        self._others: NodeSummary | None = None
        self.is_cut = False
        for event in past:
            self.add(event)

    def add(self, event: events.Event) -> None:
        """Add one event."""
        match event:
            case events.NodeStarted():
                self._begin(self._node(event), event)
            case events.NodeFinished():
                self._end(self._node(event), event)
            case events.TraceCut():
                self.is_cut = True
            case events.CallStarted():
                self._roles[event.call] = event.role
                self._node(event).in_flight += 1
            case events.CallFinished():
                self._count(event)
            case events.CallFailed():
                node = self._node(event)
                node.failed += 1
                node.in_flight -= self._roles.pop(event.call, None) is not None
            case events.Reused():
                node = self._node(event)
                node.reused += 1
                self._answered(node, event.role)
            case events.CellFinished():
                self._node(event).cells += 1
            case events.ToolCalled():
                node = self._node(event)
                node.tool_calls += 1
                node.tool_failures += bool(event.error)
            case events.Scheduled():
                node = self._node(event)
                node.early += event.early
                node.wasted += event.wasted
                node.faster = max(node.faster, event.parallelism)

    def _begin(self, node: NodeSummary, event: events.NodeStarted) -> None:
        if node is not self._others:
            node.question, node.mode = event.question[:_QUESTION], event.mode
        elif self.root is not None:
            running, ended = self.root.later
            self.root.later = running + 1, ended

    def _end(self, node: NodeSummary, event: events.NodeFinished) -> None:
        if node is self._others and self.root is not None:
            running, ended = self.root.later
            self.root.later = running - 1, ended + 1
            return
        node.status = event.status
        parent = self._nodes.get(event.parent or "")
        if parent is not None and parent.running.pop(node.name, None) is not None:
            parent.ended.append(node)
            parent.failed_below += event.status == FAILED

    def _count(self, event: events.CallFinished) -> None:
        node = self._node(event)
        role = self._roles.pop(event.call, None)
        node.in_flight -= role is not None
        node.usage += event.usage
        self._answered(node, role)

    @staticmethod
    def _answered(node: NodeSummary, role: events.Role | None) -> None:
        if role in ("sub", "summary"):
            node.sub_calls += 1
        else:
            node.root_calls += 1

    def _node(self, event: events.Event) -> NodeSummary:
        node = self._nodes.get(event.node)
        if node is None and len(self._nodes) >= _MOST and self.root is not None:
            return self._other_nodes(self.root)
        if node is None:
            # Looked up before the node is added, so that no node is its own parent, even in a damaged file.
            parent = self._nodes.get(event.parent or "")
            node = self._nodes[event.node] = NodeSummary(event.node)
            if parent is not None:
                parent.children.append(node)
                parent.running[node.name] = node
            elif self.root is None:
                self.root = node
            elif event.parent is None and len(self.later_roots) < _MOST:
                self.later_roots.append(node)
        return node

    def _other_nodes(self, root: NodeSummary) -> NodeSummary:
        """The summary of all nodes that have none of their own."""
        if self._others is None:
            self._others = NodeSummary("…", question="all later nodes", mode="full", status="together")
            root.children.append(self._others)
        return self._others


def one_line(text: str, width: int = 120) -> str:
    """Text on one line, cut to ``width`` characters."""
    line = " ".join(text.split())
    return line if len(line) <= width else line[: width - 1] + "…"


def node_line(node: NodeSummary, width: int = 60) -> str:
    """A node on one line; its question is cut to ``width`` characters."""
    return f"{node.mode or '?'} “{one_line(node.question, width)}” · {node_figures(node)}"


def node_figures(node: NodeSummary) -> str:
    """The figures of a node that are not zero, and its status."""
    calls = [f"{node.root_calls} turns" if node.mode != "direct" else f"{node.root_calls} call"]
    if node.sub_calls or (node.in_flight and node.cells):
        calls.append(f"{node.sub_calls} sub-calls")
    if node.tool_calls:
        failed = f" ({node.tool_failures} failed)" if node.tool_failures else ""
        calls.append(f"{node.tool_calls} tool call{'' if node.tool_calls == 1 else 's'}{failed}")
    if node.reused:
        calls.append(f"{node.reused} reused")
    if node.early:
        calls.append(f"{node.early} early, {node.faster:.1f} at once")
    if node.wasted:
        calls.append(f"{node.wasted} wasted")
    if node.failed:
        calls.append(f"{node.failed} failed")
    tokens = node.usage.input_tokens + node.usage.output_tokens
    state = node.status or "…"
    return f"{', '.join(calls)} · {tokens:,} tokens · {state}"
