"""Maintenance of a file of entries: its contents, removing entries, and copying the readable part of a
damaged file.
"""

from __future__ import annotations

import math
import sqlite3
import zlib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from harlm.memory.rows import COLUMNS, connected, entry_of, index, insert_one, storable
from harlm.storage import Contents, Held, in_verb, least_used, transaction, used_bytes

_CHANGES = 2  # that a merge makes at least, unless there was nothing to merge
_AT_ONCE = 256  # entries that one transaction removes


def held(file: Path) -> Contents:
    """The contents of a file, over all namespaces; empty if the file does not exist.

    Raises:
        MemoryFailure: the file cannot be read.
    """
    if not file.exists():
        return Contents(size=0, rows=())
    with in_verb("memory", connected, file) as connection:
        rows = connection.execute(
            "SELECT space, kind, model, count(*), sum(length(value)), sum(uses) FROM entries GROUP BY space, kind, model"
            " ORDER BY 5 DESC"
        ).fetchall()
        return Contents(size=used_bytes(connection), rows=tuple(Held(*row) for row in rows))


def forget(file: Path, used_before: float | None = None) -> int:
    """Remove entries from a file.

    Args:
        file: the file; it may be missing.
        used_before: seconds since the epoch; entries used since then are kept. ``None`` removes all.

    Returns:
        how many were removed.

    Raises:
        MemoryFailure: they cannot be removed.
    """
    if not file.exists():
        return 0
    with in_verb("memory", connected, file) as connection:
        gone = remove_unused(connection, math.inf if used_before is None else used_before)
        connection.execute("VACUUM")
        return gone


def remove_unused(connection: sqlite3.Connection, used_before: float) -> int:
    """Remove the entries last used before a moment, in seconds since the epoch; returns how many there were."""
    gone = 0
    while numbers := connection.execute(
        "SELECT id FROM entries WHERE used < ? LIMIT ?", (used_before, _AT_ONCE)
    ).fetchall():
        with transaction(connection):
            remove(connection, numbers)
        gone += len(numbers)
    if gone:
        connection.execute("INSERT INTO passages (passages) VALUES ('optimize')")
    return gone


def remove_least(connection: sqlite3.Connection, rows: int, size: int) -> int:
    """Remove the entries with the fewest uses, as ``harlm.storage.Table.remove``."""
    connection.execute("CREATE INDEX IF NOT EXISTS entries_least ON entries (uses, used)")
    going, freed = least_used(connection, "SELECT id, length(value) FROM entries", rows, size)
    remove(connection, going)
    if not going:  # what is left is an index of nothing
        connection.execute("INSERT INTO passages (passages) VALUES ('delete-all')")
    return freed


def compact(connection: sqlite3.Connection, pages: int) -> bool:
    """Rewrite about ``pages`` pages of the full-text index without what was removed; whether there is more."""
    before = connection.total_changes
    connection.execute("INSERT INTO passages (passages, rank) VALUES ('merge', ?)", (-pages,))
    return connection.total_changes - before >= _CHANGES


def remove(connection: sqlite3.Connection, numbers: Sequence[tuple[int]]) -> None:
    """Remove entries from all tables. FTS5 must be given the texts that it indexed: it keeps no copy."""
    for (number,) in numbers:
        row = connection.execute(f"SELECT {COLUMNS} FROM entries WHERE id = ?", (number,)).fetchone()  # noqa: S608 - our own columns
        entry = entry_of(row)
        text = entry.value if isinstance(entry.value, str) else ""
        spans = connection.execute(
            "SELECT id, place, first, last FROM spans WHERE entry = ? ORDER BY id", (number,)
        ).fetchall()
        places: set[str] = set()
        for span, place, first, last in spans:
            question = "" if place in places else storable(entry.question)
            places.add(place)
            connection.execute(
                "INSERT INTO passages (passages, rowid, place, question, text) VALUES ('delete', ?, ?, ?, ?)",
                (span, place, question, storable(text[first:last])),
            )
        connection.execute("DELETE FROM spans WHERE entry = ?", (number,))
        connection.execute("DELETE FROM entries WHERE id = ?", (number,))
        for place in places:
            connection.execute("DELETE FROM members WHERE place = ? AND entry = ?", (place, number))


def take_over(connection: sqlite3.Connection, damaged: Path) -> None:
    """Copy the readable entries of a damaged file: row by row, from both ends until a row cannot be read."""
    with suppress(sqlite3.Error):
        old = sqlite3.connect(f"{damaged.as_uri()}?mode=ro", uri=True)
        try:
            for order in ("ASC", "DESC"):
                rows = old.execute(f"SELECT space, {COLUMNS} FROM entries ORDER BY id {order}")  # noqa: S608 - our own columns
                with suppress(sqlite3.Error, ValueError, zlib.error):
                    for space, *row in rows:
                        kept = insert_one(connection, space, entry_of(row))
                        index(connection, [] if kept is None else [kept])
        finally:
            old.close()
