"""The events of a run: one tagged union, which is also the trace format.

Every event carries ``v seq ts run node parent`` and its ``kind``. A node is one ``solve``: ``0`` is the
user's task, ``0.2`` is its third child, and so on; ``parent`` is ``None`` for the root.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from harlm.types import (
    Answer,
    Basis,
    Confidence,
    Message,
    Mode,
    Proposal,
    Skipped,
    Strategy,
    Usage,
    Weighed,
)

FORMAT = 1
"""The version of the trace format, written into every event as ``v``."""

Role = Literal["root", "sub", "summary"]
"""The purpose of a call: ``root``, a model that writes code; ``sub``, a model that a cell calls; ``summary``,
a model that shortens entries of memory.
"""


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind"):
    """The fields that every event carries. The run fills them in, not the part that reports the event.

    Attributes:
        v: version of the format.
        seq: 1, 2, 3, … within the run.
        ts: seconds since the epoch.
        run: the run's id.
        node: the node in which it happened.
        parent: the node above; ``None`` for the root.
    """

    v: int = FORMAT
    seq: int = 0
    ts: float = 0.0
    run: str = ""
    node: str = ""
    parent: str | None = None

    @property
    def kind(self) -> str:
        """The tag of this event in the trace, such as ``call_started``."""
        return str(type(self).__struct_config__.tag)


class RunStarted(Event, frozen=True, kw_only=True, tag="run_started"):
    """A question was asked.

    ``limits`` are those of the run, by the names that ``LimitReached`` uses, in the same units.
    """

    question: str
    root_model: str
    sub_model: str
    documents: int
    characters: int
    tokens: int
    skipped: tuple[Skipped, ...] = ()
    limits: Mapping[str, float] = {}


class Resumed(Event, frozen=True, kw_only=True, tag="resumed"):
    """A run that had not ended is taken up again, from its beginning: what it has paid for comes from its journal.

    Attributes:
        calls: requests of its earlier attempts, those among them that had no reply yet.
        cost_micros: what these cost in micro-dollars, at most; ``None`` as soon as one price is unknown.
    """

    calls: int
    cost_micros: int | None


class Routed(Event, frozen=True, kw_only=True, tag="routed"):
    """The router has chosen a mode; see ``harlm.types.Route``."""

    mode: Mode
    probabilities: Mapping[Mode, float]
    reasons: tuple[str, ...]
    strategy: Strategy | None = None
    basis: Basis = "rules"
    is_sure: bool = True
    weighed: tuple[Weighed, ...] = ()


class Proposed(Event, frozen=True, kw_only=True, tag="proposed"):
    """The cells of a strategy are about to run, without a root model."""

    proposal: Proposal


class NodeStarted(Event, frozen=True, kw_only=True, tag="node_started"):
    """A node of the recursion began."""

    depth: int
    question: str
    mode: Mode
    documents: int
    characters: int


class CallStarted(Event, frozen=True, kw_only=True, tag="call_started"):
    """A request went to a model; ``early`` if no cell had made the call yet."""

    call: int
    role: Role
    model: str
    messages: tuple[Message, ...]
    early: bool = False


class CallFinished(Event, frozen=True, kw_only=True, tag="call_finished"):
    """A model replied. ``thoughts`` is its reasoning, which is no part of the reply; ``key`` and ``ordinal`` are the place of the
    reply in the journal of the run.
    """

    call: int
    text: str
    usage: Usage
    stop: str
    latency_s: float
    thoughts: str = ""
    key: str = ""
    ordinal: int = 0


class Reused(Event, frozen=True, kw_only=True, tag="reused"):
    """The reply to a call was known, so no model was asked; ``saved`` is the usage of the original call. ``key`` and ``ordinal``
    are as in ``CallFinished``.
    """

    role: Role
    model: str
    messages: tuple[Message, ...]
    text: str
    saved: Usage
    key: str = ""
    ordinal: int = 0


class Folded(Event, frozen=True, kw_only=True, tag="folded"):
    """Turns of a node were moved into memory, and the model now sees a view of them.

    ``tokens`` is the size of what the model saw before, ``view_tokens`` the size of the view.
    """

    turns: int
    tokens: int
    view_tokens: int


class CallFailed(Event, frozen=True, kw_only=True, tag="call_failed"):
    """A request to a model failed, or was cancelled."""

    call: int
    error: str
    status: int | None = None


class Retried(Event, frozen=True, kw_only=True, tag="retried"):
    """An attempt at a call failed, and another follows after ``wait_s`` seconds. ``call`` is its number, here and in the two events below;
    0 if it has none.
    """

    model: str
    attempt: int
    error: str
    wait_s: float
    call: int = 0


class Hedged(Event, frozen=True, kw_only=True, tag="hedged"):
    """A call was slower than 95 % of similar calls, so it was made a second time; the first reply counts."""

    model: str
    after_s: float
    call: int = 0


class FellBack(Event, frozen=True, kw_only=True, tag="fell_back"):
    """A model did not answer, so another one, ``instead``, is asked."""

    model: str
    instead: str
    error: str
    call: int = 0


class CellStarted(Event, frozen=True, kw_only=True, tag="cell_started"):
    """A cell of model-written code began to run."""

    turn: int
    code: str


class CellFinished(Event, frozen=True, kw_only=True, tag="cell_finished"):
    """A cell ended."""

    turn: int
    output: str
    output_chars: int
    error: str | None
    finished: bool
    wall_s: float
    waiting_s: float


class TiersChanged(Event, frozen=True, kw_only=True, tag="tiers_changed"):
    """After a cell, the tiers of the run's memory hold other numbers of entries than before."""

    hot: int
    warm: int
    cold: int


