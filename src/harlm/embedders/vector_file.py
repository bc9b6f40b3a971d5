"""Vectors by the hash of a text, in the file of the search indexes.

If the file is damaged it is moved aside; if it cannot be written, no vectors are kept.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from harlm.storage import set_aside, shrink, used_bytes

_PATIENCE_S = 2
_LOOKED_AT = 1_000  # vectors written between two looks at the size of the file


class VectorFile:
    """Keeps vectors in a file; see ``harlm.embedders.remembering.VectorStore``.

    Args:
        file: the SQLite file.
        max_bytes: of the file, which also holds search indexes; a part of the vectors is removed when it is larger.
    """

    def __init__(self, file: Path, *, max_bytes: int = 1 << 62) -> None:
        self._file: Path | None = file
        self._max_bytes = max_bytes
        self._written = 0
        self._connection: sqlite3.Connection | None = None

    @property
    def is_kept(self) -> bool:
        """See ``harlm.embedders.remembering.VectorStore``."""
        return self._file is not None

    def get(self, keys: Sequence[bytes]) -> Mapping[bytes, bytes]:
        """See ``harlm.embedders.remembering.VectorStore``."""
        marks = ",".join("?" * len(keys))
        return dict(self._run(f"SELECT key, vector FROM vectors WHERE key IN ({marks})", keys))  # noqa: S608 - marks only

    def put(self, made: Mapping[bytes, bytes]) -> None:
        """See ``harlm.embedders.remembering.VectorStore``."""
        values = [part for pair in made.items() for part in pair]
        marks = ",".join(["(?, ?)"] * len(made))
        self._written += len(made)
        if self._written > _LOOKED_AT:
            self._written = 0
            self._make_room()
        self._run(f"INSERT OR REPLACE INTO vectors VALUES {marks}", values)  # noqa: S608 - marks only

    def close(self) -> None:
        """See ``harlm.embedders.remembering.VectorStore``."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _make_room(self) -> None:
        """Remove one of eight vectors if the file is too large: their keys are hashes, so any are as good."""
        if self._connection is not None:
            with suppress(sqlite3.Error):
                if used_bytes(self._connection) > self._max_bytes:
                    self._connection.execute(
                        "DELETE FROM vectors WHERE key IN (SELECT key FROM vectors LIMIT (SELECT count(*) / 8 + 1 FROM vectors))"
                    )
                    shrink(self._connection, self._max_bytes)

    def _run(self, query: str, values: Sequence[bytes]) -> list[tuple[bytes, bytes]]:
        if self._file is None:
            return []
        try:
            if self._connection is None:
                self._connection = sqlite3.connect(self._file, timeout=_PATIENCE_S, isolation_level=None)
                self._connection.execute("PRAGMA journal_mode = WAL")
                self._connection.execute("PRAGMA synchronous = NORMAL")
                self._connection.execute(
                    "CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB NOT NULL) WITHOUT ROWID"
                )
            return self._connection.execute(query, values).fetchall()
        except sqlite3.Error as error:
            with suppress(sqlite3.Error):
                self.close()
            if not set_aside(self._file, error):
                self._file = None  # locked, full or read-only: continue in memory
            return []
