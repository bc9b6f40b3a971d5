"""``harlm mcp`` as clients see it: the SDK's client over standard input and output, and over HTTP."""

from __future__ import annotations

import asyncio
import http.client
import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from harlm import HARLM
from harlm.server.mcp.traces import trace_of
from harlm.testing import ChatServer, Request
from tests.support.busy import eventually
from tests.support.clients import NO_CLIENTS, clients_python
from tests.support.durable import root
from tests.support.harlm_mcp import cites, documents, models, over_http, over_stdio, text_of

pytest.importorskip("mcp", reason="harlm[mcp] is not installed")

TOOLS = ["harlm_ask", "harlm_search", "harlm_read", "harlm_estimate", "harlm_get_trace"]
QUESTION = {"question": "Which services still use TLS 1.1?"}
FOUR = "print(llm_query_batched([f'item {at}' for at in range(4)]))"


# -- standard input and output -----------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_question_over_standard_input_and_output(mode: str) -> None:
    documents()
    with ChatServer(cites) as server:
        async with over_stdio("docs", *models(server), mode=mode) as client:
            listed = await client.list_tools()
            answer = await client.call_tool("harlm_ask", QUESTION)
            trace = await client.call_tool("harlm_get_trace", {"run": answer.structured_content["run"]})
    assert [each.name for each in listed.tools] == TOOLS
    assert all(each.annotations.read_only_hint for each in listed.tools)
    assert not answer.is_error
    assert answer.structured_content["sources"][0]["place"] == "docs/tls.md:3"
    assert "“Only billing still uses TLS 1.1.”" in text_of(answer)
    assert trace.structured_content["state"] == "ok"


class Slow:
    """Models whose sub-calls take as long as ``is_held`` says."""

    def __init__(self) -> None:
        self.is_held = True
        self._root = root(FOUR, "FINAL('four items')")

    async def __call__(self, request: Request) -> str:
        if request.model == "sub":
            while self.is_held:  # noqa: ASYNC110 - it is let go from another thread
                await asyncio.sleep(0.02)
        return str(self._root(request))


@pytest.mark.parametrize("mode", ["auto", "legacy"])
@pytest.mark.parametrize("transport", ["stdio", "http"])
async def test_a_cancelled_question_asks_nothing_more_and_can_be_resumed(
    transport: str, mode: str, clean_environment: Path
) -> None:
    documents()
    slow = Slow()
    with ChatServer(slow) as server:
        async with reached(transport, server, mode) as client:
            asking = asyncio.create_task(client.call_tool("harlm_ask", {**QUESTION, "mode": "full"}))
            assert await asyncio.to_thread(eventually, lambda: server.arrived >= 5, 30)
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
            (folder,) = (clean_environment / "runs").iterdir()
            assert await asyncio.to_thread(eventually, (folder / "result.json").exists, 30)
            asked = server.arrived
            trace = await client.call_tool("harlm_get_trace", {"run": folder.name})
            assert trace.structured_content["state"] == "failed"
            assert "interrupted" in trace.structured_content["error"]
            await asyncio.sleep(0.3)
            assert server.arrived == asked
        slow.is_held = False
        answer = await HARLM(model=f"openai/root@{server.base_url}").aresume(folder.name)
        assert answer.text == "four items"
        assert server.arrived <= asked + 5  # the four, and the last turn


@asynccontextmanager
async def reached(transport: str, server: ChatServer, mode: str) -> AsyncIterator[Any]:
    """A client of ``harlm mcp docs``."""
    from mcp import Client

    if transport == "stdio":
        async with over_stdio("docs", *models(server), mode=mode) as client:
            yield client
        return
    with over_http("docs", *models(server)) as address:
        async with Client(address, mode=mode, cache=None) as client:
            yield client


# -- how it ends -------------------------------------------------------------------------------------------

HANDSHAKE: list[dict[str, Any]] = [
    {
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "t", "version": "1"},
        },
    },
    {"method": "notifications/initialized"},
]


