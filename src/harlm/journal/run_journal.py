"""The journal of one run, a SQLite file in the run's folder: what it asks models and tools for, and what comes back.

A request is in the file before it is sent, and a reply before it is handed on. So whenever the process ends, what was paid
for is known, and no code has seen a reply that the file lacks. SQLite hands a write to the operating system at once, where
it survives the process; a thread has the disk keep it within milliseconds, so that it survives a power failure too.

Opened again, it returns the replies of the run's earlier attempts to the calls that get them.
"""

from __future__ import annotations

import sqlite3
import time
import zlib
from collections import Counter, deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from pathlib import Path
from typing import TypeVar

import msgspec

from harlm import errors
from harlm.errors import ModelError, StorageFull
from harlm.journal.syncing import Syncing
from harlm.storage import opened
from harlm.types import Amounts, Completion, Usage

FORMAT = 1
"""The version of the file, raised when an older HARLM could not read it."""

_SCHEMA = f"""
CREATE TABLE requests (
    number INTEGER PRIMARY KEY, state TEXT NOT NULL, model TEXT NOT NULL DEFAULT '', tokens INTEGER NOT NULL, micros INTEGER NOT NULL,
    calls INTEGER NOT NULL, usage TEXT, sent REAL NOT NULL);
CREATE TABLE replies (
    number INTEGER PRIMARY KEY, key TEXT NOT NULL, ordinal INTEGER NOT NULL, node TEXT NOT NULL, role TEXT NOT NULL,
    is_paid INTEGER NOT NULL, reply BLOB, error TEXT);
CREATE TABLE tools (
    number INTEGER PRIMARY KEY, key TEXT NOT NULL, ordinal INTEGER NOT NULL, tool TEXT NOT NULL, arguments TEXT NOT NULL,
    is_pure INTEGER NOT NULL, value BLOB, error TEXT);
CREATE TABLE choices (node TEXT NOT NULL, what TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (node, what));
PRAGMA user_version = {FORMAT};
"""
JOURNAL = "journal.db"
"""The name of the file in the folder of a run."""

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

    Attributes:
        earlier: what earlier attempts left, as far as it has not been returned.
        failure: why nothing more can be written; ``None`` while everything can.

    Raises:
        sqlite3.Error, OSError: the file cannot be opened.
        FutureFormat: a newer HARLM has written it.
    """

    def __init__(
        self, file: Path | None = None, run: str = "", clean: Callable[[bytes], bytes] = bytes
    ) -> None:
        self._run = run
        self._clean = clean
        self._asked: Counter[str] = Counter()
        self._requests = 0
        self._connection: sqlite3.Connection | None = None
        self._syncing: Syncing | None = None
        self.earlier = Earlier()
        self.failure: str | None = None
        if file is not None:
            self._connection = connected(file)
            try:
                self._connection.execute("PRAGMA wal_autocheckpoint = 0")  # it would make the event loop wait
                self._load(self._connection)
                self._syncing = Syncing(file.with_name(f"{file.name}-wal"), self._failed)
            except BaseException:
                self._connection.close()
                raise

    @property
    def is_kept(self) -> bool:
        """Whether there is a file."""
        return self._connection is not None

    # -- money ---------------------------------------------------------------------------------------------

    def sent(self, bound: Amounts) -> int:
        """A request is about to be sent, which uses at most ``bound``; see ``harlm.budget.reservation.RequestLog``.

        Raises:
            StorageFull: that cannot be written down, so nothing may be sent.
        """
        self._requests += 1
        if self.failure is not None:
            raise self._full()
        self._write(
            "INSERT INTO requests (number, state, tokens, micros, calls, sent) VALUES (?, 'sent', ?, ?, ?, ?)",
            (self._requests, *bound, time.time()),
        )
        if self.failure is not None:
            raise self._full()
        return self._requests

    def settled(self, number: int, actual: Amounts, model: str, usage: Usage | None) -> None:
        """A request has ended; see ``harlm.budget.reservation.RequestLog``."""
        state = "done" if usage is not None else "failed"
        known = None if usage is None else _json.encode(usage).decode()
        self._write(
            "UPDATE requests SET state = ?, model = ?, tokens = ?, micros = ?, calls = ?, usage = ? WHERE number = ?",
            (state, model, *actual, known, number),
        )

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
        self._write(
            "INSERT INTO replies (key, ordinal, node, role, is_paid, reply) VALUES (?, ?, ?, ?, ?, ?)",
            (key, ordinal, node, role, is_paid, whole),
        )

    def refused(self, key: str, ordinal: int, error: ModelError, *, node: str, role: str) -> None:
        """Keep the failure of a call."""
        kept = KeptError(type(error).__name__, str(error), error.model, error.status)
        self._write(
            "INSERT INTO replies (key, ordinal, node, role, is_paid, error) VALUES (?, ?, ?, ?, 0, ?)",
            (key, ordinal, node, role, self._clean(_json.encode(kept)).decode()),
        )

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
        if self.failure is None:
            number = self._write(
                "INSERT INTO tools (key, ordinal, tool, arguments, is_pure) VALUES (?, ?, ?, ?, ?)",
                (key, self.ask(key), tool, self._cleaned(arguments), is_pure),
            )
        if self.failure is not None:
            raise self._full()
        return number

    def refuse(self, key: str, tool: str, arguments: str, error: str) -> None:
        """A call of a tool was refused, so that it does not take place."""
        number = self._write(
            "INSERT INTO tools (key, ordinal, tool, arguments, is_pure) VALUES (?, ?, ?, ?, 1)",
            (key, self.ask(key), tool, self._cleaned(arguments)),
        )
        self.called(number, None, error)

    def called(self, number: int, value: object, error: str) -> None:
        """A call of a tool has ended."""
        self._write(
            "UPDATE tools SET value = ?, error = ? WHERE number = ?",
            (packed(self._clean(_json.encode(value))), self._cleaned(error), number),
        )

    # -- choices -------------------------------------------------------------------------------------------

    def choice(self, node: str, what: str) -> str | None:
        """What an earlier attempt chose; ``None`` if it did not get there."""
        return self.earlier.choices.get((node, what))

    def choose(self, node: str, what: str, value: str) -> None:
        """Keep a choice that depends on time or on what was learned, so that a later attempt chooses the same."""
        self._write("INSERT OR REPLACE INTO choices VALUES (?, ?, ?)", (node, what, value))

    def reload(self) -> None:
        """Read ``earlier`` again, after more of it has become known. Nothing of it may have been returned yet."""
        if self._connection is not None:
            self.earlier = Earlier()
            self._load(self._connection)

    # -- the file ------------------------------------------------------------------------------------------

    async def durable(self) -> None:
        """Return once everything written so far survives a power failure, as far as this machine can tell."""
        if self._syncing is not None:
            await self._syncing.done()

    def refuse_all(self, error: Exception) -> None:
        """Let nothing be asked for: it could not be written down."""
        self._failed(error)

    def close(self) -> None:
        """Close the file. Safe to call twice."""
        connection, self._connection = self._connection, None
        if connection is not None:
            if self._syncing is not None:
                self._syncing.close()
            with suppress(sqlite3.Error):
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.close()

    def _write(self, statement: str, values: Sequence[object]) -> int:
        """Write one row, if that is still possible; returns its number."""
        if self._connection is None or self.failure is not None:
            return 0
        try:
            number = self._connection.execute(statement, values).lastrowid or 0
        except (sqlite3.Error, OSError) as error:
            self._failed(error)
            return 0
        if self._syncing is not None:
            self._syncing.wrote()
        return number

    def _cleaned(self, text: str) -> str:
        return self._clean(text.encode("utf-8", "replace")).decode("utf-8", "replace")

    def _failed(self, error: Exception) -> None:
        self.failure = (
            f"what this run asks for cannot be written down ({error}), so it asks for nothing more; free some space, then "
            f"`harlm runs resume {self._run}`"
        )

    def _full(self) -> StorageFull:
        return StorageFull(self.failure or "", limit="disk", used=0, allowed=0)

    def _load(self, connection: sqlite3.Connection) -> None:
        earlier = self.earlier
        for number, state, model, tokens, micros, calls, usage in connection.execute(
            "SELECT number, state, model, tokens, micros, calls, usage FROM requests ORDER BY number"
        ):
            self._requests = number
            if usage is not None:
                used = _usage_of(usage)
                earlier.spent.append((model, used))
                if used.unconfirmed_micros:
                    earlier.unsettled.add(number)
            elif state == "sent":
                earlier.unsettled.add(number)
                bound = Usage(
                    calls=calls,
                    input_tokens=tokens,
                    cost_micros=micros,
                    estimated=True,
                    unconfirmed_micros=micros,
                )
                earlier.spent.append((model, bound))
        followed = dict(
            connection.execute("SELECT node, max(number) FROM replies WHERE role = 'root' GROUP BY node")
        )
        for number, key, node, is_paid, reply, error in connection.execute(
            "SELECT number, key, node, is_paid, reply, error FROM replies ORDER BY ordinal, number"
        ):
            if reply is not None:
                kept = KeptReply(completion=_reply_of(_unpacked(reply)), is_paid=bool(is_paid))
            elif number < followed.get(node, 0):  # the run went on after it; the last failure is tried again
                kept = KeptReply(
                    completion=None, error=msgspec.json.decode(error, type=KeptError), is_paid=False
                )
            else:
                continue
            earlier.replies.setdefault(key, deque()).append(kept)
        for number, key, tool, arguments, is_pure, value, error in connection.execute(
            "SELECT number, key, tool, arguments, is_pure, value, error FROM tools ORDER BY ordinal, number"
        ):
            if error is not None:
                returned = msgspec.json.decode(_unpacked(value))
                kept_value = KeptValue(has_ended=True, value=returned, error=error, number=number)
            elif is_pure:
                continue  # it is called again
            else:
                kept_value = KeptValue(has_ended=False, number=number)
                earlier.doubtful.append(DoubtfulCall(tool, arguments))
            earlier.values.setdefault(key, deque()).append(kept_value)
        earlier.choices.update(
            ((node, what), value)
            for node, what, value in connection.execute("SELECT node, what, value FROM choices")
        )


def connected(file: Path) -> sqlite3.Connection:
    """A connection to the file of a journal, which is made if it does not exist.

    Raises:
        sqlite3.Error, OSError: it cannot be opened.
        FutureFormat: a newer HARLM has written it.
    """
    return opened(file, _SCHEMA, FORMAT)


def _next(kept: dict[str, deque[_T]], key: str) -> _T | None:
    waiting = kept.get(key)
    return waiting.popleft() if waiting else None


def packed(data: bytes) -> bytes:
    """``data``, compressed if it is long; its first byte says so."""
    return b"z" + zlib.compress(data, 1) if len(data) > _SHORT else b"-" + data


def _unpacked(data: bytes) -> bytes:
    return zlib.decompressobj().decompress(data[1:], _LONGEST) if data[:1] == b"z" else data[1:]