class ScheduledCall(msgspec.Struct, frozen=True, kw_only=True):
    """One call of a cell, as a node of the cell's graph.

    ``needs`` are the edges: the numbers of the calls that this one depends on. ``began_s`` counts from the
    start of the cell; ``seconds`` is the duration of the call.
    """

    number: int
    function: str
    needs: tuple[int, ...]
    early: bool
    claimed: bool
    began_s: float
    seconds: float


class Scheduled(Event, frozen=True, kw_only=True, tag="scheduled"):
    """The calls of a cell: how many were made early, claimed and wasted, and the graph of the first of them.

    ``pattern`` is the shape of the whole cell (``harlm.scheduler.plan.Shape``). ``parallelism`` is the
    seconds of all its calls added up, divided by the seconds in which any call was in flight.
    """

    turn: int
    pattern: str
    calls: int
    early: int
    claimed: int
    wasted: int
    critical_path_s: float
    busy_s: float
    parallelism: float
    graph: tuple[ScheduledCall, ...]


class RacedBranch(msgspec.Struct, frozen=True, kw_only=True):
    """One branch of a race.

    Attributes:
        strategy: the way in which it worked.
        node: its node in this trace; empty if it did not start.
        status: ``won``; ``agreed``, it had the answer of the winner; ``beaten``, its answer was not taken; ``cancelled``;
            ``failed``; ``not started``.
        started_s: seconds from the start of the race to its own.
        seconds: how long it ran.
        calls, tokens, cost_micros: what it used, in requests, tokens of input and output, and micro-dollars, of which
            ``None`` says that a price is unknown. A cancelled call counts with the most that it may cost.
        confidence: of its answer; ``None`` if it has none.
        reason: why it failed or did not start.
    """

    strategy: str
    node: str
    status: Literal["won", "agreed", "beaten", "cancelled", "failed", "not started"]
    started_s: float = 0.0
    seconds: float = 0.0
    calls: int = 0
    tokens: int = 0
    cost_micros: int | None = 0
    confidence: float | None = None
    reason: str = ""


