"""Takes up a run of another machine: its folder from the shared store, and the journal that is further."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path

from harlm.journal import JOURNAL
from harlm.journal.rows import SharedRun, unfolded
from harlm.journal.run_file import RunFile
from harlm.journal.run_journal import SHARED_FILES
from harlm.patterns import lazy_pattern
from harlm.stores.sockets import SharedRuns

_ID = lazy_pattern(r"[0-9A-HJKMNP-TV-Z]{26}")
_HOLDER = "holder"  # the file that names the attempt which this machine has made last


def is_run_id(name: str) -> bool:
    """Whether a name is the whole id of a run."""
    return _ID.fullmatch(name) is not None


def put_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Make the folder of a run with what it was asked.

    Args:
        folder: of the run.
        files: as the shared store has them; only those of a run are taken, and nothing is made without them.
    """
    known = {name: data for name, data in files.items() if name in SHARED_FILES}
    if "run.json" not in known:
        return
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name, data in sorted(known.items(), reverse=True):  # run.json last but one: with it the run is listed
        file = folder / name
        file.touch(mode=0o600)
        file.write_bytes(data)


def held(runs: SharedRuns, folder: Path, *, is_new: bool) -> SharedRun:
    """The journal of a run in the shared store, which this process holds from now on. If another machine has continued the run, the
    file here is replaced by what is known there.

    Args:
        runs: of the shared store.
        folder: of the run on this machine.
        is_new: whether the run begins.

    Raises:
        TraceError: another process has it open, or the store is away.
        OSError, sqlite3.Error: the file cannot be replaced.
    """
    shared = runs.open(folder.name)
    try:
        mark = folder / _HOLDER
        if not is_new and shared.before is not None and shared.before.hex() != _read(mark):
            _replace_file(folder / JOURNAL, shared)
        mark.write_text(shared.holder.hex(), encoding="ascii")
    except BaseException:
        shared.close()
        raise
    return shared


def _replace_file(file: Path, shared: SharedRun) -> None:
    """Write what the shared store knows into a new file. The old one stays under another name."""
    changes = unfolded(shared.kept())
    for name in (file.name, f"{file.name}-wal", f"{file.name}-shm"):
        with suppress(FileNotFoundError):
            file.with_name(name).replace(file.with_name(f"{name}.before-{time.time_ns()}"))
    with closing(RunFile(file, lambda _: None)) as made:
        made.replace(changes)


def _read(mark: Path) -> str:
    try:
        return mark.read_text(encoding="ascii")
    except (OSError, ValueError):
        return ""
