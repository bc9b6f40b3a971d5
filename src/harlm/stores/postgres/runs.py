"""Journals of runs in Postgres: changes in order, by run, so that another machine can take a run up whose own machine was lost.

A request is committed before ``write`` returns, with all that was written before it; a reply is committed within milliseconds. So what
is in the database is always a beginning of what has happened. Commits do not wait for the server's disk, just as SQLite's do not;
``durable`` does.

A lock of the session keeps two living processes from one run. What a process writes counts only while it is the run's holder, so
one that had lost its connection cannot write into a run that another one has taken up meanwhile.
"""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from typing import TypeVar, cast

import msgspec
import psycopg

from harlm.errors import MemoryFailure, TraceError
from harlm.journal.rows import Change, KeptRows, RequestSent, TakenUpElsewhere, ToolBegan, folded
from harlm.stores.postgres.calls import encoded
from harlm.stores.postgres.link import PostgresLink
from harlm.stores.postgres.schema import Connection
from harlm.stores.postgres.server import PostgresAddress
from harlm.stores.postgres.writing import PostgresPending

_T = TypeVar("_T")
_encode = msgspec.msgpack.Encoder().encode
_change_of = msgspec.msgpack.Decoder(Change).decode
_UNBOUNDED = 1 << 50
_ROW = 100  # bytes of a change besides its body


@dataclass(frozen=True, slots=True)
class _Written:
    """A change that is not yet in the database."""

    number: int
    run: bytes
    holder: bytes
    body: bytes


class _ChangeTable:
    """Changes as rows; see ``harlm.stores.postgres.writing.PostgresTable``."""

    noun = "journal of runs"
    is_one_statement = True
    max_bytes = _UNBOUNDED

    def __init__(self, space: bytes, on_lost: Callable[[Iterable[_Written]], None]) -> None:
        self._space = space
        self._on_lost = on_lost

    def key_of(self, item: _Written) -> str:
        """See ``harlm.storage.Sized``."""
        return str(item.number)

    def size_of(self, item: _Written) -> int:
        """See ``harlm.storage.Sized``."""
        return len(item.body) + _ROW

    def make_room(self, connection: Connection, size: int) -> None:
        """See ``PostgresTable``; whole runs are removed, when the first one is opened."""

    def insert(self, connection: Connection, items: Sequence[_Written]) -> None:
        """See ``PostgresTable``. What its writer may not write any more is left out."""
        done = connection.execute(
            "INSERT INTO harlm.changes (space, run, body) SELECT r.space, r.run, c.body"
            " FROM unnest(%s::bytea[], %s::bytea[], %s::bytea[]) WITH ORDINALITY AS c (run, holder, body, at)"
            " JOIN harlm.runs AS r ON r.space = %s AND r.run = c.run AND r.holder = c.holder ORDER BY c.at",
            (
                [each.run for each in items],
                [each.holder for each in items],
                [each.body for each in items],
                self._space,
            ),
        )
        if done.rowcount != len(items):
            self._on_lost(items)


