"""The batch interfaces of OpenAI and Anthropic in the test server: files, batches and results. Knows no sockets.

A batch is worked off request by request, by the same function that answers the same request alone.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from harlm.testing.dialects import ModelReply, Request
from harlm.testing.faults import Status, refusal

Fate = Literal["served", "expired", "cancelled"]
"""How one request of a batch ends."""

_MESSAGES = "/v1/messages"
_A_DAY = 24 * 3600
_KINDS = {400: "invalid_request_error", 429: "rate_limit_error", 500: "api_error", 529: "overloaded_error"}


@dataclass(slots=True, eq=False)
class ServedBatch:
    """One batch.

    Attributes:
        id: its name.
        is_anthropic: whether it is one of messages; else of chat completions.
        requests: by their ids.
        results: lines of requests that have ended, by their ids.
        fates: by their ids.
        is_cancelled: whether the client has cancelled it.
        has_ended: whether all requests have ended.
        made: when it was made, in seconds since 1970.
    """

    id: str
    is_anthropic: bool
    requests: Mapping[str, Request]
    results: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    fates: dict[str, Fate] = field(default_factory=dict)
    is_cancelled: bool = False
    has_ended: bool = False
    made: int = field(default_factory=lambda: int(time.time()))

    def count(self, *fates: Fate | Literal["failed"]) -> int:
        """How many requests have one of these ends."""
        return sum(self._end(each) in fates for each in self.fates)

    def _end(self, request: str) -> str:
        response = self.results[request].get("response") or {"status_code": 200}
        result = self.results[request].get("result") or {}
        is_refused = response["status_code"] != 200 or result.get("type") == "errored"
        return "failed" if is_refused else self.fates[request]


class BatchDesk:
    """The batches of a ``ChatServer``.

    Args:
        seconds: that a batch takes.
        fate: of each request; by default all are served.
        lost_results: how many times results are asked for in vain.
        refusal: of every request to make a batch or to upload a file; ``None`` accepts them.
        states: fields that the state of every batch that has ended has instead of the right ones.

    Attributes:
        made: the batches, in order.
        asked: the method and path of every request to the interface, in order.
        is_paused: whether batches stand still; a test sets it.
    """

    def __init__(
        self,
        seconds: float = 0.0,
        *,
        fate: Callable[[Request], Fate] = lambda request: "served",
        lost_results: int = 0,
        refusal: Status | None = None,
        states: Mapping[str, object] | None = None,
    ) -> None:
        self.made: list[ServedBatch] = []
        self.asked: list[str] = []
        self.is_paused = False
        self._seconds = seconds
        self._fate = fate
        self._lost = lost_results
        self._refusal = refusal
        self._states = dict(states or {})
        self._files: dict[str, bytes] = {}
        self._numbers = itertools.count(1)
        self._working: set[asyncio.Task[None]] = set()

    @property
    def requests(self) -> list[Request]:
        """All requests in all batches, in order."""
        return [each for batch in self.made for each in batch.requests.values()]

    def answer(
        self, request: Request, url: str, served: Callable[[Request], Awaitable[ModelReply | Status]]
    ) -> Status | None:
        """The response to a request, if it is one of a batch interface.

        Args:
            request: any.
            url: of the server.
            served: answers a request of a batch.
        """
        told = self._answer(request, url, served)
        if told is not None:
            self.asked.append(f"{request.method} {request.path}")
        return told

    def _answer(
        self, request: Request, url: str, served: Callable[[Request], Awaitable[ModelReply | Status]]
    ) -> Status | None:
        parts = request.path.strip("/").split("/")
        match request.method, parts:
            case "POST", ["v1", "files"]:
                return self._refusal or self._upload(request)
            case "GET", ["v1", "files", file, "content"]:
                return self._content(file)
            case "POST", ["v1", "batches"]:
                return self._refusal or self._of_openai(request, served)
            case "POST", ["v1", "messages", "batches"]:
                return self._refusal or self._of_anthropic(request, url, served)
            case "GET", ["v1", "messages", "batches", batch, "results"]:
                return self._results(batch)
            case ("GET", ["v1", "batches", batch]) | ("GET", ["v1", "messages", "batches", batch]):
                return self._state(batch, url)
            case ("POST", ["v1", "batches", batch, "cancel"]) | (
                "POST",
                ["v1", "messages", "batches", batch, "cancel"],
            ):
                return self._cancel(batch, url)
        return None

    # -- making --------------------------------------------------------------------------------------------

    def _upload(self, request: Request) -> Status:
        """Keep the file in a form."""
        parts = _form_of(request)
        if parts.get("purpose") != b"batch" or "file" not in parts:
            return refusal(400, "a file and the purpose batch are needed")
        name = f"file-{next(self._numbers)}"
        self._files[name] = parts["file"]
        return _json(
            {
                "id": name,
                "object": "file",
                "bytes": len(parts["file"]),
                "created_at": int(time.time()),
                "filename": "batch.jsonl",
                "purpose": "batch",
                "status": "processed",
            }
        )

    def _of_openai(
        self, request: Request, served: Callable[[Request], Awaitable[ModelReply | Status]]
    ) -> Status:
        asked = request.body
        data = self._files.get(str(asked.get("input_file_id")))
        if data is None or asked.get("completion_window") != "24h":
            return refusal(400, "an input_file_id and the completion_window 24h are needed")
        lines = [msgspec.json.decode(line) for line in data.splitlines() if line.strip()]
        if any(line["url"] != asked.get("endpoint") or line["method"] != "POST" for line in lines):
            return refusal(400, "every line must be for the endpoint of the batch")
        inner = {
            line["custom_id"]: Request(line["url"], request.headers, line["body"], at)
            for at, line in enumerate(lines)
        }
        if len(inner) != len(lines) or not inner:
            return refusal(400, "every custom_id must be unique")
        batch = self._make(f"batch_{next(self._numbers)}", inner, served, is_anthropic=False)
        return _json(self._openai_state(batch))

    def _of_anthropic(
        self, request: Request, url: str, served: Callable[[Request], Awaitable[ModelReply | Status]]
    ) -> Status:
        lines = request.body.get("requests") or []
        inner = {
            line["custom_id"]: Request(_MESSAGES, request.headers, line["params"], at)
            for at, line in enumerate(lines)
        }
        if len(inner) != len(lines) or not inner:
            return refusal(400, "every custom_id must be unique")
        batch = self._make(f"msgbatch_{next(self._numbers)}", inner, served, is_anthropic=True)
        return _json(self._anthropic_state(batch, url))

    def _make(
        self,
        name: str,
        requests: Mapping[str, Request],
        served: Callable[[Request], Awaitable[ModelReply | Status]],
        *,
        is_anthropic: bool,
    ) -> ServedBatch:
        batch = ServedBatch(name, is_anthropic, requests)
        self.made.append(batch)
        working = asyncio.get_running_loop().create_task(self._work(batch, served))
        self._working.add(working)
        working.add_done_callback(self._working.discard)
        return batch

    # -- working -------------------------------------------------------------------------------------------

    async def _work(
        self, batch: ServedBatch, served: Callable[[Request], Awaitable[ModelReply | Status]]
    ) -> None:
        """Work a batch off."""
        for name, request in batch.requests.items():
            await asyncio.sleep(self._seconds / len(batch.requests))
            while self.is_paused and not batch.is_cancelled:  # noqa: ASYNC110 - the thread of a test sets it
                await asyncio.sleep(0.01)
            fate: Fate = "cancelled" if batch.is_cancelled else self._fate(request)
            answer = await served(request) if fate == "served" else None
            batch.fates[name] = fate
            line = _anthropic_line if batch.is_anthropic else _openai_line
            batch.results[name] = line(name, fate, answer)
        batch.has_ended = True

    # -- telling -------------------------------------------------------------------------------------------

    def _state(self, name: str, url: str) -> Status:
        batch = self._batch(name)
        if batch is None:
            return refusal(404, f"no batch {name}")
        state = self._anthropic_state(batch, url) if batch.is_anthropic else self._openai_state(batch)
        return _json({**state, **(self._states if batch.has_ended else {})})

    def _cancel(self, name: str, url: str) -> Status:
        if (batch := self._batch(name)) is not None and not batch.has_ended:
            batch.is_cancelled = True
        return self._state(name, url)

    def _openai_state(self, batch: ServedBatch) -> Mapping[str, Any]:
        expired = batch.count("expired")
        ended = "cancelled" if batch.is_cancelled else "expired" if expired else "completed"
        served = batch.count("served")
        under_way = "cancelling" if batch.is_cancelled else "in_progress"
        state: dict[str, Any] = {
            "id": batch.id,
            "object": "batch",
            "endpoint": "/v1/chat/completions",
            "input_file_id": "file-0",
            "completion_window": "24h",
            "status": ended if batch.has_ended else under_way,
            "created_at": batch.made,
            "expires_at": batch.made + _A_DAY,
            "request_counts": {
                "total": len(batch.requests),
                "completed": served,
                "failed": batch.count("failed", "expired", "cancelled"),
            },
        }
        if batch.has_ended and served:
            state["output_file_id"] = f"{batch.id}-output"
        if batch.has_ended and served < len(batch.requests):
            state["error_file_id"] = f"{batch.id}-errors"
        return state

    def _anthropic_state(self, batch: ServedBatch, url: str) -> Mapping[str, Any]:
        results = f"{url}/v1/messages/batches/{batch.id}/results"
        under_way = "canceling" if batch.is_cancelled else "in_progress"
        ended = batch.has_ended
        return {
            "id": batch.id,
            "type": "message_batch",
            "processing_status": "ended" if ended else under_way,
            "created_at": _iso(batch.made),
            "expires_at": _iso(batch.made + _A_DAY),
            "ended_at": _iso(batch.made) if ended else None,
            "results_url": results if ended else None,
            "request_counts": {
                "processing": 0 if ended else len(batch.requests),
                "succeeded": batch.count("served") if ended else 0,
                "errored": batch.count("failed") if ended else 0,
                "canceled": batch.count("cancelled") if ended else 0,
                "expired": batch.count("expired") if ended else 0,
            },
        }

    def _content(self, file: str) -> Status:
        """The results of a batch that were served, or those that were not."""
        name, _, part = file.rpartition("-")
        batch = self._batch(name)
        if batch is None or not batch.has_ended:
            return refusal(404, f"no file {file}")
        wants_served = part == "output"
        lines = [line for line in batch.results.values() if _is_served(line) == wants_served]
        return self._lines(lines)

    def _results(self, name: str) -> Status:
        batch = self._batch(name)
        if batch is None or not batch.has_ended:
            return refusal(404, f"no results of {name}")
        return self._lines([*batch.results.values()])

    def _lines(self, lines: list[Mapping[str, Any]]) -> Status:
        """Results, the last one first."""
        if self._lost:
            self._lost -= 1
            return refusal(404, "the results are lost")
        body = b"".join(msgspec.json.encode(line) + b"\n" for line in reversed(lines))
        return Status(200, body.decode(), (("content-type", "application/jsonl"),))

    def _batch(self, name: str) -> ServedBatch | None:
        return next((each for each in self.made if each.id == name), None)


def _openai_line(name: str, fate: Fate, answer: ModelReply | Status | None) -> Mapping[str, Any]:
    line: dict[str, Any] = {"id": f"batch_req_{name}", "custom_id": name, "response": None, "error": None}
    if isinstance(answer, ModelReply):
        body: Any = {"created": int(time.time()), **answer.completion()}
        line["response"] = {"status_code": 200, "request_id": f"req-{name}", "body": body}
    elif answer is not None:
        body = msgspec.json.decode(answer.body or "{}")
        line["response"] = {"status_code": answer.status, "request_id": f"req-{name}", "body": body}
    else:
        line["error"] = {"code": f"batch_{fate}", "message": f"This request was {fate}."}
    return line


def _is_served(line: Mapping[str, Any]) -> bool:
    return (line["response"] or {}).get("status_code") == 200


def _anthropic_line(name: str, fate: Fate, answer: ModelReply | Status | None) -> Mapping[str, Any]:
    if isinstance(answer, ModelReply):
        return {"custom_id": name, "result": {"type": "succeeded", "message": answer.completion()}}
    if answer is None:
        return {"custom_id": name, "result": {"type": {"cancelled": "canceled"}.get(fate, fate)}}
    said = msgspec.json.decode(answer.body or "{}").get("error", {}).get("message", "")
    error = {"type": _KINDS.get(answer.status, "api_error"), "message": said}
    whole = {"type": "error", "error": error, "request_id": f"req-{name}"}
    return {"custom_id": name, "result": {"type": "errored", "error": whole}}


def _form_of(request: Request) -> Mapping[str, bytes]:
    """The parts of a form, by name."""
    _, _, boundary = request.headers.get("content-type", "").partition("boundary=")
    parts = {}
    for part in request.data.split(b"--" + boundary.strip('"').encode()):
        head, separator, value = part.partition(b"\r\n\r\n")
        _, named, rest = head.lower().partition(b' name="')
        if separator and named:
            parts[rest.partition(b'"')[0].decode()] = value.removesuffix(b"\r\n")
    return parts


def _json(value: object) -> Status:
    return Status(200, msgspec.json.encode(value).decode())


def _iso(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
