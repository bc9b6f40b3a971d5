"""OpenAI's batches: a file of requests is uploaded, and files of results are fetched."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from harlm.errors import ModelError
from harlm.models.batches.wire import (
    BatchResult,
    BatchState,
    Results,
    encoded,
    fetched_results,
    id_in,
    is_id,
    object_in,
)
from harlm.models.lenient import a_count, a_list, a_text, an_object
from harlm.models.remote import RemoteModel

_ENDPOINT = "/v1/chat/completions"
_ENDED = ("completed", "expired", "cancelled")


class OpenAIBatches:
    """The batches of a model behind ``/chat/completions``.

    Args:
        model: the model; its address and key are used.

    Attributes:
        most_requests, most_bytes: of one batch.
    """

    most_requests = 50_000
    most_bytes = 200_000_000

    def __init__(self, model: RemoteModel) -> None:
        self._model = model

    def line(self, request: str, body: Mapping[str, Any]) -> bytes:
        """See ``BatchWire``."""
        return encoded({"custom_id": request, "method": "POST", "url": _ENDPOINT, "body": body}) + b"\n"

    async def create(self, lines: Sequence[bytes]) -> str:
        """See ``BatchWire``."""
        uploaded = await self._upload(lines)
        asked = {
            "input_file_id": uploaded,
            "endpoint": _ENDPOINT,
            "completion_window": "24h",
        }
        created = await self._model.fetch("POST", "/batches", body=asked)
        return id_in(self._model, created.body)

    async def _upload(self, lines: Sequence[bytes]) -> str:
        """Upload a file of requests; returns its id. This costs nothing, however it ends."""
        boundary = f"harlm-{uuid.uuid4().hex}"
        try:
            uploaded = await self._model.fetch(
                "POST",
                "/files",
                body=_form(boundary, lines),
                content_type=f"multipart/form-data; boundary={boundary}",
            )
            return id_in(self._model, uploaded.body)
        except ModelError as error:
            error.perhaps_billed = False
            raise

    async def state(self, batch: str) -> BatchState:
        """See ``BatchWire``."""
        received = await self._model.fetch("GET", f"/batches/{batch}")
        said = object_in(self._model, received.body)
        status = said.get("status")
        if status == "failed":
            why = [
                a_text(an_object(each).get("message"))
                for each in a_list(an_object(said.get("errors")).get("data"))
            ]
            return BatchState(has_ended=True, failure=next(filter(None, why), "it gives no reason"))
        files = [said.get(name) for name in ("output_file_id", "error_file_id")]
        places = [f"/files/{each}/content" for each in files if is_id(each)]
        return BatchState(has_ended=status in _ENDED, places=places)

    async def results(self, state: BatchState) -> Results:
        """See ``BatchWire``."""
        return await fetched_results(self._model, state.places, _read)

    async def cancel(self, batch: str) -> None:
        """See ``BatchWire``."""
        await self._model.fetch("POST", f"/batches/{batch}/cancel")


def _form(boundary: str, lines: Sequence[bytes]) -> bytes:
    """The form with which a file of requests is uploaded."""
    mark = boundary.encode()
    head = (
        b'--%b\r\ncontent-disposition: form-data; name="purpose"\r\n\r\nbatch\r\n'
        b'--%b\r\ncontent-disposition: form-data; name="file"; filename="batch.jsonl"\r\n'
        b"content-type: application/jsonl\r\n\r\n"
    ) % (mark, mark)
    return b"".join((head, *lines, b"\r\n--%b--\r\n" % mark))


def _read(line: Mapping[str, Any]) -> tuple[object, BatchResult]:
    """The id and the result in a line. A request that was not served has an error and no response."""
    request, response = line.get("custom_id"), an_object(line.get("response"))
    if status := a_count(response.get("status_code")):
        reply = encoded(response.get("body"))
        return request, BatchResult(reply=reply, status=status, request_id=a_text(response.get("request_id")))
    error = an_object(line.get("error"))
    return request, BatchResult(
        why=a_text(error.get("message")) or a_text(error.get("code")) or "no reason given"
    )
