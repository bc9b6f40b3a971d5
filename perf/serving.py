"""What the OpenAI-compatible server takes beside the runs, and how many streams it carries at once."""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from harlm import HARLM
from harlm.config import Config, EngineSettings, ModelSettings, TracingSettings
from harlm.corpora import Corpora
from harlm.server.asking import Answering
from harlm.server.incoming import Reception
from harlm.server.keys import KeyRing
from harlm.server.listening import socket_at
from harlm.server.metrics import ServerMetrics
from harlm.server.serving import Serving
from harlm.types import Answer, Citation, Usage
from perf.measure import Table, report, server_process

_REQUESTS = 1_000
_ROUNDS = 5
_GOAL_MS = 0.3
_STREAMS = 200
_LATENCY_MS = 1_000
_KEY = "a-key-of-the-bench"
_TEXT = "Only billing still uses TLS 1.1. " * 10 + "[docs/tls.md:1]"
_ANSWER = Answer(
    text=_TEXT,
    citations=(
        Citation(source="docs/tls.md", start=0, end=32, line=1, page=None, place="docs/tls.md:1", quote="Only billing still uses TLS 1.1."),
    ),
    usage=Usage(calls=1, input_tokens=400, output_tokens=90, cost_micros=900),
    run_id="01M8TRA1RHF53YZNZYEVV9HKJ8",
)  # fmt: skip


class _ReadyClient(HARLM):
    """Its answers are there at once, so that what is left is the server."""

    async def aask(self, *_: Any, **__: Any) -> Answer:
        return _ANSWER


@dataclass
class _Load:
    """A client in a process of its own, so that its work is not counted: it sends requests one after another."""

    kind: str
    body: bytes

    async def seconds(self, address: str, requests: int) -> None:
        script = "import sys; from perf.serving import send; send(sys.argv[1], sys.argv[2].encode(), int(sys.argv[3]))"
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", script, address, self.body.decode(), str(requests)
        )
        if await process.wait():
            raise RuntimeError("the client of the bench failed")


def send(address: str, body: bytes, requests: int) -> None:
    """Send requests over one connection; every reply must be whole."""
    connection = HTTPConnection(address.removeprefix("http://"))
    headers = {"Authorization": f"Bearer {_KEY}", "Content-Type": "application/json"}
    for _ in range(requests):
        connection.request("POST", "/v1/chat/completions", body, headers)
        reply = connection.getresponse()
        if reply.status != 200 or b"billing" not in reply.read():
            raise RuntimeError(f"status {reply.status}")


@asynccontextmanager
async def _serving(client: HARLM, folder: Path) -> AsyncIterator[str]:
    document = folder / "tls.md"
    document.write_text("Only billing still uses TLS 1.1.\nAll else uses TLS 1.3.\n", encoding="utf-8")
    corpora = Corpora({"docs": [str(document)]}, client.settings)
    answering = Answering(client, corpora, ServerMetrics())
    reception = Reception(asking=answering, keys=KeyRing([_KEY], usd=None, at_once=1_024))
    serving = Serving(reception, socket_at("127.0.0.1", 0, has_keys=True))
    address = serving.address
    running = asyncio.ensure_future(serving.run())
    try:
        yield address
    finally:
        serving.stop()
        await running
        corpora.close()


def _body(*, stream: bool, turns: int = 1, model: str = "harlm/docs") -> bytes:
    said = [
        {"role": ("user", "assistant")[at % 2], "content": f"Which service {at} still uses TLS 1.1?"}
        for at in range(turns)
    ]
    asked: dict[str, Any] = {"model": model, "messages": said, "stream": stream}
    return json.dumps(asked | ({"stream_options": {"include_usage": True}} if stream else {})).encode()


async def _overhead(folder: Path) -> list[list[object]]:
    loads = [
        _Load("a chat", _body(stream=False)),
        _Load("a chat with 20 earlier turns", _body(stream=False, turns=21)),
        _Load("a streamed chat with usage", _body(stream=True)),
    ]
    rows: list[list[object]] = []
    client = _ReadyClient(settings=_config(folder))
    async with _serving(client, folder) as address:
        for load in loads:
            took = []
            for _ in range(_ROUNDS):
                before = time.process_time()
                await load.seconds(address, _REQUESTS)
                took.append((time.process_time() - before) / _REQUESTS * 1_000)
            rows.append([load.kind, f"{statistics.median(took):.3f} [{min(took):.3f}]", f"{_GOAL_MS:.1f}"])
    return rows


