"""Maintenance of the file of paid calls: its contents, and removing calls. For commands, outside any run."""

from __future__ import annotations

import math
from pathlib import Path

from harlm.journal.store import CallTable, remove_unused
from harlm.storage import Contents, Held, in_verb, used_bytes


def held(file: Path) -> Contents:
    """The contents of a file, over all namespaces; empty if the file does not exist.

    Raises:
        MemoryFailure: the file cannot be read.
    """
    if not file.exists():
        return Contents(size=0, rows=())
    with in_verb("journal", CallTable("").connect, file) as connection:
        rows = connection.execute(
            "SELECT space, 'call', model, count(*), sum(length(value)), sum(uses) FROM calls GROUP BY space, model ORDER BY 5 DESC"
        ).fetchall()
        return Contents(size=used_bytes(connection), rows=tuple(Held(*row) for row in rows))


def forget(file: Path, used_before: float | None = None) -> int:
    """Remove calls from a file.

    Args:
        file: the file; it may be missing.
        used_before: seconds since the epoch; calls used since then are kept. ``None`` removes all.

    Returns:
        how many were removed.

    Raises:
        MemoryFailure: they cannot be removed.
    """
    if not file.exists():
        return 0
    with in_verb("journal", CallTable("").connect, file) as connection:
        removed = remove_unused(connection, math.inf if used_before is None else used_before)
        connection.execute("VACUUM")
        return removed
