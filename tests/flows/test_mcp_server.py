"""``harlm mcp`` as clients see it: the SDK's client over standard input and output, and over HTTP."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from harlm import HARLM
from harlm.testing import ChatServer, Request
from tests.support.busy import eventually
from tests.support.durable import ITEM, root
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
            while self.is_held:
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
