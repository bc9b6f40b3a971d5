"""A cache of vectors in front of an embedder, keyed by the hash of a text.

A text that several tasks want at the same time is embedded once, and many texts in one request.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Protocol

from harlm.errors import BadCompletion
from harlm.protocols import Embedder

_MOST_KNOWN = 16_000  # vectors in memory, if the file has them too
_AT_ONCE = 128  # texts of one request


class VectorStore(Protocol):
    """Keeps vectors by the hashes of texts. It raises nothing while it cannot: it has no vectors then."""

    def get(self, keys: Sequence[bytes]) -> Mapping[bytes, bytes]:
        """The vectors of ``keys`` that it has."""
        ...

    def put(self, made: Mapping[bytes, bytes]) -> None:
        """Keep vectors."""
        ...

    @property
    def is_kept(self) -> bool:
        """Whether a vector that was put can be expected to be there later."""
        ...

    def close(self) -> None:
        """Release all resources. Safe to call twice."""
        ...


class RememberingEmbedder:
    """An embedder that asks another only for texts whose vectors it does not have.

    Args:
        behind: the embedder that makes the vectors.
        kept: keeps them for later; ``None`` to keep them in memory only.

    Attributes:
        made: how many vectors ``behind`` has made.
    """

    def __init__(self, behind: Embedder, kept: VectorStore | None = None) -> None:
        self._behind = behind
        self._kept = kept
        self._known: dict[bytes, bytes] = {}
        self._flights: dict[bytes, asyncio.Future[None]] = {}
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
        if (
            self._kept is not None
            and self._kept.is_kept
            and len(self._known) > _MOST_KNOWN
            and not self._flights
        ):
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
            if self._kept is not None:
                self._kept.put(made)
        finally:
            for key in texts:
                del self._flights[key]
            flight.set_result(None)

    def close(self) -> None:
        """Close what keeps the vectors."""
        if self._kept is not None:
            self._kept.close()

    def _key(self, text: str) -> bytes:
        return blake2b(f"{self.tag}\0{text}".encode("utf-8", "surrogatepass"), digest_size=16).digest()

    def _recall(self, keys: Sequence[bytes]) -> None:
        """Read the vectors of ``keys`` that are kept."""
        missing = [key for key in dict.fromkeys(keys) if key not in self._known]
        if self._kept is None:
            return
        for at in range(0, len(missing), 500):
            for key, vector in self._kept.get(missing[at : at + 500]).items():
                if self.dimension is None or len(vector) == 4 * self.dimension:
                    self._known[key] = vector
