"""Opens the journal of a run, whatever has become of its file: one that is damaged is set aside, and what the trace of the run
knows and the file lacks is put back.

The trace does not hold all: the value of a tool that may have changed something is lost with the file, so that such a call is in
doubt. What was chosen is chosen anew.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from harlm.errors import ConfigError, TraceError
from harlm.journal.rows import SharedRun
from harlm.journal.run_file import connected
from harlm.journal.run_journal import JOURNAL, RunJournal, packed
from harlm.storage import FutureFormat, set_aside, transaction
from harlm.types import Completion, Usage

_DESCRIPTORS = 4  # of a journal: the file, its log, its index, and one to sync it
_json = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveredReply:
    """A reply that the trace of a run holds.

    Attributes:
        key, ordinal: its place in the journal.
        node, role: of the call.
        completion: the reply.
        is_paid: whether the run paid for it.
    """

    key: str
    ordinal: int
    node: str
    role: str
    completion: Completion
    is_paid: bool


@dataclass(frozen=True, slots=True)
class RecoveredCall:
    """A call of a tool that may have changed something, as the trace of a run holds it."""

    key: str
    tool: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Recovered:
    """What the trace of a run knows of it.

    Attributes:
        replies: one for each place, in the order in which they came.
        calls: of tools that may have changed something, in order.
        bills: the model's full name and the usage of each request that was answered.
    """

    replies: Sequence[RecoveredReply] = ()
    calls: Sequence[RecoveredCall] = ()
    bills: Sequence[tuple[str, Usage]] = ()


def opened_journal(
    folder: Path,
    clean: Callable[[bytes], bytes] = bytes,
    found: Callable[[], Recovered] | None = None,
    shared: SharedRun | None = None,
) -> RunJournal:
    """The journal in the folder of a run.

    Args:
        folder: of the run.
        clean: as for ``RunJournal``.
        found: what the trace knows, for a run that is taken up again; ``None`` for a new run.
        shared: as for ``RunJournal``.

    Raises:
        TraceError: a newer HARLM has written it, or it cannot be opened.
        ConfigError: no descriptors are left for it.
    """
    file = folder / JOURNAL
    try:
        if found is None:
            return RunJournal(file, folder.name, clean, shared)
        try:
            return _completed(file, folder.name, clean, found, shared)
        except (sqlite3.DatabaseError, zlib.error, msgspec.MsgspecError) as error:
            if not set_aside(
                file, error if isinstance(error, sqlite3.Error) else sqlite3.DatabaseError(str(error))
            ):
                raise
            return _completed(file, folder.name, clean, found, shared)
    except FutureFormat as error:
        raise TraceError(
            f"the journal of run {folder.name} was written by a newer HARLM ({error}); use that version"
        ) from error
    except (sqlite3.Error, OSError) as error:
        if _few_descriptors():
            raise ConfigError(
                f"the journal of run {folder.name} cannot be opened (Too many open files); close some files, or raise their limit "
                "(`ulimit -n`)"
            ) from error
        raise TraceError(f"the journal of run {folder.name} cannot be opened: {error}") from error


def _few_descriptors() -> bool:
    """Whether no descriptors are left for a journal: SQLite does not say why it cannot open a file."""
    taken: list[int] = []
    try:
        while len(taken) < _DESCRIPTORS:
            taken.append(os.open(os.devnull, os.O_RDONLY))
    except OSError as error:
        return error.errno in (errno.EMFILE, errno.ENFILE)
    finally:
        for each in taken:
            os.close(each)
    return False


def _completed(
    file: Path,
    run: str,
    clean: Callable[[bytes], bytes],
    found: Callable[[], Recovered],
    shared: SharedRun | None,
) -> RunJournal:
    """The journal in a file that is whole, with what the file lacks.

    Raises:
        sqlite3.DatabaseError, zlib.error, msgspec.MsgspecError: the file is damaged.
    """
    with closing(connected(file)) as connection:
        verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if verdict != "ok":
            raise sqlite3.DatabaseError(f"it is damaged: {verdict}")
        known = found()
        with transaction(connection):
            _put_replies(connection, known.replies, clean)
            _put_bills(connection, known.bills)
            _put_calls(connection, known.calls)
    return RunJournal(file, run, clean, shared)


def _put_replies(
    connection: sqlite3.Connection, replies: Sequence[RecoveredReply], clean: Callable[[bytes], bytes]
) -> None:
    """Add the replies that are missing."""
    there = set(connection.execute("SELECT key, ordinal FROM replies WHERE reply IS NOT NULL"))
    for each in replies:
        if (each.key, each.ordinal) not in there:
            reply = packed(clean(_json.encode(replace(each.completion, rates=None))))
            connection.execute(
                "INSERT INTO replies (key, ordinal, node, role, is_paid, reply) VALUES (?, ?, ?, ?, ?, ?)",
                (each.key, each.ordinal, each.node, each.role, each.is_paid, reply),
            )


def _put_bills(connection: sqlite3.Connection, bills: Sequence[tuple[str, Usage]]) -> None:
    """Add the bills that are missing."""
    there = Counter(row[0] for row in connection.execute("SELECT usage FROM requests WHERE state = 'done'"))
    for model, usage in bills:
        bill = _json.encode(usage).decode()
        if there[bill]:
            there[bill] -= 1
        else:
            connection.execute(
                "INSERT INTO requests (state, model, tokens, micros, calls, usage, sent) VALUES ('done', ?, ?, ?, ?, ?, 0)",
                (model, usage.input_tokens + usage.output_tokens, usage.cost_micros or 0, usage.calls, bill),
            )


def _put_calls(connection: sqlite3.Connection, calls: Sequence[RecoveredCall]) -> None:
    """Add the calls of tools that are missing: in doubt, since what they returned is not known."""
    there = Counter(row[0] for row in connection.execute("SELECT key FROM tools"))
    seen: Counter[str] = Counter()
    for each in calls:
        ordinal = seen[each.key]
        seen[each.key] += 1
        if ordinal >= there[each.key]:
            connection.execute(
                "INSERT INTO tools (key, ordinal, tool, arguments, is_pure) VALUES (?, ?, ?, ?, 0)",
                (each.key, ordinal, each.tool, each.arguments),
            )
