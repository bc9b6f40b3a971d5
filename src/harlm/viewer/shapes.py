"""What the page is told of a run. Rows that a run has many of are arrays, in the order of their fields.

``viewer/src/story.ts`` names the same fields; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from harlm.types import Citation, Latency, MemoryUse, Mode, ReadingCost, Usage, Weighed

SpanKind = Literal["call", "reused", "cell", "tool", "search"]
SpanState = Literal["running", "ok", "failed", "cancelled", "stopped"]

RunState = Literal["running", "ok", "partial", "not_found", "failed", "stopped"]
"""``running``: a process writes it. ``stopped``: it has no end, and no process writes it."""


class NodeRow(msgspec.Struct, array_like=True, kw_only=True):
    """A node of the recursion. Times are seconds from the first event; ``end`` is ``None`` as long as it runs.

    ``race`` is the status of the branch that the node is, if it is one of a race.
    """

    id: int
    name: str
    parent: int | None
    depth: int
    start: float
    end: float | None = None
    question: str = ""
    mode: str = ""
    status: str = ""
    documents: int = 0
    characters: int = 0
    tier: str = ""
    text: str = ""
    race: str = ""
    strategy: str = ""


class SpanRow(msgspec.Struct, array_like=True, kw_only=True):
    """Something that took time in a node.

    Attributes:
        id: 0, 1, 2, … in the order of their beginnings.
        kind, node, start, end: what, in which node, and when. ``end`` is ``None`` as long as it runs.
        label: the model, tool or query.
        role: of a call: ``root``, ``sub``, ``summary``; else empty.
        state: how it ended.
        turn: of a cell.
        input, output, cached: tokens.
        micros: micro-dollars; ``None`` if the price is unknown.
        sent, got: the ``seq`` of the events that hold its texts; 0 if there is none.
        size: characters of its long texts, as far as they are known.
        text: how its reply, code or error begins.
        early: whether it was made ahead: 0 no, 1 and claimed, 2 and retracted.
        waiting: seconds of a cell in which it waited for calls.
    """

    id: int
    kind: SpanKind
    node: int
    start: float
    end: float | None = None
    label: str = ""
    role: str = ""
    state: SpanState = "running"
    turn: int = 0
    input: int = 0
    output: int = 0
    cached: int = 0
    micros: int | None = 0
    sent: int = 0
    got: int = 0
    size: int = 0
    text: str = ""
    early: int = 0
    waiting: float = 0.0


class MarkRow(msgspec.Struct, array_like=True, kw_only=True):
    """Something that happened at one time: its kind as in the trace, what it says, and up to three figures of it."""

    id: int
    at: float
    node: int
    kind: str
    text: str = ""
    a: float = 0.0
    b: float = 0.0
    c: float = 0.0


class GraphNode(msgspec.Struct, array_like=True, kw_only=True):
    """A node of a graph.

    ``state`` is that of a span, or ``retracted``, ``lost``, ``won``, ``agreed``, ``waiting``. ``span`` and ``node`` lead to what the
    graph shows here; ``None`` if that is not known.
    """

    number: int
    label: str
    needs: tuple[int, ...] = ()
    state: str = "ok"
    is_early: bool = False
    start: float = 0.0
    seconds: float = 0.0
    span: int | None = None
    node: int | None = None
    note: str = ""


class Graph(msgspec.Struct, kw_only=True):
    """The calls of one cell and what each waits for, or the branches of a race."""

    id: str
    kind: Literal["cell", "race"]
    node: int
    turn: int = 0
    title: str = ""
    calls: int = 0
    early: int = 0
    claimed: int = 0
    wasted: int = 0
    critical_s: float = 0.0
    parallelism: float = 0.0
    rows: list[GraphNode] = []


class RouteRow(msgspec.Struct, kw_only=True):
    """A choice of the router."""

    node: int
    mode: Mode
    probabilities: Mapping[str, float]
    reasons: tuple[str, ...]
    strategy: str | None
    basis: str
    is_sure: bool
    weighed: tuple[Weighed, ...]


class JudgedRow(msgspec.Struct, kw_only=True):
    """How the confidence of an answer was judged."""

    node: int
    value: float | None
    reasons: tuple[str, ...]
    signals: Mapping[str, object]
    calibration: str


class RunHead(msgspec.Struct, kw_only=True):
    """A run as a whole. ``seq`` is that of its last event; ``now`` is the time of the last event, in seconds from the first."""

    run: str
    started: float = 0.0
    seq: int = 0
    now: float = 0.0
    state: RunState = "stopped"
    question: str = ""
    root_model: str = ""
    sub_model: str = ""
    documents: int = 0
    characters: int = 0
    tokens: int = 0
    skipped: int = 0
    limits: Mapping[str, float] = {}
    mode: str = ""
    strategy: str | None = None
    answer: str = ""
    answer_is_cut: bool = False
    data: str = ""
    error: str = ""
    error_type: str = ""
    citations: tuple[Citation, ...] = ()
    citations_dropped: int = 0
    confidence: float | None = None
    confidence_reasons: tuple[str, ...] = ()
    usage: Usage | None = None
    latency: Latency | None = None
    memory: MemoryUse | None = None
    reading: ReadingCost | None = None
    sandbox: str | None = None
    attempts: int = 1
    is_session: bool = False
    is_imported: bool = False
    warnings: list[str] = []


class Story(msgspec.Struct, kw_only=True):
    """A run for the page; or, while it is under way, what is new or has changed in it.

    ``is_whole`` says that what the page knew is replaced.
    """

    v: int = 1
    is_whole: bool = True
    head: RunHead
    nodes: list[NodeRow] = []
    spans: list[SpanRow] = []
    marks: list[MarkRow] = []
    graphs: list[Graph] = []
    routes: list[RouteRow] = []
    judged: list[JudgedRow] = []


class ListedRun(msgspec.Struct, kw_only=True):
    """A row of the list of runs. ``started`` is in seconds since the epoch."""

    run: str
    started: float
    state: str
    question: str
    model: str = ""
    tokens: int = 0
    calls: int | None = None
    used_tokens: int | None = None
    cost: float | None = None
    seconds: float | None = None
    mode: str = ""


class RunPage(msgspec.Struct, kw_only=True):
    """A page of the list of runs; ``total`` counts all that match."""

    runs: list[ListedRun]
    total: int
    offset: int
