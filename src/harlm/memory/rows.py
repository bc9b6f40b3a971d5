"""Entries as rows of SQLite: the tables, writing and reading an entry, and the full-text index.

Handles one connection at a time. Does not decide who writes, or when.
"""

from __future__ import annotations

import hashlib
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import cast

import msgspec

from harlm.retrieval.passages import split_passages
from harlm.retrieval.postings import TOKENIZER
from harlm.retrieval.terms import searchable
from harlm.storage import opened
from harlm.types import Entry, EntryKind, Usage

_FORMAT = 1
_SHORT = 512  # bytes that are not worth compressing
_FIRST = 1 << 22  # characters of an entry that are indexed; a longer one is found by these alone
_NEVER = 1_999  # segments of a level that FTS5 merges at once
_MERGED = 24  # pages of the full-text index
_IS_BYTES, _IS_PACKED = 1, 2  # flags of the column ``packing``

_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS entries (
    id INTEGER PRIMARY KEY, space TEXT NOT NULL, key TEXT NOT NULL, kind TEXT NOT NULL, value BLOB NOT NULL,
    packing INTEGER NOT NULL, question TEXT NOT NULL, run TEXT NOT NULL, node TEXT NOT NULL, depth INTEGER NOT NULL,
    model TEXT NOT NULL, tokens INTEGER NOT NULL, created REAL NOT NULL, used REAL NOT NULL, uses INTEGER NOT NULL,
    usage TEXT NOT NULL, UNIQUE (space, key));
