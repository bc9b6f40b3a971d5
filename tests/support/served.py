"""The OpenAI-compatible server for tests: in a thread of the test, or as the process that users start."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from harlm import HARLM
from harlm.corpora import Corpora
from harlm.server.asking import Answering
from harlm.server.incoming import LARGEST_BODY, Reception
from harlm.server.keys import KeyRing
from harlm.server.listening import socket_at
from harlm.server.metrics import ServerMetrics
from harlm.server.serving import Serving
from harlm.testing import ChatServer, Request
from tests.support.clients import NO_CLIENTS, clients_python

QUESTION = {"role": "user", "content": "Which service still uses TLS 1.1?"}
ANSWER = "Only billing still uses TLS 1.1. [docs/tls.md:1]"


def says(request: Request) -> str:
    """A model that answers as ``write_docs`` has it."""
    return ANSWER


def write_docs() -> None:
    """A folder of one document, in the current folder."""
    Path("docs").mkdir(exist_ok=True)
    Path("docs/tls.md").write_text(
        "Only billing still uses TLS 1.1.\nAll else uses TLS 1.3.\n", encoding="utf-8"
    )


@dataclass
class Reply:
    """A reply of the server."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def events(self) -> list[Any]:
        """What the events of a stream hold, without ``[DONE]``."""
        lines = [line[6:] for line in self.body.decode().splitlines() if line.startswith("data: ")]
        return [json.loads(line) for line in lines if line != "[DONE]"]

    @property
    def text(self) -> str:
        """The text of a streamed chat."""
        found = [each["choices"][0]["delta"].get("content", "") for each in self.events if each["choices"]]
        return "".join(found)


@dataclass
class Served:
    """A server in a thread."""

    url: str
    asking: Answering
    keys: KeyRing
    serving: Serving
    loop: asyncio.AbstractEventLoop

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def call(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """One request; a body that is not bytes is sent as JSON."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
            connection.request(method, path, data, {"content-type": "application/json", **(headers or {})})
            got = connection.getresponse()
            return Reply(got.status, {name.lower(): value for name, value in got.getheaders()}, got.read())
        finally:
            connection.close()

    def chat(self, *messages: Any, headers: Mapping[str, str] | None = None, **fields: Any) -> Reply:
        """A chat; ``harlm/docs`` unless another model is named."""
        body = {"model": "harlm/docs", "messages": list(messages) or [QUESTION], **fields}
        return self.call("POST", "/v1/chat/completions", body, headers)

    def respond(self, **fields: Any) -> Reply:
        """A request for a response, likewise."""
        return self.call(
            "POST", "/v1/responses", {"model": "harlm/docs", "input": QUESTION["content"], **fields}
        )

    def stop(self) -> None:
        """As a signal stops it."""
        self.loop.call_soon_threadsafe(self.serving.stop)

    @property
    def is_healthy(self) -> bool:
        return self.call("GET", "/healthz").status == 200


@contextmanager
def served(
    client: HARLM | None = None,
    *,
    corpora: Mapping[str, Sequence[str]] | None = None,
    keys: Sequence[str] = (),
    usd: float | None = None,
    at_once: int = 256,
    largest: int = LARGEST_BODY,
    grace_s: float = 1.0,
    **options: Any,
) -> Iterator[Served]:
    """A server in a thread of its own; without ``client`` with the offline model, without ``corpora`` over ``docs``."""
    if corpora is None:
        write_docs()
    client = client or HARLM(mode="direct")
    ring = KeyRing(keys, usd=usd, at_once=at_once)
    known = Corpora({"docs": ["docs"]} if corpora is None else corpora, client.settings)
    asking = Answering(client, known, ServerMetrics())
    listening = socket_at("127.0.0.1", 0, has_keys=bool(keys))
    serving = Serving(
        Reception(asking=asking, keys=ring, largest=largest, **options), listening, grace_s=grace_s
    )
    address, began, loops = serving.address, threading.Event(), []

    async def run() -> None:
        loops.append(asyncio.get_running_loop())
        began.set()
        await serving.run()

    thread = threading.Thread(target=lambda: asyncio.run(run()), daemon=True)
    thread.start()
    assert began.wait(30)
    try:
        yield Served(address, asking, ring, serving, loops[0])
    finally:
        with suppress(RuntimeError):  # it has ended
            loops[0].call_soon_threadsafe(serving.stop)
        thread.join(30)
        known.close()
    assert not thread.is_alive()


def asking_of(server: ChatServer, **settings: Any) -> HARLM:
    """A client whose models are on a server; no price of theirs is known unless one is given."""
    return HARLM(model=f"openai/m@{server.base_url}", **{"mode": "direct", **settings})


@contextmanager
def serve_process(
    *arguments: str, environment: Mapping[str, str] | None = None
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """``harlm serve ARGUMENTS`` on a free port, and its address with ``/v1``."""
    process = subprocess.Popen(
        [sys.executable, "-m", "harlm", "serve", *arguments, "--port", "0"],
        env={**os.environ, **(environment or {})}, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr is not None
    try:
        said = ""
        while (found := re.search(r" at (http://\S+/v1);", said)) is None:
            line = process.stderr.readline()
            assert line, f"the server did not start: {said}"
            said += line
        yield process, found[1]
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            process.communicate(timeout=30)
        finally:
            process.kill()


def run_client(script: str, *arguments: str, environment: Mapping[str, str] | None = None) -> str:
    """What a script prints that runs with the programs of others."""
    python = clients_python()
    assert python is not None, NO_CLIENTS
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [str(python), "-c", script, *arguments],
        env={**clean, **(environment or {})}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3_000:]
    return done.stdout
