"""What a run writes into its folder: the trace and the journal, within the sizes of the settings."""

from __future__ import annotations

import errno
import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, closing, suppress
from functools import partial
from pathlib import Path

from harlm.config import Config
from harlm.errors import HarlmError, TraceError
from harlm.events import CallFinished, CallStarted, Noted, Resumed, Reused, ToolCalled
from harlm.home import leave_out_own_files, runs_of
from harlm.journal import JOURNAL, Recovered, RecoveredCall, RecoveredReply, RunJournal, opened_journal
from harlm.journal.rows import SharedRun
from harlm.protocols import TraceSink
from harlm.redact import Redactor
from harlm.stores import SharedRuns
from harlm.stores.taking_over import held
from harlm.tracing.cutting import was_cut
from harlm.tracing.fanout import Fanout
from harlm.tracing.housekeeping import Housekeeper
from harlm.tracing.jsonl import JsonlSink, NoTrace, RunFolder
from harlm.types import Completion, Usage, summed

_LEAST = 1 << 16  # bytes that a new journal needs


def stored_run(
    config: Config,
    run_id: str,
    redactor: Redactor,
    sinks: Sequence[TraceSink],
    cleanup: AsyncExitStack,
    *,
    is_new: bool,
) -> JsonlSink | NoTrace:
    """The stored trace of a run, within its size and that of all runs; ``sinks`` get the event that it was cut.

    Where it cannot be stored, the first event fails: ``Fanout`` tells the other sinks why, and the run continues.
    """
    keeper = Housekeeper(runs_of(config), config.tracing.runs_mb << 20)
    keeper.start()
    folder = runs_of(config) / run_id
    cleanup.callback(_counted, keeper, folder)
    try:
        sink = JsonlSink(
            folder,
            redactor,
            is_new=is_new,
            max_bytes=config.tracing.run_mb << 20,
            on_cut=Fanout(sinks).emit,
            on_written=keeper.wrote,
        )
    except OSError as error:
        return NoTrace(error, runs_of(config))
    with suppress(
        OSError
    ):  # costs a later question over a folder around the home some lines to read, not this run its trace
        leave_out_own_files(config)
    return cleanup.enter_context(closing(sink))


def _counted(keeper: Housekeeper, folder: Path) -> None:
    """Count what a run has written besides its trace, at its end."""
    for name in ("journal.db", "request.json", "context.z"):
        with suppress(OSError):
            keeper.wrote((folder / name).stat().st_size)
    keeper.close()


def journal_of(
    config: Config,
    run_id: str,
    redactor: Redactor,
    sinks: Sequence[TraceSink],
    cleanup: AsyncExitStack,
    stored: JsonlSink | NoTrace,
    runs: SharedRuns | None = None,
    *,
    is_new: bool,
) -> RunJournal:
    """The journal of a run; one that keeps nothing where the run cannot be stored. What the journal of an earlier attempt lacks is
    taken from the trace. Where the disk has no room for a new one, nothing may be asked for.

    Raises:
        TraceError: the journal of an earlier attempt cannot be used, or another machine has the run open.
        ConfigError: no descriptors are left for it.
    """
    folder = runs_of(config) / run_id
    found = None if is_new else partial(found_in_trace, folder)
    try:
        if isinstance(stored, JsonlSink):
            shared = None if runs is None else _shared(runs, folder, cleanup, is_new=is_new)
            journal = opened_journal(folder, redactor.clean, found, shared)
        else:
            journal = RunJournal()
    except TraceError as error:
        if not is_new:
            raise
        journal = RunJournal()
        if (reason := _shortage(folder)) is not None:
            journal.refuse_all(reason)
        else:
            Fanout(sinks).emit(
                Noted(run=run_id, node="0", message=f"{error}; this run cannot be taken up again")
            )
    cleanup.callback(journal.close)
    return journal


def _shared(runs: SharedRuns, folder: Path, cleanup: AsyncExitStack, *, is_new: bool) -> SharedRun:
    """The journal of a run in the shared store.

    Raises:
        TraceError: another process has it open, or it cannot be used.
    """
    try:
        shared = held(runs, folder, is_new=is_new)
    except (OSError, sqlite3.Error) as error:
        raise TraceError(f"the journal of run {folder.name} cannot be written: {error}") from error
    cleanup.callback(shared.close)
    return shared


def paid_by(run: str, config: Config) -> Usage:
    """What a stored run has paid at most, by its journal; nothing if that cannot be read.

    Args:
        run: its id.
        config: the settings of its client.
    """
    file = runs_of(config) / run / JOURNAL
    if not file.exists():
        return Usage()
    try:
        with closing(RunJournal(file)) as journal:
            return summed([usage for _, usage in journal.earlier.spent])
    except (HarlmError, OSError, sqlite3.Error):
        return Usage()


def _shortage(folder: Path) -> OSError | None:
    """Why nothing can be written into a folder, if that is for lack of room."""
    probe = folder / "journal.db.probe"
    try:
        probe.write_bytes(b" " * _LEAST)
        probe.unlink()
    except OSError as error:
        return error if error.errno in (errno.ENOSPC, errno.EDQUOT) else None
    return None


def found_in_trace(folder: Path) -> Recovered:
    """The replies and the calls of tools that the events of a run hold, of all its attempts."""
    try:
        told = RunFolder(folder).all_readable_events()
    except TraceError:
        return Recovered()
    started: dict[int, CallStarted] = {}
    replies: dict[tuple[str, int], RecoveredReply] = {}
    calls: dict[str, list[RecoveredCall]] = {}
    bills: list[tuple[str, Usage]] = []
    attempt: Counter[str] = Counter()
    for event in told:
        match event:
            case Resumed():
                attempt.clear()
            case CallStarted():
                started[event.call] = event
            case CallFinished() | Reused():
                if isinstance(event, CallFinished) and event.call in started:
                    bills.append((started[event.call].model, event.usage))
                place = event.key, event.ordinal
                reply = _found_reply(event, started)
                if reply is not None and (reply.is_paid or place not in replies):
                    replies[place] = reply
            case ToolCalled() if event.key:
                attempt[event.key] += 1
                known = calls.setdefault(event.key, [])
                if attempt[event.key] > len(known):
                    known.append(RecoveredCall(event.key, event.tool, event.arguments))
    return Recovered([*replies.values()], [each for known in calls.values() for each in known], bills)


def _found_reply(event: CallFinished | Reused, started: Mapping[int, CallStarted]) -> RecoveredReply | None:
    """The reply of an event; ``None`` if the event does not hold it whole."""
    asked = event if isinstance(event, Reused) else started.get(event.call)
    if asked is None or not event.key or was_cut(event.text):
        return None
    if isinstance(event, Reused):
        completion = Completion(text=event.text, model=event.model, usage=event.saved)
    elif event.stop == "length" or was_cut(event.thoughts):  # a longer one may have followed
        return None
    else:
        completion = Completion(
            text=event.text,
            model=asked.model,
            usage=event.usage,
            stop=event.stop,  # type: ignore[arg-type] # as the completion had it
            thoughts=event.thoughts,
        )
    return RecoveredReply(
        key=event.key,
        ordinal=event.ordinal,
        node=event.node,
        role=asked.role,
        completion=completion,
        is_paid=isinstance(event, CallFinished),
    )
