"""Vectors from any server that speaks OpenAI's ``/v1/embeddings``. Knows the protocol, and asks again what may pass by itself; refuses to
remember.
"""

from __future__ import annotations

import asyncio
import base64
from array import array
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Protocol, TypeVar

import msgspec

from harlm.errors import BadCompletion, ModelError
from harlm.models.access import Endpoint
from harlm.types import without_surrogates

_ATTEMPTS = 3
_LONGEST = 24_000  # characters of one text that are sent: servers take about 8,000 tokens


_Value = TypeVar("_Value")


class VectorMeter(Protocol):
    """Pays for requests; ``harlm.budget.embedding.EmbeddingMeter``."""

    async def pay(
        self, texts: Sequence[str], send: Callable[[], Awaitable[tuple[_Value, int | None]]]
    ) -> _Value:
        """What ``send`` returns, once it can be paid for."""
        ...


class _Row(msgspec.Struct):
    index: int
    embedding: str | list[float]


class _Reply(msgspec.Struct):
    data: list[_Row]
    usage: object = None

    @property
    def tokens(self) -> int | None:
        """What the server counted; None where it says nothing that can be so."""
        counted = self.usage.get("prompt_tokens") if isinstance(self.usage, dict) else None
        return counted if isinstance(counted, int) and counted > 0 else None


class OpenAIEmbedder:
    """See the module, and ``harlm.protocols.Embedder``.

    Args:
        endpoint: where the model answers.
        meter: pays for each request; ``None`` if requests are free.
    """

    def __init__(self, endpoint: Endpoint, meter: VectorMeter | None = None) -> None:
        self.tag = f"{endpoint.name} at {endpoint.base_url}"
        self.dimension: int | None = None
        self._name = endpoint.name
        self._model = endpoint.model
        self._url = f"{endpoint.base_url}/embeddings"
        self._headers = {"authorization": f"Bearer {endpoint.key}"} if endpoint.key else {}
        self._key_hint = endpoint.key_hint
        self._transport = endpoint.transport
        self._meter = meter

    async def embed(self, texts: Sequence[str]) -> Sequence[bytes]:
        """See ``harlm.protocols.Embedder``. A text that is longer than servers take is embedded by its beginning."""
        if not texts:
            return []
        reply = await self._reply([without_surrogates(text[:_LONGEST]) or " " for text in texts])
        rows = sorted(reply.data, key=lambda row: row.index)
        if [row.index for row in rows] != list(range(len(texts))):
            raise self._bad(f"{len(texts)} texts came back as {len(rows)} vectors")
        vectors = [self._packed(row.embedding) for row in rows]
        self.dimension = self.dimension or len(vectors[0]) // 4
        for vector in vectors:
            if not vector or len(vector) != 4 * self.dimension:
                raise self._bad(
                    f"a vector of {len(vector) // 4} numbers came after those of {self.dimension}; the model was changed"
                )
        return vectors

    async def _reply(self, texts: Sequence[str]) -> _Reply:
        for attempt in range(_ATTEMPTS):
            try:
                send = partial(self._sent, texts)
                return (await send())[0] if self._meter is None else await self._meter.pay(texts, send)
            except ModelError as error:
                passes = error.status is None or error.status in (408, 429) or error.status >= 500
                if not passes or attempt == _ATTEMPTS - 1 or isinstance(error, BadCompletion):
                    raise
                await asyncio.sleep(min(error.retry_after or 0.5 * 2**attempt, 10.0))
        raise AssertionError("the last attempt returns or raises")

    async def _sent(self, texts: Sequence[str]) -> tuple[_Reply, int | None]:
        """One request: the reply, and the tokens that the server counted."""
        received = await self._transport.post(
            self._url,
            headers=self._headers,
            body={"model": self._model, "input": texts, "encoding_format": "base64"},
            reply=_Reply,
            model=self._name,
            key_hint=self._key_hint,
        )
        return received.value, received.value.tokens

    def _packed(self, embedding: str | list[float]) -> bytes:
        if isinstance(embedding, list):
            return array("f", embedding).tobytes()
        try:
            data = base64.b64decode(embedding, validate=True)
        except ValueError as error:
            raise self._bad(f"a vector is no base64 ({error})") from error
        return data if len(data) % 4 == 0 else self._refused(len(data))

    def _refused(self, size: int) -> bytes:
        raise self._bad(f"a vector of {size} bytes holds no whole numbers")

    def _bad(self, what: str) -> BadCompletion:
        return BadCompletion(
            f"{self._name}: {what}; check the model's name and the server's log", model=self._name
        )
