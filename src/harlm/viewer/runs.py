"""Lists stored runs for the page: newest first, a page at a time, by words of the question."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from harlm.errors import TraceError
from harlm.patterns import lazy_pattern
from harlm.tracing.housekeeping import run_ids
from harlm.tracing.jsonl import RunFolder, list_runs
from harlm.tracing.run_lock import held_closed
from harlm.viewer.shapes import ListedRun, RunPage

_ULID = lazy_pattern(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
_QUESTION = 500  # characters that the list shows


def folder_of(runs: Path, run: str) -> Path:
    """The folder of a run, by its whole id.

    Raises:
        TraceError: it is no id, or there is no such run.
    """
    if not _ULID.fullmatch(run):
        raise TraceError(f"{run[:80]!r} is no id of a run: ids have 26 letters and digits")
    folder = runs / run
    if folder.is_symlink() or not folder.is_dir():
        raise TraceError(f"there is no run {run}; `harlm runs list` shows the stored runs")
    return folder


def listed(runs: Path, words: str = "", offset: int = 0, limit: int = 50) -> RunPage:
    """The runs whose id or question holds all ``words``, newest first."""
    wanted = words.casefold().split()
    ids = run_ids(list_runs(runs))
    if not wanted:
        page = ids[offset : offset + limit]
        return RunPage(runs=[_row(runs / run) for run in page], total=len(ids), offset=offset)
    found = [run for run in ids if _has(runs / run, wanted)]
    return RunPage(
        runs=[_row(runs / run) for run in found[offset : offset + limit]], total=len(found), offset=offset
    )


def _has(folder: Path, words: list[str]) -> bool:
    text = folder.name.casefold()
    with suppress(TraceError):
        text += " " + RunFolder(folder).record.question.casefold()
    return all(word in text for word in words)


def _row(folder: Path) -> ListedRun:
    row = ListedRun(run=folder.name, started=0.0, state="unreadable", question="")
    try:
        stored = RunFolder(folder)
        record, result = stored.record, stored.result
    except TraceError:
        return row  # the page says so when it is opened
    row.started, row.question = record.started, record.question[:_QUESTION]
    row.model, row.tokens = record.root_model, record.tokens
    if result is None:
        with held_closed(folder) as is_closed:
            row.state = "stopped" if is_closed else "running"
    elif result.answer is None:
        row.state = "failed"
    else:
        answer = result.answer
        row.state, row.mode = answer.status, answer.mode
        row.calls, row.cost = answer.usage.calls, answer.usage.cost_usd
        row.used_tokens = answer.usage.input_tokens + answer.usage.output_tokens
        row.seconds = answer.latency.wall_s
    return row
