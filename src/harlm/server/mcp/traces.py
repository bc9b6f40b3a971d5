"""Stored runs for clients: a bounded summary of one, and the list of the recent ones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from harlm.errors import TraceError
from harlm.server.mcp.results import SourceQuote, cut, dollars, quotes_of
from harlm.tracing.housekeeping import named_run, run_ids
from harlm.tracing.jsonl import RunFolder, RunResult, list_runs
from harlm.tracing.tree import CallTree, NodeSummary, node_figures, one_line

_NAME = re.compile(r"[0-9A-Za-z]{1,26}")
_MOST_NODES = 200
_MOST_RUNS = 50
_QUESTION, _ANSWER, _ERROR = 300, 4_000, 500  # characters
_DEEPEST = 100


class TraceNode(msgspec.Struct, frozen=True, kw_only=True):
    """A node of a run: its place in the tree, what it was asked, and its figures. ``cost_usd`` is null if a price is unknown."""

    name: str
    depth: int
    mode: str
    question: str
    figures: str
    calls: int
    tokens: int
    cost_usd: float | None


class TraceSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A stored run.

    ``state`` is that of its answer (ok, partial, not_found), or failed, unfinished or unreadable. ``damage`` says what could not be
    read; the figures are then too low. ``nodes`` holds the first ones of ``nodes_in_all``.
    """

    run: str
    state: str
    question: str
    started: str
    models: tuple[str, ...]
    documents: int
    tokens_of_context: int
    answer: str = ""
    error: str = ""
    sources: tuple[SourceQuote, ...] = ()
    calls: int
    tokens: int
    cost_usd: float | None
    seconds: float | None = None
    nodes: tuple[TraceNode, ...] = ()
    nodes_in_all: int = 0
    damage: str = ""

    def as_text(self) -> str:
        """See ``harlm.server.mcp.results.Tellable``."""
        time = "" if self.seconds is None else f" · {self.seconds:.1f} s"
        lines = [
            f"run {self.run} · {self.state} · {self.started}",
            f"question: {self.question}",
            f"{', '.join(self.models)} · {self.documents:,} documents, {self.tokens_of_context:,} tokens",
            f"{self.calls:,} calls · {self.tokens:,} tokens · {dollars(self.cost_usd)}{time}",
        ]
        if self.answer:
            lines += ["\nAnswer:", self.answer]
        if self.error:
            lines.append(f"\nError: {self.error}")
        if self.sources:
            lines += ["\nSources:", *(each.as_line() for each in self.sources)]
        if self.nodes:
            lines.append(f"\nNodes ({len(self.nodes):,} of {self.nodes_in_all:,}):")
            lines += [
                f"{'  ' * each.depth}{each.mode or '?'} “{each.question}” · {each.figures}"
                for each in self.nodes
            ]
        if self.damage:
            lines.append(f"\nDamaged: {self.damage}")
        return "\n".join(lines)


class RecentRun(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the list of runs."""

    run: str
    state: str
    started: str
    question: str


def trace_of(runs: Path, name: str) -> TraceSummary:
    """The summary of a stored run. Reads its events, so call it in a thread.

    Args:
        runs: the folder of all runs.
        name: an id, the beginning of one, or ``last``. Other names are refused.

    Raises:
        TraceError: there is no single run with this name, or not even its question can be read.
    """
    if _NAME.fullmatch(name) is None:
        raise TraceError(
            f"{name[:64]!r} cannot be the id of a run; harlm_ask gives ids, such as 01JZ5W3Y8K9QXW7RB2M4N6P8ST"
        )
    folder = RunFolder(named_run(runs, name).folder)
    record, (tree, damage) = folder.record, _tree(folder)
    result, broken = _result(folder)
    answer = None if result is None else result.answer
    rows = list(_rows(tree))
    known = answer.usage if answer is not None else None
    costs = [node.usage.cost_micros for node, _ in rows]
    micros = None if None in costs else sum(each or 0 for each in costs)
    return TraceSummary(
        run=folder.folder.name,
        state=_state(result, broken),
        question=one_line(record.question, _QUESTION),
        started=_when(record.started),
        models=tuple(dict.fromkeys((record.root_model, record.sub_model))),
        documents=record.documents,
        tokens_of_context=record.tokens,
        answer="" if answer is None else cut(answer.text, _ANSWER),
        error="" if result is None or result.error is None else cut(f"{result.error_type}: {result.error}", _ERROR),
        sources=() if answer is None else quotes_of(answer.citations),
        calls=known.calls if known is not None else sum(each.usage.calls for each, _ in rows),
        tokens=known.input_tokens + known.output_tokens if known is not None else sum(map(_tokens, [each for each, _ in rows])),
        cost_usd=known.cost_usd if known is not None else None if micros is None else micros / 1_000_000,
        seconds=None if answer is None else round(answer.latency.wall_s, 3),
        nodes=tuple(_node(node, depth) for node, depth in rows[:_MOST_NODES]),
        nodes_in_all=len(rows),
        damage="; ".join(filter(None, (damage, broken, "the trace was cut at its largest size" if tree.is_cut else ""))),
    )  # fmt: skip


def recent_runs(runs: Path) -> list[RecentRun]:
    """The newest runs, newest first; a damaged one with what can be read of it. Call it in a thread."""
    return [_recent(runs / name) for name in run_ids(list_runs(runs))[:_MOST_RUNS]]


def _recent(path: Path) -> RecentRun:
    try:
        folder = RunFolder(path)
    except TraceError:
        return RecentRun(run=path.name, state="unreadable", started="", question="")
    return RecentRun(
        run=path.name,
        state=_state(*_result(folder)),
        started=_when(folder.record.started),
        question=one_line(folder.record.question, _QUESTION),
    )


def _tree(folder: RunFolder) -> tuple[CallTree, str]:
    """The tree of the events up to the first damaged one, and the damage; empty if there is none."""
    tree = CallTree()
    try:
        for event in folder.events():
            tree.add(event)
    except TraceError as damage:
        return tree, cut(str(damage), _ERROR)
    return tree, ""


def _result(folder: RunFolder) -> tuple[RunResult | None, str]:
    try:
        return folder.result, ""
    except TraceError as damage:
        return None, cut(str(damage), _ERROR)


def _state(result: RunResult | None, broken: str) -> str:
    if broken:
        return "unreadable"
    if result is None:
        return "unfinished"
    return "failed" if result.answer is None else result.answer.status


def _rows(tree: CallTree) -> Iterator[tuple[NodeSummary, int]]:
    """The nodes, each before those below it, with their depths."""
    waiting = [(root, 0) for root in reversed([*filter(None, [tree.root]), *tree.later_roots])]
    while waiting:
        node, depth = waiting.pop()
        yield node, depth
        waiting += [(child, min(depth + 1, _DEEPEST)) for child in reversed(node.children)]


def _node(node: NodeSummary, depth: int) -> TraceNode:
    return TraceNode(
        name=node.name,
        depth=depth,
        mode=node.mode,
        question=one_line(node.question),
        figures=node_figures(node),
        calls=node.root_calls + node.sub_calls,
        tokens=_tokens(node),
        cost_usd=node.usage.cost_usd,
    )


def _tokens(node: NodeSummary) -> int:
    return node.usage.input_tokens + node.usage.output_tokens


def _when(seconds: float) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
    except (OverflowError, ValueError, OSError):
        return ""  # a number outside the range of the calendar
