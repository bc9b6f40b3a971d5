"""What can happen in a run: one tagged union, which is also the trace format. Events say what happened; they
refuse to decide anything.

Every event carries ``v seq ts run node parent`` and its ``kind``. A node is one ``solve``: ``0`` is the task of
the user, ``0.2`` the third child of it, and so on; ``parent`` is None for the root.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from harlm.types import Answer, Message, Mode, Skipped, Usage

FORMAT = 1
"""The version of the trace format, written into every event as ``v``."""

Role = Literal["root", "sub", "summary"]
"""Who a call was made for: the model that writes code, one that was called by code, or one that makes memory short."""


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind"):
    """What every event carries. The run stamps it; whoever reports an event gives the rest.

    Attributes:
        v: version of the format.
        seq: 1, 2, 3, … within the run.
        ts: seconds since the epoch.
        run: the run's id.
        node: the node that it happened in.
        parent: the node above; None at the root.
    """

    v: int = FORMAT
    seq: int = 0
    ts: float = 0.0
    run: str = ""
    node: str = ""
    parent: str | None = None

    @property
    def kind(self) -> str:
        """The tag that this event is written with."""
        return str(type(self).__struct_config__.tag)


class RunStarted(Event, frozen=True, kw_only=True, tag="run_started"):
    """A question was asked."""

    question: str
    root_model: str
    sub_model: str
    documents: int
    characters: int
    tokens: int
    skipped: tuple[Skipped, ...] = ()


class Routed(Event, frozen=True, kw_only=True, tag="routed"):
    """A mode was chosen, by the router or by the caller."""

    mode: Mode
    probabilities: Mapping[Mode, float]
    reasons: tuple[str, ...]


class NodeStarted(Event, frozen=True, kw_only=True, tag="node_started"):
    """A node of the recursion began."""

    depth: int
    question: str
    mode: Mode
    documents: int
    characters: int


class CallStarted(Event, frozen=True, kw_only=True, tag="call_started"):
    """A request went to a model."""

    call: int
    role: Role
    model: str
    messages: tuple[Message, ...]


class CallFinished(Event, frozen=True, kw_only=True, tag="call_finished"):
    """A model replied."""

    call: int
    text: str
    usage: Usage
    stop: str
    latency_s: float


class Reused(Event, frozen=True, kw_only=True, tag="reused"):
    """A model was not asked, since its reply was known: ``saved`` is what it took when it was made."""

    role: Role
    model: str
    messages: tuple[Message, ...]
    text: str
    saved: Usage


class Folded(Event, frozen=True, kw_only=True, tag="folded"):
    """Turns of a node went into memory; the model is shown a view of them. Tokens of what was shown before, and now."""

    turns: int
    tokens: int
    view_tokens: int


class CallFailed(Event, frozen=True, kw_only=True, tag="call_failed"):
    """A request to a model failed, or was cancelled."""

    call: int
    error: str
    status: int | None = None


class Retried(Event, frozen=True, kw_only=True, tag="retried"):
    """An attempt of a call failed, and another follows after ``wait_s`` seconds."""

    model: str
    attempt: int
    error: str
    wait_s: float


class Hedged(Event, frozen=True, kw_only=True, tag="hedged"):
    """A call was slower than 95 % of its like, and was asked a second time; the first reply counts."""

    model: str
    after_s: float


class FellBack(Event, frozen=True, kw_only=True, tag="fell_back"):
    """A model did not answer, and another is asked in its place."""

    model: str
    instead: str
    error: str


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


class ScheduledCall(msgspec.Struct, frozen=True, kw_only=True):
    """One call of a cell, as a node of its graph: ``needs`` are the edges. Times are seconds since the cell began."""

    number: int
    function: str
    needs: tuple[int, ...]
    early: bool
    claimed: bool
    began_s: float
    seconds: float


class Scheduled(Event, frozen=True, kw_only=True, tag="scheduled"):
    """What the calls of a cell did: how many were made early, claimed and wasted, and the graph of the first of them.

    ``pattern`` is what the cell is as a whole (``harlm.scheduler.plan.Shape``), ``parallelism`` the seconds of its calls over
    the seconds in which any was under way.
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


class Searched(Event, frozen=True, kw_only=True, tag="searched"):
    """A cell searched its context."""

    query: str
    hits: int
    seconds: float


class ReplOpened(Event, frozen=True, kw_only=True, tag="repl_opened"):
    """A node's REPL is there. ``tier`` names how its code is kept apart (``docs/concepts/sandbox.md``)."""

    tier: str


class LimitReached(Event, frozen=True, kw_only=True, tag="limit_reached"):
    """A node's budget is spent: it finishes with what it has. The figures are in the unit of ``limit``."""

    limit: str
    used: float
    allowed: float
    message: str


class Noted(Event, frozen=True, kw_only=True, tag="noted"):
    """Something that the user should know and that stops nothing."""

    message: str


class NodeFinished(Event, frozen=True, kw_only=True, tag="node_finished"):
    """A node returned."""

    status: str
    text: str


class Failed(Event, frozen=True, kw_only=True, tag="failed"):
    """The run ended without an answer: an error, or an interruption by the user."""

    error: str
    type: str


class Answered(Event, frozen=True, kw_only=True, tag="answer"):
    """The run's answer. Nothing follows it."""

    answer: Answer


AnyEvent = (
    RunStarted
    | Routed
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
    | Scheduled
    | Searched
    | LimitReached
    | Noted
    | NodeFinished
    | Failed
    | Answered
)
"""The union that a line of ``events.jsonl`` decodes to."""