def _config(folder: Path, model: str = "offline/extractive") -> Config:
    return Config(
        models=ModelSettings(root=model),
        engine=EngineSettings(mode="direct"),
        tracing=TracingSettings(home=str(folder / "home")),
    )


async def _one_stream(address: str, body: bytes) -> tuple[float, float, bool]:
    """Seconds to the first event and to the end, and whether the stream was whole."""
    host, port = address.removeprefix("http://").split(":")
    began = time.perf_counter()
    reader, writer = await asyncio.open_connection(host, int(port))
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {_KEY}\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    first = await reader.readuntil(b"data: ")
    to_first = time.perf_counter() - began
    rest = await reader.read()
    while piece := await reader.read():
        rest += piece
    writer.close()
    is_whole = (
        first.startswith(b"HTTP/1.1 200") and b"data: [DONE]" in rest and b'"finish_reason":"stop"' in rest
    )
    return to_first, time.perf_counter() - began, is_whole


def streams(address: str, body: bytes, count: int) -> None:
    """Open so many streams at once, and print how each went, as JSON."""

    async def all_of_them() -> list[tuple[float, float, bool]]:
        opened = [
            _one_stream(address, body.replace(b"service 0", f"service {at}".encode())) for at in range(count)
        ]
        found = await asyncio.gather(*opened, return_exceptions=True)
        return [(0.0, 0.0, False) if isinstance(each, BaseException) else each for each in found]

    print(json.dumps(asyncio.run(all_of_them())))


async def _carried(folder: Path) -> list[list[object]]:
    with server_process() as model:
        client = HARLM(settings=_config(folder, f"openai/sub-{_LATENCY_MS}@{model.url}"), cache=False)
        async with _serving(client, folder) as address:
            script = "import sys; from perf.serving import streams; streams(sys.argv[1], sys.argv[2].encode(), int(sys.argv[3]))"
            before, began = time.process_time(), time.perf_counter()
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-c", script, address, _body(stream=True).decode(), str(_STREAMS),
                stdout=asyncio.subprocess.PIPE,
            )  # fmt: skip
            out, _ = await process.communicate()
            wall, cpu = time.perf_counter() - began, time.process_time() - before
    found = json.loads(out)
    firsts, ends = sorted(each[0] for each in found), sorted(each[1] for each in found)
    errors = sum(not each[2] for each in found)
    return [
        ["streams at once", str(_STREAMS)],
        ["errors", str(errors)],
        ["seconds until all had ended", f"{wall:.1f}"],
        [
            "seconds to the first event, median and longest",
            f"{statistics.median(firsts):.2f}, {firsts[-1]:.2f}",
        ],
        ["seconds to the end, median and longest", f"{statistics.median(ends):.2f}, {ends[-1]:.2f}"],
        ["CPU of the server with its runs, ms a stream", f"{cpu / _STREAMS * 1_000:.1f}"],
        ["resident memory of the server, MB", f"{_resident_mb():.0f}"],
    ]


def _resident_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> None:
    """Measure, and write the page."""
    with tempfile.TemporaryDirectory() as name, tempfile.TemporaryDirectory() as other:
        overhead = asyncio.run(_overhead(Path(name)))
        carried = asyncio.run(_carried(Path(other)))
    report(
        "serving",
        "The server (SIMULATED model)",
        f"The OpenAI-compatible server, with keys and metrics, in one process. Overhead: CPU of the server for a request whose run takes no time, medians of {_ROUNDS} rounds "
        f"of {_REQUESTS:,} requests over one connection, with the best round in brackets; the client is another process. Streams: runs of a SIMULATED model that replies after "
        f"{_LATENCY_MS:,} ms, stored as always.",
        [
            Table("Beside the run", ["request", "CPU, ms", "goal, ms"], overhead),
            Table(f"{_STREAMS} streams", ["", ""], carried),
        ],
    )  # fmt: skip


if __name__ == "__main__":
    main()