class PostgresRun:
    """The journal of one run; see ``harlm.journal.rows.SharedRun``. For the thread of its event loop.

    Args:
        runs: all runs of this process.
        run: its id.
        holder: the name of this attempt.
        before: that of the last one.
    """

    def __init__(self, runs: PostgresRuns, run: str, holder: bytes, before: bytes | None) -> None:
        self._runs = runs
        self.run = run
        self.holder, self.before = holder, before
        self._is_closed = False

    @property
    def failure(self) -> str | None:
        """See ``harlm.journal.rows.SharedRun``."""
        return self._runs.failure

    def write(self, change: Change) -> None:
        """See ``harlm.journal.rows.RunRows``. While the server is away, changes wait in this process.

        Raises:
            TakenUpElsewhere: the run was taken up by another process.
        """
        self._runs.put(self, _encode(change), waits=isinstance(change, RequestSent | ToolBegan))

    def kept(self) -> KeptRows:
        """See ``harlm.journal.rows.RunRows``.

        Raises:
            TraceError: the server is away.
        """
        with suppress(MemoryFailure):
            self._runs.flush()
        rows = self._runs.asked(
            "its journal cannot be read",
            lambda connection: connection.execute(
                "SELECT body FROM harlm.changes WHERE space = %s AND run = %s ORDER BY number",
                (self._runs.space, encoded(self.run)),
                binary=True,
            ).fetchall(),
        )
        return folded(_change_of(cast(bytes, body)) for (body,) in rows)

    def replace(self, changes: Sequence[Change]) -> None:
        """See ``harlm.journal.rows.SharedRun``.

        Raises:
            TraceError: the server is away.
        """
        place = self._runs.space, encoded(self.run)

        def work(connection: Connection) -> None:
            with connection.transaction():
                connection.execute("DELETE FROM harlm.changes WHERE space = %s AND run = %s", place)
                connection.cursor().executemany(
                    "INSERT INTO harlm.changes (space, run, body) VALUES (%s, %s, %s)",
                    [(*place, _encode(each)) for each in changes],
                )

        with suppress(MemoryFailure):
            self._runs.flush()  # or what waits would come behind them
        self._runs.asked("its journal cannot be written", work)

    def put_files(self, files: Mapping[str, bytes]) -> None:
        """See ``harlm.journal.rows.SharedRun``."""
        place = self._runs.space, encoded(self.run)

        def work(connection: Connection) -> None:
            connection.cursor().executemany(
                "INSERT INTO harlm.files (space, run, name, data) VALUES (%s, %s, %s, %s)"
                " ON CONFLICT (space, run, name) DO UPDATE SET data = excluded.data",
                [(*place, name, data) for name, data in files.items()],
            )

        with suppress(TraceError):
            self._runs.asked("its files cannot be kept", work)

    async def durable(self) -> None:
        """See ``harlm.journal.rows.RunRows``."""
        await asyncio.to_thread(self._runs.sync, self)

    def close(self) -> None:
        """See ``harlm.journal.rows.RunRows``. From now on another process can take the run up."""
        if not self._is_closed:
            self._is_closed = True
            self._runs.release(self)