@pytest.mark.parametrize(("signalled", "code"), [(None, 0), (signal.SIGTERM, 143)])
def test_a_run_is_saved_when_the_input_ends_or_a_signal_comes(
    signalled: signal.Signals | None, code: int, clean_environment: Path
) -> None:
    documents()
    asked = {"name": "harlm_ask", "arguments": {**QUESTION, "mode": "full"}, "_meta": {"progressToken": "p"}}
    call = {"id": 2, "method": "tools/call", "params": asked}
    with ChatServer(Slow()) as server:
        process = subprocess.Popen(
            [sys.executable, "-m", "harlm", "mcp", "docs", *models(server)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert process.stdin is not None
        for message in (*HANDSHAKE, call):
            process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
        process.stdin.flush()
        assert eventually(lambda: server.arrived >= 5, 60)
        if signalled is None:
            process.stdin.close()
            process.stdin = None
        else:
            process.send_signal(signalled)
            process.wait(60)  # with its input open
        out, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    assert "Traceback" not in err
    assert all(json.loads(line)["jsonrpc"] == "2.0" for line in out.splitlines())
    (folder,) = (clean_environment / "runs").iterdir()
    assert "interrupted" in (folder / "result.json").read_text()


async def test_a_signal_saves_the_runs_of_a_server_over_http(clean_environment: Path) -> None:
    from mcp import Client

    async def ask(address: str) -> None:
        async with Client(address, cache=None) as client:
            await client.call_tool("harlm_ask", {**QUESTION, "mode": "full"})

    documents()
    with ChatServer(Slow()) as server:
        with over_http("docs", *models(server)) as address:  # ended by SIGTERM
            asking = asyncio.create_task(ask(address))
            assert await asyncio.to_thread(eventually, lambda: server.arrived >= 5, 60)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
    (folder,) = (clean_environment / "runs").iterdir()
    assert await asyncio.to_thread(eventually, (folder / "result.json").exists, 1)
    trace = await asyncio.to_thread(trace_of, folder.parent, folder.name)
    assert trace.state == "failed"
    assert "interrupted" in trace.error


# -- over HTTP ---------------------------------------------------------------------------------------------

KEY = "a-long-random-key-0123456789"


def posted(address: str, body: bytes, **headers: str) -> tuple[int, str]:
    """The status and the body that a request gets."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    always = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    try:
        connection.request("POST", parts.path, body, {**always, **headers})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


INITIALIZE = json.dumps({"jsonrpc": "2.0", **HANDSHAKE[0]}).encode()


def test_over_http_only_this_machine_and_no_page_of_others_is_answered() -> None:
    documents()
    with over_http("docs") as address:
        assert posted(address, INITIALIZE)[0] == 200
        assert posted(address, INITIALIZE, Origin="http://localhost:3000")[0] == 200
        assert posted(address, INITIALIZE, Host="rebound.example:8643")[0] == 421
        assert posted(address, INITIALIZE, Origin="https://evil.example")[0] == 403
        assert posted(address, INITIALIZE, Origin="null")[0] == 403
        assert posted(address.replace("/mcp", "/other"), INITIALIZE)[0] == 404
        # bad input, and the server stays
        assert posted(address, b"{")[0] == 400
        assert posted(address, b'"text"')[0] == 400
        assert posted(address, b"\xff" * 100)[0] == 400
        assert posted(address, INITIALIZE, **{"Content-Length": str(100 << 20)})[0] == 413
        assert posted(address, INITIALIZE, **{"Content-Type": "text/plain"})[0] == 400
        assert posted(address, INITIALIZE)[0] == 200


def test_with_a_key_every_request_needs_it() -> None:
    documents()
    with over_http("docs", environment={"HARLM_SERVER_API_KEY": KEY}) as address:
        status, said = posted(address, INITIALIZE)
        assert status == 401
        assert "HARLM_SERVER_API_KEY" in said
        assert posted(address, INITIALIZE, Authorization=f"Bearer {KEY}x")[0] == 401
        assert posted(address, INITIALIZE, Authorization=f"Bearer {KEY}")[0] == 200
        assert posted(address, INITIALIZE, Authorization=f"Bearer {KEY}", Host="rebound.example")[0] == 421


def test_with_a_key_it_may_be_reached_from_elsewhere() -> None:
    documents()
    with over_http("docs", "--host", "0.0.0.0", environment={"HARLM_SERVER_API_KEY": KEY}) as address:
        here = address.replace("0.0.0.0", "127.0.0.1")
        assert posted(here, INITIALIZE)[0] == 401
        assert posted(here, INITIALIZE, Authorization=f"Bearer {KEY}", Host="harlm.example")[0] == 200


async def test_two_clients_over_http_at_once() -> None:
    from mcp import Client

    documents()
    with ChatServer(cites) as server, over_http("docs", *models(server)) as address:
        async with Client(address, mode="auto") as one, Client(address, mode="legacy") as other:
            results = await asyncio.gather(
                *(each.call_tool("harlm_ask", QUESTION) for each in (one, other) for _ in range(3))
            )
    assert {each.structured_content["status"] for each in results} == {"ok"}
    assert len({each.structured_content["run"] for each in results}) == 6


async def test_progress_is_live_over_http() -> None:
    documents()
    slow, told = Slow(), []

    async def on_progress(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, message))
        if "4 in flight" in str(message):
            slow.is_held = False  # the run ends only after the client has been told of it

    with ChatServer(slow) as server:
        async with reached("http", server, "auto") as client:
            result = await client.call_tool(
                "harlm_ask", {**QUESTION, "mode": "full"}, progress_callback=on_progress
            )
    assert result.structured_content["answer"] == "four items"
    assert [each for each, _ in told] == sorted({each for each, _ in told})


# -- a prompt that is larger than the window of an agent -------------------------------------------------------


@pytest.mark.parametrize("transport", ["stdio", "http"])
async def test_a_text_of_ten_megabytes_can_be_sent(transport: str) -> None:
    documents()
    line = "The mill stands at the river, and nothing happens there on most days of the year.\n"
    text = line * (10_000_000 // len(line)) + "Only billing still uses TLS 1.1.\n"
    with ChatServer(cites) as server:
        async with reached(transport, server, "auto") as client:
            result = await client.call_tool("harlm_ask", {**QUESTION, "mode": "plan", "text": text})
    assert not result.is_error, text_of(result)
    assert "billing" in result.structured_content["answer"]


async def test_a_large_prompt_is_a_file_or_a_text() -> None:
    line = "2026-11-30T12:00:00 INFO worker did what it does on every day of the year, nothing more\n"
    prompt = line * 20_000 + "2026-11-30T12:00:01 ERROR the disk of db-7 is full\n" + line * 20_000

    def finds(request: Request) -> str:
        return (
            'db-7 [prompt.log "the disk of db-7 is full"]'
            if "db-7 is full" in request.prompt
            else "NOT FOUND"
        )

    await asyncio.to_thread(Path("prompt.log").write_text, prompt)
    with ChatServer(finds) as server:
        async with over_stdio(*models(server)) as client:  # the current folder is the root
            how = {"question": "Whose disk is full?", "mode": "plan"}
            by_path = await client.call_tool("harlm_ask", {**how, "path": "prompt.log"})
            by_text = await client.call_tool("harlm_ask", {**how, "text": prompt})
    assert "db-7" in by_path.structured_content["answer"], text_of(by_path)
    assert "db-7" in by_text.structured_content["answer"], text_of(by_text)
    assert by_path.structured_content["sources"][0]["place"] == "prompt.log:20001"


# -- another client ----------------------------------------------------------------------------------------

FASTMCP = """
import asyncio, json, os, sys
from fastmcp import Client
from fastmcp.client.transports import StdioTransport

async def main(where, arguments):
    transport = where if where.startswith("http") else StdioTransport(where, arguments, env=dict(os.environ), keep_alive=False)
    told = []
    async def on_progress(progress, total, message):
        told.append(message)
    async with Client(transport, progress_handler=on_progress) as client:
        tools = [each.name for each in await client.list_tools()]
        answer = await client.call_tool("harlm_ask", {"question": "Which services still use TLS 1.1?"})
        bad = await client.call_tool("harlm_ask", {"question": "x", "path": "/etc/passwd"}, raise_on_error=False)
        corpora = await client.read_resource("harlm://corpora")
    print(json.dumps({
        "tools": tools, "answer": answer.structured_content, "text": answer.content[0].text,
        "is_error": bad.is_error, "error": bad.content[0].text, "corpora": corpora[0].text, "told": told,
    }))

asyncio.run(main(sys.argv[1], sys.argv[2:]))
"""


@pytest.mark.parametrize("transport", ["stdio", "http"])
def test_fastmcp_is_a_client_too(transport: str) -> None:
    python = clients_python()
    if python is None:
        pytest.skip(NO_CLIENTS)
    documents()
    with ChatServer(cites) as server, ExitStack() as stack:
        arguments = ["docs", *models(server)]
        where = [sys.executable, "-m", "harlm", "mcp", *arguments]
        if transport == "http":
            where = [stack.enter_context(over_http(*arguments))]
        done = subprocess.run(
            [python, "-c", FASTMCP, *where], capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["tools"] == TOOLS
    assert said["answer"]["sources"][0]["place"] == "docs/tls.md:3"
    assert "Sources:" in said["text"]
    assert said["is_error"]
    assert "is outside of what this server may read" in said["error"]
    assert json.loads(said["corpora"])[0]["name"] == "docs"
    assert said["told"]
