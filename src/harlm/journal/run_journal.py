"""The journal of one run, a SQLite file in the run's folder: what it asks models and tools for, and what comes back.

A request is in the file before it is sent, and a reply before it is handed on. So whenever the process ends, what was paid
for is known, and no code has seen a reply that the file lacks. A run that several machines may take up is written down in a shared
place as well.

Opened again, it returns the replies of the run's earlier attempts to the calls that get them.
"""

from __future__ import annotations

import sqlite3
import time
import zlib
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from pathlib import Path
from typing import TypeVar

import msgspec

from harlm import errors
from harlm.errors import ModelError, StorageFull
from harlm.journal.rows import (
    Change,
    Chosen,
    KeptRows,
    ReplyCame,
    RequestSent,
    RequestSettled,
    SharedRun,
    TakenUpElsewhere,
    ToolBegan,
    ToolEnded,
    unfolded,
)
from harlm.journal.run_file import RunFile
from harlm.types import Amounts, Completion, Usage

JOURNAL = "journal.db"
"""The name of the file in the folder of a run."""

SHARED_FILES = ("run.json", "request.json", "context.z")
"""The files of a run that another machine needs to take it up."""

_SHORT = 512  # bytes that are not worth compressing
_LONGEST = 256 << 20  # bytes of a value: a file from another machine could ask for any amount of memory

_T = TypeVar("_T")
_json = msgspec.json.Encoder()
_reply_of = msgspec.json.Decoder(Completion).decode
_usage_of = msgspec.json.Decoder(Usage).decode


class KeptError(msgspec.Struct, frozen=True):
    """A failure that a cell has seen: the name of its class, its message, and the HTTP status if there was one."""

    kind: str
    message: str
    model: str = ""
    status: int | None = None

    def raised(self) -> ModelError:
        """The failure as the model raised it."""
        kind = getattr(errors, self.kind, ModelError)
        known = isinstance(kind, type) and issubclass(kind, ModelError)
        return (kind if known else ModelError)(self.message, model=self.model, status=self.status)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptReply:
    """How a call of an earlier attempt ended.

    Attributes:
        completion: the reply; ``None`` if the call failed.
        error: the failure; ``None`` if there is a reply.
        is_paid: whether the attempt paid for it; otherwise the reply was known to it.
    """

    completion: Completion | None
    error: KeptError | None = None
    is_paid: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptValue:
    """How a call of a tool ended in an earlier attempt.

    Attributes:
        has_ended: whether that is known; otherwise the process ended during the call.
        value: what the tool returned.
        error: the message of its failure; empty if it returned.
        number: of the call.
    """

    has_ended: bool
    value: object = None
    error: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True)
class DoubtfulCall:
    """A call of a tool that an earlier attempt made, of which it is unknown whether it took place."""

    tool: str
    arguments: str


@dataclass(slots=True)
class Earlier:
    """What the earlier attempts at a run have left.

    Attributes:
        spent: what they used, by model; requests without a reply with the most that they may have used.
        replies, values: by key, in the order in which they were asked for.
        choices: by node and what was chosen.
        doubtful: calls of tools that change something, of which it is unknown whether they took place.
        unsettled: the numbers of requests that came back in no attempt, counted with the most that they may have used.
    """

    spent: list[tuple[str, Usage]] = field(default_factory=list)
    replies: dict[str, deque[KeptReply]] = field(default_factory=dict)
    values: dict[str, deque[KeptValue]] = field(default_factory=dict)
    choices: dict[tuple[str, str], str] = field(default_factory=dict)
    doubtful: list[DoubtfulCall] = field(default_factory=list)
    unsettled: set[int] = field(default_factory=set)


