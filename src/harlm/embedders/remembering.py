"""Vectors that were made once are not made again: an embedder in front of another, which keeps them by the hash of their text, in
the file of the search indexes. Texts that are asked for at the same time are asked for once, and many together.

A cache only: a file that is damaged is moved aside, and one that cannot be written is done without.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

from harlm.errors import BadCompletion
from harlm.protocols import Embedder
from harlm.storage import set_aside

_PATIENCE_S = 2
_AT_ONCE = 128  # texts of one request


class RememberingEmbedder:
    """See the module, and ``harlm.protocols.Embedder``.

    Args:
        behind: makes the vectors.
        file: where they are kept; None to keep them in memory.
    """

    def __init__(self, behind: Embedder, file: Path | None = None) -> None:
        self._behind = behind
        self._file = file
        self._known: dict[bytes, bytes] = {}
        self._flights: dict[bytes, asyncio.Future[None]] = {}
        self._connection: sqlite3.Connection | None = None
        self.made = 0

    @property
    def tag(self) -> str:
        """See ``harlm.protocols.Embedder``."""
        return self._behind.tag

    @property
    def dimension(self) -> int | None:
        """See ``harlm.protocols.Embedder``."""
        return self._behind.dimension or next((len(each) // 4 for each in self._known.values()), None)

    async def embed(self, texts: Sequence[str]) -> Sequence[bytes]:
        """See ``harlm.protocols.Embedder``."""
        keys = [self._key(text) for text in texts]
        while True:
            self._recall(keys)
            if not (missing := [key for key in dict.fromkeys(keys) if key not in self._known]):
                return [self._known[key] for key in keys]
            if flights := [self._flights[key] for key in missing if key in self._flights]:
                await asyncio.wait(flights)
                continue
            by_key = dict(zip(keys, texts, strict=True))
            await self._make({key: by_key[key] for key in missing[:_AT_ONCE]})

    async def _make(self, texts: dict[bytes, str]) -> None:
        flight = asyncio.get_running_loop().create_future()
        self._flights.update(dict.fromkeys(texts, flight))
        try:
            rows = await self._behind.embed(list(texts.values()))
            if len(rows) != len(texts):
                raise BadCompletion(f"{len(texts)} texts came back as {len(rows)} vectors", model=self.tag)
            for row in rows:
                if self.dimension is not None and len(row) != 4 * self.dimension:
                    raise BadCompletion(
                        f"{self.tag} made a vector of {len(row) // 4} numbers after those of {self.dimension}; a model that "
                        "changes needs another name",
                        model=self.tag,
                    )
            self.made += len(rows)
            made = dict(zip(texts, rows, strict=True))
            self._known.update(made)
            self._keep(made)
        finally:
            for key in texts:
                del self._flights[key]
            flight.set_result(None)

    def close(self) -> None:
        """Give the file back."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _key(self, text: str) -> bytes:
        return blake2b(f"{self.tag}\0{text}".encode("utf-8", "surrogatepass"), digest_size=16).digest()

    def _recall(self, keys: Sequence[bytes]) -> None:
        """Take from the file what is there."""
        missing = [key for key in dict.fromkeys(keys) if key not in self._known]
        for at in range(0, len(missing), 500):
            part = missing[at : at + 500]
            marks = ",".join("?" * len(part))
            for key, vector in self._run(f"SELECT key, vector FROM vectors WHERE key IN ({marks})", part):  # noqa: S608 - marks only
                if self.dimension is None or len(vector) == 4 * self.dimension:
                    self._known[key] = vector

    def _keep(self, made: dict[bytes, bytes]) -> None:
        values = [part for pair in made.items() for part in pair]
        marks = ",".join(["(?, ?)"] * len(made))
        self._run(f"INSERT OR REPLACE INTO vectors VALUES {marks}", values)  # noqa: S608 - marks only

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
                self._file = None  # locked, full or read-only: done without
            return []
