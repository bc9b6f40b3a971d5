"""What the journal of one run consists of: changes, as they happen, and the rows that they leave. Does not depend on where they are kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import msgspec


class _Change(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """One change of a journal."""


class RequestSent(_Change, frozen=True, tag="sent"):
    """A request is about to be sent, which uses at most so many tokens, micro-dollars and calls; ``at`` is in seconds since the epoch."""

    number: int
    tokens: int
    micros: int
    calls: int
    at: float


class RequestSettled(_Change, frozen=True, tag="settled"):
    """A request has ended; ``usage`` is JSON, ``None`` if it failed."""

    number: int
    state: str
    model: str
    tokens: int
    micros: int
    calls: int
    usage: str | None


class ReplyCame(_Change, frozen=True, tag="reply"):
    """A call has its packed reply, or its failure as JSON."""

    key: str
    ordinal: int
    node: str
    role: str
    is_paid: bool
    reply: bytes | None
    error: str | None


class ToolBegan(_Change, frozen=True, tag="tool"):
    """A tool is about to be called."""

    number: int
    key: str
    ordinal: int
    tool: str
    arguments: str
    is_pure: bool


class ToolEnded(_Change, frozen=True, tag="ended"):
    """A call of a tool has ended with a packed value, or with a message."""

    number: int
    value: bytes
    error: str


class Chosen(_Change, frozen=True, tag="chosen"):
    """Something was chosen at a node."""

    node: str
    what: str
    value: str


Change = RequestSent | RequestSettled | ReplyCame | ToolBegan | ToolEnded | Chosen
"""Everything that a journal is told."""


@dataclass(frozen=True, slots=True)
class KeptRequest:
    """A request and how it ended; ``state`` is ``sent``, ``done`` or ``failed``."""

    number: int
    state: str
    model: str
    tokens: int
    micros: int
    calls: int
    usage: str | None


@dataclass(frozen=True, slots=True)
class KeptCall:
    """A call of a tool; ``error`` is ``None`` if it is unknown how it ended, and empty if it returned."""

    number: int
    key: str
    ordinal: int
    tool: str
    arguments: str
    is_pure: bool
    value: bytes | None = None
    error: str | None = None


@dataclass(slots=True)
class KeptRows:
    """All rows of a journal.

    Attributes:
        requests: by number.
        replies: with their numbers, in the order in which they came.
        calls: of tools, by number.
        choices: by node and what was chosen.
    """

    requests: dict[int, KeptRequest] = field(default_factory=dict)
    replies: list[tuple[int, ReplyCame]] = field(default_factory=list)
    calls: dict[int, KeptCall] = field(default_factory=dict)
    choices: dict[tuple[str, str], str] = field(default_factory=dict)


class RunRows(Protocol):
    """A place that keeps the journal of one run."""

    def write(self, change: Change) -> None:
        """Keep a change. A request and a call of a tool are kept when this returns, with all that was written before; the others soon.

        Raises:
            OSError, sqlite3.Error: it cannot be kept.
        """
        ...

    def replace(self, changes: Sequence[Change]) -> None:
        """Keep these changes in place of all that are kept.

        Raises:
            OSError, sqlite3.Error, TraceError: they cannot be kept.
        """
        ...

    def kept(self) -> KeptRows:
        """All that is kept."""
        ...

    async def durable(self) -> None:
        """Return once everything written so far survives a power failure, as far as the place can tell."""
        ...

    def close(self) -> None:
        """Release all resources. Safe to call twice."""
        ...


class SharedRun(RunRows, Protocol):
    """The journal of one run in a place that several machines share. This process holds it: no other one can take the run up before
    ``close``.

    ``write`` raises ``TakenUpElsewhere`` once another process has taken the run up; it raises nothing while the place is away.
    """

    @property
    def holder(self) -> bytes:
        """A name of this attempt, which no other attempt has."""
        ...

    @property
    def before(self) -> bytes | None:
        """The holder of the last attempt; ``None`` if there was none."""
        ...

    @property
    def failure(self) -> str | None:
        """Why changes are not in their place; ``None`` as long as they are."""
        ...

    def put_files(self, files: Mapping[str, bytes]) -> None:
        """Keep files with the run, such as what it was asked. Where that fails, nothing is raised."""
        ...


class TakenUpElsewhere(OSError):
    """Another process, perhaps on another machine, continues the run of this one."""


def folded(changes: Iterable[Change]) -> KeptRows:
    """The rows that changes leave."""
    rows = KeptRows()
    for number, change in enumerate(changes, start=1):
        match change:
            case RequestSent():
                rows.requests[change.number] = KeptRequest(
                    change.number, "sent", "", change.tokens, change.micros, change.calls, None
                )
            case RequestSettled():
                rows.requests[change.number] = KeptRequest(*msgspec.structs.astuple(change))
            case ReplyCame():
                rows.replies.append((number, change))
            case ToolBegan():
                rows.calls[change.number] = KeptCall(*msgspec.structs.astuple(change))
            case ToolEnded() if change.number in rows.calls:
                rows.calls[change.number] = replace(
                    rows.calls[change.number], value=change.value, error=change.error
                )
            case Chosen():
                rows.choices[change.node, change.what] = change.value
    return rows


def unfolded(rows: KeptRows) -> list[Change]:
    """Changes that leave these rows."""
    changes: list[Change] = []
    for request in rows.requests.values():
        changes.append(RequestSent(request.number, request.tokens, request.micros, request.calls, 0.0))
        if request.state != "sent":
            settled = (
                request.state,
                request.model,
                request.tokens,
                request.micros,
                request.calls,
                request.usage,
            )
            changes.append(RequestSettled(request.number, *settled))
    changes += [reply for _, reply in rows.replies]
    for call in rows.calls.values():
        changes.append(
            ToolBegan(call.number, call.key, call.ordinal, call.tool, call.arguments, bool(call.is_pure))
        )
        if call.error is not None:
            changes.append(ToolEnded(call.number, call.value or b"", call.error))
    return changes + [Chosen(node, what, value) for (node, what), value in rows.choices.items()]
