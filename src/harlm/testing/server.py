"""A scripted model behind real HTTP, speaking the protocols of OpenAI, Anthropic and Gemini on loopback."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from aiohttp import web

Reply = Callable[["Request"], "str | web.Response"]


@dataclass(frozen=True, slots=True)
class Request:
    """What a client sent.

    Attributes:
        path: of the URL.
        headers: with lower-case names.
        body: the JSON.
        number: 0, 1, 2, … in order of arrival.
    """

    path: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]
    number: int = 0

    @property
    def model(self) -> str:
        """The model that was asked for."""
        return str(self.body.get("model") or self.path.rpartition("/")[2].partition(":")[0])

    @property
    def messages(self) -> list[tuple[str, str]]:
        """The conversation as (role, text), the system's part first, whatever the protocol."""
        if "contents" in self.body:
            system = (
                [("system", _joined(self.body.get("systemInstruction", {})))]
                if "systemInstruction" in self.body
                else []
            )
            return system + [(turn["role"], _joined(turn)) for turn in self.body["contents"]]
        system = [("system", str(self.body["system"]))] if "system" in self.body else []
        return system + [(turn["role"], _text(turn["content"])) for turn in self.body["messages"]]

    @property
    def prompt(self) -> str:
        """The last message."""
        return self.messages[-1][1]


@dataclass(slots=True)
class ScriptedServer:
    """A server in a thread of its own. Use as a context manager.

    Args:
        reply: the text to answer with, or a whole response, for faults.
        latency_s: how long each answer takes.
        line_s: how long each line of a streamed answer takes.

    Attributes:
        requests: what was asked, in order.
        most_in_flight: how many requests were under way at once.
    """

    reply: Reply
    latency_s: float = 0.0
    line_s: float = 0.0
    requests: list[Request] = field(default_factory=list)
    most_in_flight: int = 0
    _in_flight: int = 0
    _port: int = 0
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _thread: threading.Thread | None = None
    _stopped: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        """The address, without a path."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def base_url(self) -> str:
        """The address of OpenAI's protocol."""
        return f"{self.url}/v1"

    def __enter__(self) -> Self:
        started = threading.Event()
        self._thread = threading.Thread(
            target=self._serve, args=(started,), daemon=True, name="harlm-scripted"
        )
        self._thread.start()
        started.wait(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stopped.set)
        if self._thread is not None:
            self._thread.join(10)

    def _serve(self, started: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._run(started))
        finally:
            self._loop.close()

    async def _run(self, started: threading.Event) -> None:
        app = web.Application(client_max_size=256 << 20)
        app.router.add_post("/v1/chat/completions", self._handler(_as_openai))
        app.router.add_post("/v1/messages", self._handler(_as_anthropic))
        app.router.add_post("/v1beta/models/{model}", self._handler(_as_gemini))
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self._port = runner.addresses[0][1]
        started.set()
        await self._stopped.wait()
        await runner.cleanup()

    async def _streamed(self, received: web.Request, request: Request, text: str) -> web.StreamResponse:
        """An answer of OpenAI's protocol, line by line."""
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(received)
        for line in text.splitlines(keepends=True):
            await response.write(
                _event(request, choices=[{"index": 0, "delta": {"content": line}, "finish_reason": None}])
            )
            await asyncio.sleep(self.line_s)
        await response.write(_event(request, choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}]))
        if (request.body.get("stream_options") or {}).get("include_usage"):
            await response.write(_event(request, choices=[], usage=_as_openai(request, text)["usage"]))
        await response.write(b"data: [DONE]\n\n")
        await response.write_eof()
        return response

    def _handler(self, shape: Callable[[Request, str], dict[str, Any]]) -> Callable[[web.Request], Any]:
        async def handle(received: web.Request) -> web.StreamResponse:
            headers = {name.lower(): value for name, value in received.headers.items()}
            request = Request(received.path, headers, await received.json(), len(self.requests))
            self.requests.append(request)
            self._in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self._in_flight)
            try:
                await asyncio.sleep(self.latency_s)
                reply = self.reply(request)
                if isinstance(reply, str) and request.body.get("stream"):
                    return await self._streamed(received, request, reply)
            finally:
                self._in_flight -= 1
            if isinstance(reply, web.Response):
                return reply
            return web.Response(text=json.dumps(shape(request, reply)), content_type="application/json")

        return handle


def _event(request: Request, **parts: Any) -> bytes:
    event = {
        "id": f"chatcmpl-{request.number}",
        "object": "chat.completion.chunk",
        "model": request.model,
        **parts,
    }
    return b"data: " + json.dumps(event).encode() + b"\n\n"


def _as_openai(request: Request, text: str) -> dict[str, Any]:
    prompt, completion = _tokens(request, text)
    return {
        "id": f"chatcmpl-{request.number}",
        "object": "chat.completion",
        "model": request.model,
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}],
        "usage": {
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
            "prompt_tokens_details": {"cached_tokens": prompt // 2},
            "completion_tokens_details": {"reasoning_tokens": 1},
        },
    }


def _as_anthropic(request: Request, text: str) -> dict[str, Any]:
    prompt, completion = _tokens(request, text)
    return {
        "id": f"msg_{request.number}",
        "type": "message",
        "role": "assistant",
        "model": request.model,
        "content": [{"type": "text", "text": text}],
        "stop_reason": "end_turn",
        "usage": {
            "input_tokens": prompt - prompt // 2,
            "cache_read_input_tokens": prompt // 2,
            "cache_creation_input_tokens": 0,
            "output_tokens": completion,
        },
    }


def _as_gemini(request: Request, text: str) -> dict[str, Any]:
    prompt, completion = _tokens(request, text)
    return {
        "candidates": [{"content": {"role": "model", "parts": [{"text": text}]}, "finishReason": "STOP"}],
        "usageMetadata": {
            "promptTokenCount": prompt,
            "candidatesTokenCount": completion,
            "cachedContentTokenCount": prompt // 2,
            "thoughtsTokenCount": 1,
        },
    }


def _tokens(request: Request, text: str) -> tuple[int, int]:
    """Tokens as this server counts them: a fourth of the characters."""
    return sum(len(each) for _, each in request.messages) // 4 + 1, len(text) // 4 + 1


def _text(content: Any) -> str:
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


def _joined(turn: Any) -> str:
    return "".join(part.get("text", "") for part in turn.get("parts", ()))