CREATE TABLE IF NOT EXISTS members (
    place TEXT NOT NULL, entry INTEGER NOT NULL, PRIMARY KEY (place, entry)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS spans (
    id INTEGER PRIMARY KEY, entry INTEGER NOT NULL, place TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS spans_of ON spans (entry);
CREATE VIRTUAL TABLE IF NOT EXISTS passages USING fts5 (
    place, question, text, content = '', tokenize = '{TOKENIZER}');
PRAGMA user_version = {_FORMAT};
"""
COLUMNS = "key, kind, value, packing, question, run, node, depth, model, tokens, created, usage"
GET = f"SELECT {COLUMNS} FROM entries WHERE space = ? AND key = ?"  # noqa: S608 - our own columns

_usage_of = msgspec.json.Decoder(Usage).decode
_packed_usage = msgspec.json.encode


def connected(file: Path) -> sqlite3.Connection:
    """A connection to a file with these tables, which are created if they are missing.

    Raises:
        sqlite3.Error: the file cannot be opened, or has another format.
    """
    return opened(file, _SCHEMA, _FORMAT)


def merge_by_hand(connection: sqlite3.Connection) -> None:
    """Let FTS5 rewrite its index in ``merge`` only: by itself it rewrites up to a megabyte in one transaction."""
    if connection.execute("SELECT 1 FROM passages_config WHERE k = 'crisismerge'").fetchone():
        return
    for option, value in (("automerge", 0), ("crisismerge", _NEVER)):
        connection.execute("INSERT INTO passages (passages, rank) VALUES (?, ?)", (option, value))


def merge(connection: sqlite3.Connection) -> None:
    """Rewrite a little of the full-text index; call it last in each transaction after ``merge_by_hand``."""
    connection.execute("INSERT INTO passages (passages, rank) VALUES ('merge', ?)", (_MERGED,))


def insert_one(connection: sqlite3.Connection, space: str, entry: Entry) -> tuple[int, str, Entry] | None:
    """Write one entry. If the key exists, the row stays as it is and counts one more use.

    Args:
        connection: inside a transaction.
        space: the namespace.
        entry: what is written.

    Returns:
        the row's number, the name of the run in the index, and the entry, to be given to ``index``; ``None``
        if the entry is indexed in its run already, or has no run.
    """
    value, packing = packed_value(entry.value)
    cursor = connection.execute(
        "INSERT INTO entries (space, key, kind, value, packing, question, run, node, depth, model, tokens, created, used, uses,"
        " usage) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?)"
        " ON CONFLICT (space, key) DO UPDATE SET used = excluded.used, uses = uses + 1 RETURNING id",
        (
            space, entry.key, entry.kind, value, packing, storable(entry.question), entry.run, entry.node, entry.depth,
            entry.model, entry.tokens, entry.created, entry.created, _packed_usage(entry.usage).decode(),
        ),
    )  # fmt: skip
    number: int = cursor.fetchone()[0]
    if not entry.run:
        return None  # it can be read by its key alone
    place = place_of(space, entry.run)
    cursor = connection.execute("INSERT OR IGNORE INTO members VALUES (?, ?)", (place, number))
    return (number, place, entry) if cursor.rowcount else None


def index(connection: sqlite3.Connection, found: Sequence[tuple[int, str, Entry]]) -> None:
    """Add entries to the full-text index of their runs.

    Call it last in a transaction: FTS5 writes out its buffer whenever another statement that may change
    several rows begins, which takes twenty times as long as the statement itself.

    Args:
        connection: inside a transaction.
        found: as returned by ``insert_one``.
    """
    (last,) = connection.execute("SELECT coalesce(max(id), 0) FROM spans").fetchone()
    spans: list[tuple[int, int, str, int, int]] = []
    passages: list[tuple[int, str, str, str]] = []
    for number, place, entry in found:
        for start, end, asked, words in indexed(entry):
            last += 1
            spans.append((last, number, place, start, end))
            passages.append((last, place, asked, words))
    connection.executemany("INSERT INTO spans (id, entry, place, first, last) VALUES (?, ?, ?, ?, ?)", spans)
    connection.executemany(
        "INSERT INTO passages (rowid, place, question, text) VALUES (?, ?, ?, ?)", passages
    )


def indexed(entry: Entry) -> Iterator[tuple[int, int, str, str]]:
    """The passages of an entry: start and end, the words of its question in the first one, and its own words."""
    text = storable(entry.value[:_FIRST]) if isinstance(entry.value, str) else ""
    question = storable(entry.question)
    (asked,) = searchable(question, [(0, len(question))])
    parts = split_passages(text) or [(0, 0)]
    for at, ((start, end), words) in enumerate(zip(parts, searchable(text, parts), strict=True)):
        yield start, end, "" if at else asked, words


def place_of(space: str, run: str) -> str:
    """One word that names a run of a namespace in the full-text index."""
    return "x" + hashlib.blake2b(f"{space}\0{run}".encode(), digest_size=12).hexdigest()


def storable(text: str) -> str:
    """A text that SQLite can hold: a question mark replaces each lone surrogate."""
    return text.encode("utf-8", "replace").decode()


def packed_value(value: str | bytes) -> tuple[bytes, int]:
    """The columns ``value`` and ``packing`` of a value."""
    kind = _IS_BYTES if isinstance(value, bytes) else 0
    data = value if isinstance(value, bytes) else value.encode("utf-8", "surrogatepass")
    if len(data) > _SHORT and len(packed := zlib.compress(data, 1)) < len(data):
        return packed, kind | _IS_PACKED
    return data, kind


def entry_of(row: Iterable[object]) -> Entry:
    """The entry of a row of ``COLUMNS``.

    Raises:
        ValueError, zlib.error: the row is damaged.
    """
    key, kind, value, packing, question, run, node, depth, model, tokens, created, usage = row
    data = cast(bytes, value)
    if cast(int, packing) & _IS_PACKED:
        data = zlib.decompress(data)
    return Entry(
        key=str(key),
        kind=cast(EntryKind, kind),
        value=data if cast(int, packing) & _IS_BYTES else data.decode("utf-8", "surrogatepass"),
        question=str(question),
        run=str(run),
        node=str(node),
        depth=cast(int, depth),
        model=str(model),
        tokens=cast(int, tokens),
        created=cast(float, created),
        usage=_usage_of(cast(str, usage)),
    )
