"""Vectors from a server that speaks OpenAI's ``/v1/embeddings``. Temporary failures are retried."""

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
from harlm.models.addresses import joined
from harlm.models.lenient import UNREADABLE
from harlm.models.refusals import Refusing
from harlm.models.sent_keys import redactor_of
from harlm.types import without_surrogates

_ATTEMPTS = 3  # of one request
_LONGEST = 24_000  # characters of one text that are sent: servers take about 8,000 tokens


_Value = TypeVar("_Value")


class VectorMeter(Protocol):
    """Pays for the requests of an embedder, as ``harlm.budget.embedding.EmbeddingMeter`` does."""

    async def pay(
        self, texts: Sequence[str], send: Callable[[], Awaitable[tuple[_Value, int | None]]]
    ) -> _Value:
        """Reserve the cost of embedding ``texts``, send the request, and pay for it.

        Args:
            texts: the texts of the request.
            send: sends it, and returns its value and the tokens that the server counted.

        Raises:
            LimitExceeded: the budget does not allow the request.
        """
        ...


class _Row(msgspec.Struct):
    index: int
    embedding: str | list[float]


class _Reply(msgspec.Struct):
    data: list[_Row]
    usage: object = None

    @property
    def tokens(self) -> int | None:
        """The tokens that the server counted; None if it reports no positive number."""
        counted = self.usage.get("prompt_tokens") if isinstance(self.usage, dict) else None
        return counted if isinstance(counted, int) and counted > 0 else None


class OpenAIEmbedder:
    """An embedding model behind ``/embeddings``.

    Args:
        endpoint: the address and key of the model.
        meter: pays for each request; ``None`` if requests are free.

    Attributes:
        dimension: numbers in each vector; None until the first reply.
    """

    def __init__(self, endpoint: Endpoint, meter: VectorMeter | None = None) -> None:
        self.tag = f"{endpoint.name} at {endpoint.base_url}"
        self.dimension: int | None = None
        self._name = endpoint.name
        self._model = endpoint.model
        self._url = joined(endpoint.base_url, "/embeddings")
        self._headers = {"authorization": f"Bearer {endpoint.key}"} if endpoint.key else {}
        self._refusing = Refusing(
            model=endpoint.name,
            where=self._url,
            key_hint=endpoint.key_hint,
            keys=redactor_of(self._headers, self._url),
        )
        self._transport = endpoint.transport
        self._meter = meter

    async def embed(self, texts: Sequence[str]) -> Sequence[bytes]:
        """One vector for each text, of which the first 24,000 characters are sent. See
        ``harlm.protocols.Embedder``.

        Raises:
            ModelError: the request failed, three times if the failure was temporary.
            BadCompletion: the reply does not hold one vector of the known dimension for each text.
        """
        if not texts:
            return []
        reply = await self._reply([without_surrogates(text[:_LONGEST]) or " " for text in texts])
        rows = sorted(reply.data, key=lambda row: row.index)
        if [row.index for row in rows] != list(range(len(texts))):
            raise self._bad(f"{len(texts)} texts came back as {len(rows)} vectors")
        vectors = [self._packed(row.embedding) for row in rows]
        if not all(vectors):
            raise self._bad("a vector has no numbers")
        self.dimension = self.dimension or len(vectors[0]) // 4
        for vector in vectors:
            if len(vector) != 4 * self.dimension:
                raise self._bad(
                    f"a vector of {len(vector) // 4} numbers came after vectors of {self.dimension}; the model has changed"
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
            refusing=self._refusing,
        )
        try:
            reply = msgspec.json.decode(received.body, type=_Reply)
        except UNREADABLE as error:
            shown = received.body[:80].decode("utf-8", "replace").strip()
            raise BadCompletion(
                f"{self._name} answered with something that holds no vectors ({error}); it begins {shown!r}. "
                f"Is {self._refusing.address} the API's base URL?",
                model=self._name,
                request_id=received.request_id,
                perhaps_billed=True,
            ) from error
        return reply, reply.tokens

    def _packed(self, embedding: str | list[float]) -> bytes:
        if isinstance(embedding, list):
            return array("f", embedding).tobytes()
        try:
            data = base64.b64decode(embedding, validate=True)
        except ValueError as error:
            raise self._bad(f"a vector is not base64 ({error})") from error
        return data if len(data) % 4 == 0 else self._refused(len(data))

    def _refused(self, size: int) -> bytes:
        raise self._bad(f"a vector of {size} bytes is not a row of 4-byte floats")

    def _bad(self, what: str) -> BadCompletion:
        return BadCompletion(
            f"{self._name}: {what}; check the model's name and the server's log", model=self._name
        )
