"""What a run writes into its folder: the trace and the journal, within the sizes of the settings."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack, closing, suppress

from harlm.config import Config
from harlm.home import leave_out_own_files, runs_of
from harlm.journal import RunJournal, opened_journal
from harlm.protocols import TraceSink
from harlm.redact import Redactor
from harlm.tracing.fanout import Fanout
from harlm.tracing.housekeeping import Housekeeper
from harlm.tracing.jsonl import JsonlSink, NoTrace


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
    cleanup.callback(keeper.close)
    try:
        sink = JsonlSink(
            runs_of(config) / run_id,
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


def journal_of(
    config: Config, run_id: str, redactor: Redactor, cleanup: AsyncExitStack, *, is_kept: bool
) -> RunJournal:
    """The journal of a run; one that keeps nothing where the run cannot be stored.

    Raises:
        TraceError: the journal of an earlier attempt cannot be used.
    """
    journal = opened_journal(runs_of(config) / run_id, redactor.clean) if is_kept else RunJournal()
    cleanup.callback(journal.close)
    return journal
