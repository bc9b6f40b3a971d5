"""Anthropic's batches of messages: requests are sent in one body, and results are fetched as lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harlm.models.batches.wire import (
    BatchResult,
    BatchState,
    Results,
    encoded,
    fetched_results,
    id_in,
    object_in,
)
from harlm.models.lenient import a_text, an_object
from harlm.models.remote import RemoteModel

_PATH = "/v1/messages/batches"
_STATUSES = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}
"""The status with which a request alone would have been refused, by the type of the error."""


class AnthropicBatches:
    """The batches of a model behind ``/v1/messages``.

    Args:
        model: the model; its address and key are used.

    Attributes:
        most_requests, most_bytes: of one batch.
    """

    most_requests = 100_000
    most_bytes = 256_000_000

    def __init__(self, model: RemoteModel) -> None:
        self._model = model

    def line(self, request: str, body: Mapping[str, Any]) -> bytes:
        """See ``BatchWire``."""
        return encoded({"custom_id": request, "params": body})

    async def create(self, lines: Sequence[bytes]) -> str:
        """See ``BatchWire``."""
        body = b'{"requests":[%b]}' % b",".join(lines)
        return id_in(self._model, (await self._model.fetch("POST", _PATH, body=body)).body)

    async def state(self, batch: str) -> BatchState:
        """See ``BatchWire``. The results are fetched below the model's own address, whatever address the state names:
        the key goes nowhere else.
        """
        received = await self._model.fetch("GET", f"{_PATH}/{batch}")
        status = object_in(self._model, received.body).get("processing_status")
        return BatchState(has_ended=status == "ended", places=(f"{_PATH}/{batch}/results",))

    async def results(self, state: BatchState) -> Results:
        """See ``BatchWire``."""
        return await fetched_results(self._model, state.places, _read)

    async def cancel(self, batch: str) -> None:
        """See ``BatchWire``."""
        await self._model.fetch("POST", f"{_PATH}/{batch}/cancel")


def _read(line: Mapping[str, Any]) -> tuple[object, BatchResult]:
    """The id and the result in a line."""
    request, result = line.get("custom_id"), an_object(line.get("result"))
    match result.get("type"):
        case "succeeded":
            return request, BatchResult(reply=encoded(result.get("message")), status=200)
        case "errored":
            error = an_object(result.get("error"))
            kind = an_object(error.get("error")).get("type")
            status = _STATUSES.get(kind, 500) if isinstance(kind, str) else 500
            return request, BatchResult(
                reply=encoded(error), status=status, request_id=a_text(error.get("request_id"))
            )
        case _:
            return request, BatchResult(why=str(result.get("type"))[:80])