class Raced(Event, frozen=True, kw_only=True, tag="raced"):
    """Several branches worked on one task, and the node continues with the first good answer.

    Attributes:
        branches: in the order in which they start.
        winner: the strategy whose answer was taken; ``None`` if all failed.
        stopped_by: ``confidence``, that of an answer reached the threshold; ``agreement`` of two; ``best``, all ended and the best
            answer was taken; ``failure``, there is none.
        seconds: how long the race took.
    """

    branches: tuple[RacedBranch, ...]
    winner: str | None
    stopped_by: Literal["confidence", "agreement", "best", "failure"]
    seconds: float


class ToolCalled(Event, frozen=True, kw_only=True, tag="tool_called"):
    """A cell, or a scout ahead of it, called a tool of the user's. ``arguments`` and ``value`` are beginnings, as JSON or text;
    ``error`` is empty if it returned; ``cost_micros`` are the micro-dollars that it took out of the budget; ``key`` is that of the
    call in the journal of the run, if it may have changed something.
    """

    tool: str
    arguments: str
    value: str
    seconds: float
    error: str = ""
    cost_micros: int = 0
    key: str = ""


class Searched(Event, frozen=True, kw_only=True, tag="searched"):
    """A cell searched its context."""

    query: str
    hits: int
    seconds: float


class ReplOpened(Event, frozen=True, kw_only=True, tag="repl_opened"):
    """A node's REPL was opened. ``tier`` is its isolation tier (``docs/concepts/sandbox.md``)."""

    tier: str


class LimitReached(Event, frozen=True, kw_only=True, tag="limit_reached"):
    """A node's budget is spent, so the node finishes with its results so far.

    ``used`` and ``allowed`` are in the unit of ``limit``.
    """

    limit: str
    used: float
    allowed: float
    message: str


class Noted(Event, frozen=True, kw_only=True, tag="noted"):
    """A note for the user about something that does not stop the run."""

    message: str


class TraceCut(Event, frozen=True, kw_only=True, tag="trace_cut"):
    """The stored trace has reached its size. From here on it holds only errors, notes and the end of the run.

    ``limit_mb`` is the size in megabytes (``tracing.run_mb``).
    """

    limit_mb: int


class NodeFinished(Event, frozen=True, kw_only=True, tag="node_finished"):
    """A node has ended.

    Attributes:
        status: that of its answer; ``failed`` or ``cancelled`` if it has none.
        text: the answer, or the error.
    """

    status: str
    text: str


class Judged(Event, frozen=True, kw_only=True, tag="judged"):
    """The confidence of an answer was judged: the signals that were measured, and the value made of them.

    ``features`` are what a router can know before such a run, and ``propensity`` is the chance with which this mode was
    chosen: with a score, they make the run an example to train a router from. ``expected_micros`` and ``expected_seconds`` are
    what the run was expected to cost, and ``corpus`` names what was asked about.
    """

    model: str
    mode: Mode
    confidence: Confidence
    strategy: Strategy | None = None
    corpus: str = ""
    features: Mapping[str, float] = {}
    propensity: float = 1.0
    expected_micros: int | None = None
    expected_seconds: float = 0.0


class Failed(Event, frozen=True, kw_only=True, tag="failed"):
    """The run ended without an answer: an error, or an interruption by the user."""

    error: str
    type: str


class Answered(Event, frozen=True, kw_only=True, tag="answer"):
    """The answer of the run: its last event."""

    answer: Answer


AnyEvent = (
    RunStarted
    | Resumed
    | Routed
    | Proposed
    | NodeStarted
    | CallStarted
    | CallFinished
    | Reused
    | Folded
    | CallFailed
    | Retried
    | Hedged
    | FellBack
    | ReplOpened
    | CellStarted
    | CellFinished
    | TiersChanged
    | Scheduled
    | Raced
    | Searched
    | ToolCalled
    | LimitReached
    | Noted
    | TraceCut
    | Judged
    | NodeFinished
    | Failed
    | Answered
)
"""Any event: the union that a line of ``events.jsonl`` decodes to."""