class PostgresRuns:
    """Journals of the runs of this process; see ``harlm.stores.SharedRuns``. They share one connection.

    Args:
        address: of the database.
        space: the namespace.
        max_bytes: of all journals, beyond which the oldest are removed, but none of the last day.
    """

    def __init__(self, address: PostgresAddress, space: str, max_bytes: int) -> None:
        self._address = address
        self.space = encoded(space)
        self._max_bytes = max_bytes
        self._link = PostgresLink(address, self._hold)
        self._open: dict[bytes, PostgresRun] = {}
        self._lost: set[bytes] = set()
        self._numbers = itertools.count()
        self._pending: PostgresPending[_Written] = PostgresPending(
            self._link, _ChangeTable(self.space, self._find_lost), address
        )
        self._is_pruned = False

    @property
    def failure(self) -> str | None:
        """Why changes are not in the database; ``None`` as long as they are."""
        return self._pending.failure

    def open(self, run: str) -> PostgresRun:
        """See ``harlm.stores.SharedRuns``."""
        place, number = (self.space, encoded(run)), self._lock_number(run)
        holder = os.urandom(16)

        def work(connection: Connection) -> bytes | None:
            if not self._is_pruned:
                self._prune(connection)
            locked = connection.execute("SELECT pg_try_advisory_lock(%s)", (number,)).fetchone()
            if locked != (True,):
                raise TraceError(
                    f"run {run} is open in another process, perhaps on another machine; wait until it has ended, or end that process"
                )
            rows = connection.execute(
                "SELECT holder FROM harlm.runs WHERE space = %s AND run = %s", place, binary=True
            ).fetchall()
            connection.execute(
                "INSERT INTO harlm.runs (space, run, holder) VALUES (%s, %s, %s)"
                " ON CONFLICT (space, run) DO UPDATE SET holder = excluded.holder, opened = now()",
                (*place, holder),
            )
            return bytes(cast(bytes, rows[0][0])) if rows else None

        if any(each.run == run for each in self._open.values()):
            raise TraceError(f"run {run} is open already; wait until it has ended")
        opened = PostgresRun(self, run, holder, self.asked("it cannot be opened there", work))
        self._open[holder] = opened
        return opened

    def files(self, run: str) -> Mapping[str, bytes]:
        """See ``harlm.stores.SharedRuns``."""
        rows = self.asked(
            "its files cannot be read",
            lambda connection: connection.execute(
                "SELECT name, data FROM harlm.files WHERE space = %s AND run = %s",
                (self.space, encoded(run)),
                binary=True,
            ).fetchall(),
        )
        return {str(name): bytes(cast(bytes, data)) for name, data in rows}

    def asked(self, what: str, work: Callable[[Connection], _T]) -> _T:
        """The result of ``work``.

        Raises:
            TraceError: the server is away; ``what`` says what is not possible.
        """
        try:
            return self._link.do(work)
        except psycopg.Error as error:
            raise TraceError(
                f"the shared store {self._address.shown} does not answer, and {what} ({self._address.said(error)}); try again when it does"
            ) from None

    def put(self, run: PostgresRun, body: bytes, *, waits: bool) -> None:
        """Keep a change of a run; if ``waits``, it is committed on return, unless the server is away."""
        self._refuse_lost(run)
        self._pending.put(_Written(next(self._numbers), encoded(run.run), run.holder, body))
        if waits and self._pending.failure is None:
            with suppress(MemoryFailure):  # the file of this machine has it
                self._pending.flush()
            self._refuse_lost(run)

    def flush(self) -> None:
        """Return once all changes are committed.

        Raises:
            MemoryFailure: the server is away.
        """
        self._pending.flush()

    def sync(self, run: PostgresRun) -> None:
        """Return once the server's disk keeps what is committed; at once if it is away."""

        def work(connection: Connection) -> None:
            with connection.transaction():
                connection.execute("SET LOCAL synchronous_commit = on")
                connection.execute(
                    "UPDATE harlm.runs SET opened = now() WHERE space = %s AND run = %s AND holder = %s",
                    (self.space, encoded(run.run), run.holder),
                )

        if self._pending.failure is None:
            with suppress(MemoryFailure, psycopg.Error):
                self._pending.flush()
                self._link.do(work)

    def release(self, run: PostgresRun) -> None:
        """The run has ended here."""
        with suppress(MemoryFailure):
            self._pending.flush()
        self._open.pop(run.holder, None)
        if self._pending.failure is None:
            with suppress(psycopg.Error):
                self._link.do(
                    lambda connection: connection.execute(
                        "SELECT pg_advisory_unlock(%s)", (self._lock_number(run.run),)
                    )
                )

    def close(self) -> None:
        """See ``harlm.stores.SharedRuns``."""
        self._pending.end_writing()
        self._link.close()

    def _lock_number(self, run: str) -> int:
        digest = blake2b(self.space + b"\0" + encoded(run), digest_size=8).digest()
        return int.from_bytes(digest, "little", signed=True)

    def _hold(self, connection: Connection) -> None:
        """A new connection holds the locks of the runs that are open, unless the server still counts a lost connection as theirs."""
        connection.execute("SET synchronous_commit = off")
        for each in list(self._open.values()):
            connection.execute("SELECT pg_try_advisory_lock(%s)", (self._lock_number(each.run),))

    def _find_lost(self, items: Iterable[_Written]) -> None:
        """Some changes were not written: look which runs have another holder."""
        holders = {each.holder for each in items}
        rows = self._link.do(
            lambda connection: connection.execute(
                "SELECT holder FROM harlm.runs WHERE space = %s AND holder = ANY(%s)",
                (self.space, list(holders)),
                binary=True,
            ).fetchall()
        )
        self._lost |= holders - {bytes(cast(bytes, holder)) for (holder,) in rows}

    def _refuse_lost(self, run: PostgresRun) -> None:
        if run.holder in self._lost:
            raise TakenUpElsewhere(
                f"run {run.run} was taken up by another process, perhaps on another machine"
            )

    def _prune(self, connection: Connection) -> None:
        """Remove the oldest runs if all are too large."""
        self._is_pruned = True
        connection.execute(
            "DELETE FROM harlm.runs WHERE opened < now() - interval '1 day' AND (space, run) IN (SELECT space, run FROM (SELECT space, run,"
            " sum(size) OVER (ORDER BY opened DESC, space, run) AS so_far FROM (SELECT r.space, r.run, r.opened, (SELECT coalesce(sum(length(body)), 0)"
            " FROM harlm.changes AS c WHERE c.space = r.space AND c.run = r.run) + (SELECT coalesce(sum(length(data)), 0) FROM harlm.files AS f"
            " WHERE f.space = r.space AND f.run = r.run) AS size FROM harlm.runs AS r) AS sized) AS ranked WHERE so_far > %s)",
            (self._max_bytes,),
        )
