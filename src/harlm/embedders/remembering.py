"""A cache of vectors in front of an embedder, keyed by the hash of a text, in the file of the search indexes.

A text that several tasks want at the same time is embedded once, and many texts in one request. If the file
is damaged it is moved aside; if it cannot be written, vectors are kept in memory only.
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
from harlm.storage import set_aside, shrink, used_bytes

_PATIENCE_S = 2
_LOOKED_AT = 1_000  # vectors written between two looks at the size of the file
_MOST_KNOWN = 16_000  # vectors in memory, if the file has them too
_AT_ONCE = 128  # texts of one request


class RememberingEmbedder:
    """An embedder that asks another only for texts whose vectors it does not have.

    Args:
        behind: the embedder that makes the vectors.
        file: the SQLite file that keeps them; None to keep them in memory only.
        max_bytes: of the file, which also holds search indexes; a part of the vectors is removed when it is larger.

    Attributes:
        made: how many vectors ``behind`` has made.
    """

    def __init__(self, behind: Embedder, file: Path | None = None, *, max_bytes: int = 1 << 62) -> None:
        self._max_bytes = max_bytes
        self._written = 0
        self._behind = behind
        self._file = file
        self._known: dict[bytes, bytes] = {}
        self._flights: dict[bytes, asyncio.Future[None]] = {}
        self._connection: sqlite3.Connection | None = None
        self.made = 0

    @property
    def tag(self) -> str:
        """The tag of the embedder behind it; see ``harlm.protocols.Embedder``."""
        return self._behind.tag

    @property
    def dimension(self) -> int | None:
        """Numbers in each vector; None until one is known."""
        return self._behind.dimension or next((len(each) // 4 for each in self._known.values()), None)

    async def embed(self, texts: Sequence[str]) -> Sequence[bytes]:
        """One vector for each text, from the cache or the embedder behind it. See
        ``harlm.protocols.Embedder``.

        Raises:
            BadCompletion: the embedder behind it returned too few vectors, or vectors of another dimension.
        """
        if self._file is not None and len(self._known) > _MOST_KNOWN and not self._flights:
            self._known.clear()
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
                        f"{self.tag} made a vector of {len(row) // 4} numbers after vectors of {self.dimension}; a model "
                        "that changes needs another name",
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
        """Close the file."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _key(self, text: str) -> bytes:
        return blake2b(f"{self.tag}\0{text}".encode("utf-8", "surrogatepass"), digest_size=16).digest()

    def _recall(self, keys: Sequence[bytes]) -> None:
        """Read the vectors of ``keys`` from the file, as far as it has them."""
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
        self._written += len(made)
        if self._written > _LOOKED_AT:
            self._written = 0
            self._make_room()
        self._run(f"INSERT OR REPLACE INTO vectors VALUES {marks}", values)  # noqa: S608 - marks only

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