class RunJournal:
    """Keeps what one run asks for. For the thread of its event loop.

    Args:
        file: the file; ``None`` keeps nothing, for runs that store nothing.
        run: the id of the run.
        clean: takes secrets out of JSON and text.
        shared: a second place, for other machines. It has all that the file has.

    Attributes:
        earlier: what earlier attempts left, as far as it has not been returned.
        failure: why nothing more can be written; ``None`` while everything can.

    Raises:
        sqlite3.Error, OSError: the file cannot be opened.
        FutureFormat: a newer HARLM has written it.
    """

    def __init__(
        self,
        file: Path | None = None,
        run: str = "",
        clean: Callable[[bytes], bytes] = bytes,
        shared: SharedRun | None = None,
    ) -> None:
        self._run = run
        self._clean = clean
        self._asked: Counter[str] = Counter()
        self._requests = self._calls = 0
        self._rows: RunFile | None = None
        self._shared = shared
        self.earlier = Earlier()
        self.failure: str | None = None
        if file is not None:
            self._rows = RunFile(file, self._failed)
            try:
                rows = self._rows.kept()
                self._load(rows)
                if shared is not None and rows != KeptRows():
                    shared.replace(unfolded(rows))
            except BaseException:
                self._rows.close()
                raise

    @property
    def is_kept(self) -> bool:
        """Whether there is a file."""
        return self._rows is not None

    @property
    def unshared(self) -> str | None:
        """Why no other machine could take this run up as it is now; ``None`` if one could, or no place is shared."""
        return None if self._shared is None else self._shared.failure

    def share_files(self, folder: Path) -> None:
        """Keep what this run was asked where other machines find it. May be called in a thread."""
        if self._shared is not None:
            found = {name: folder / name for name in SHARED_FILES}
            self._shared.put_files({name: file.read_bytes() for name, file in found.items() if file.exists()})

    # -- money ---------------------------------------------------------------------------------------------

    def sent(self, bound: Amounts) -> int:
        """A request is about to be sent, which uses at most ``bound``; see ``harlm.budget.reservation.RequestLog``.

        Raises:
            StorageFull: that cannot be written down, so nothing may be sent.
        """
        self._requests += 1
        if self.failure is not None:
            raise self._full()
        self._write(RequestSent(self._requests, *bound, time.time()))
        if self.failure is not None:
            raise self._full()
        return self._requests

    def settled(self, number: int, actual: Amounts, model: str, usage: Usage | None) -> None:
        """A request has ended; see ``harlm.budget.reservation.RequestLog``."""
        state = "done" if usage is not None else "failed"
        known = None if usage is None else _json.encode(usage).decode()
        self._write(RequestSettled(number, state, model, *actual, known))

    # -- replies -------------------------------------------------------------------------------------------

    def ask(self, key: str) -> int:
        """The number of a call among those with its key: 0, 1, 2, …"""
        self._asked[key] += 1
        return self._asked[key] - 1

    def known(self, key: str) -> KeptReply | None:
        """How the next call with this key ended in an earlier attempt; ``None`` if it did not."""
        return _next(self.earlier.replies, key)

    def request_key(self, key: str, ordinal: int, limit: int | None) -> str | None:
        """The key by which a provider recognises a call that is made again after the process was killed."""
        if not self.is_kept:
            return None
        return blake2b(repr((self._run, key, ordinal, limit)).encode(), digest_size=16).hexdigest()

    def replied(
        self, key: str, ordinal: int, completion: Completion, *, node: str, role: str, is_paid: bool
    ) -> None:
        """Keep the reply to a call."""
        whole = packed(self._clean(_json.encode(replace(completion, rates=None))))
        self._write(ReplyCame(key, ordinal, node, role, is_paid, whole, None))

    def refused(self, key: str, ordinal: int, error: ModelError, *, node: str, role: str) -> None:
        """Keep the failure of a call."""
        kept = KeptError(type(error).__name__, str(error), error.model, error.status)
        said = self._clean(_json.encode(kept)).decode()
        self._write(ReplyCame(key, ordinal, node, role, is_paid=False, reply=None, error=said))

    # -- tools ---------------------------------------------------------------------------------------------

    def known_value(self, key: str) -> KeptValue | None:
        """How the next call of a tool with this key ended in an earlier attempt; ``None`` if it was not made."""
        if (kept := _next(self.earlier.values, key)) is not None:
            self.ask(key)
        return kept

    def calling(self, key: str, tool: str, arguments: str, *, is_pure: bool) -> int:
        """A tool is about to be called.

        Returns:
            the number of the call, for ``called``.

        Raises:
            StorageFull: that cannot be written down, so it must not be called.
        """
        number = self._call(key, tool, arguments, is_pure=is_pure) if self.failure is None else 0
        if self.failure is not None:
            raise self._full()
        return number

    def refuse(self, key: str, tool: str, arguments: str, error: str) -> None:
        """A call of a tool was refused, so that it does not take place."""
        self.called(self._call(key, tool, arguments, is_pure=True), None, error)

    def called(self, number: int, value: object, error: str) -> None:
        """A call of a tool has ended."""
        self._write(ToolEnded(number, packed(self._clean(_json.encode(value))), self._cleaned(error)))

    def _call(self, key: str, tool: str, arguments: str, *, is_pure: bool) -> int:
        self._calls += 1
        self._write(ToolBegan(self._calls, key, self.ask(key), tool, self._cleaned(arguments), is_pure))
        return self._calls

    # -- choices -------------------------------------------------------------------------------------------

    def choice(self, node: str, what: str) -> str | None:
        """What an earlier attempt chose; ``None`` if it did not get there."""
        return self.earlier.choices.get((node, what))

    def choose(self, node: str, what: str, value: str) -> None:
        """Keep a choice that depends on time or on what was learned, so that a later attempt chooses the same."""
        self._write(Chosen(node, what, value))

    def reload(self) -> None:
        """Read ``earlier`` again, after more of it has become known. Nothing of it may have been returned yet."""
        if self._rows is not None:
            self.earlier = Earlier()
            self._load(self._rows.kept())

    # -- the file ------------------------------------------------------------------------------------------

    async def durable(self) -> None:
        """Return once everything written so far survives a power failure, as far as this machine can tell."""
        for place in (self._rows, self._shared):
            if place is not None:
                await place.durable()

    def refuse_all(self, error: Exception) -> None:
        """Let nothing be asked for: it could not be written down."""
        self._failed(error)

    def close(self) -> None:
        """Close the file. Safe to call twice."""
        rows, self._rows = self._rows, None
        if rows is not None:
            rows.close()
        if self._shared is not None:
            self._shared.close()

    def _write(self, change: Change) -> None:
        """Write one change, if that is still possible."""
        if self._rows is None or self.failure is not None:
            return
        try:
            self._rows.write(change)
            if self._shared is not None:
                self._shared.write(change)
        except (sqlite3.Error, OSError) as error:
            self._failed(error)

    def _cleaned(self, text: str) -> str:
        return self._clean(text.encode("utf-8", "replace")).decode("utf-8", "replace")

    def _failed(self, error: Exception) -> None:
        elsewhere = isinstance(error, TakenUpElsewhere)
        advice = (
            "read its answer there" if elsewhere else f"free some space, then `harlm runs resume {self._run}`"
        )
        self.failure = (
            f"what this run asks for cannot be written down ({error}), so it asks for nothing more; {advice}"
        )

    def _full(self) -> StorageFull:
        return StorageFull(self.failure or "", limit="disk", used=0, allowed=0)

    def _load(self, rows: KeptRows) -> None:
        earlier = self.earlier
        for number, each in rows.requests.items():
            self._requests = number
            if each.usage is not None:
                used = _usage_of(each.usage)
                earlier.spent.append((each.model, used))
                if used.unconfirmed_micros:
                    earlier.unsettled.add(number)
            elif each.state == "sent":
                earlier.unsettled.add(number)
                bound = Usage(
                    calls=each.calls,
                    input_tokens=each.tokens,
                    cost_micros=each.micros,
                    estimated=True,
                    unconfirmed_micros=each.micros,
                )
                earlier.spent.append((each.model, bound))
        self._load_replies(rows)
        self._calls = max(rows.calls, default=0)
        for call in sorted(rows.calls.values(), key=lambda call: (call.ordinal, call.number)):
            if call.error is not None:
                returned = msgspec.json.decode(_unpacked(call.value or b""))
                kept_value = KeptValue(has_ended=True, value=returned, error=call.error, number=call.number)
            elif call.is_pure:
                continue  # it is called again
            else:
                kept_value = KeptValue(has_ended=False, number=call.number)
                earlier.doubtful.append(DoubtfulCall(call.tool, call.arguments))
            earlier.values.setdefault(call.key, deque()).append(kept_value)
        earlier.choices.update(rows.choices)

    def _load_replies(self, rows: KeptRows) -> None:
        followed = {each.node: number for number, each in rows.replies if each.role == "root"}
        for number, each in sorted(rows.replies, key=lambda row: (row[1].ordinal, row[0])):
            if each.reply is not None:
                kept = KeptReply(completion=_reply_of(_unpacked(each.reply)), is_paid=each.is_paid)
            elif number < followed.get(
                each.node, 0
            ):  # the run went on after it; the last failure is tried again
                error = msgspec.json.decode(each.error or "", type=KeptError)
                kept = KeptReply(completion=None, error=error, is_paid=False)
            else:
                continue
            self.earlier.replies.setdefault(each.key, deque()).append(kept)


def _next(kept: dict[str, deque[_T]], key: str) -> _T | None:
    waiting = kept.get(key)
    return waiting.popleft() if waiting else None


def packed(data: bytes) -> bytes:
    """``data``, compressed if it is long; its first byte says so."""
    return b"z" + zlib.compress(data, 1) if len(data) > _SHORT else b"-" + data


def _unpacked(data: bytes) -> bytes:
    return zlib.decompressobj().decompress(data[1:], _LONGEST) if data[:1] == b"z" else data[1:]
