"""``harlm mcp`` as clients see it: the SDK's client over standard input and output, and over HTTP."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
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
