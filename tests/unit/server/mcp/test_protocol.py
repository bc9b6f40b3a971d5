"""The tools through the SDK: lists, schemas, results in both forms, errors as results, and nothing secret in them."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harlm.server.mcp import protocol
from harlm.server.mcp.tools import HarlmTools
from harlm.testing import ChatServer
from harlm.testing.faults import refusal
from tests.support.harlm_mcp import cites, documents, text_of, tools_over

mcp = pytest.importorskip("mcp", reason="harlm[mcp] is not installed")

KEY = "a key of 0123456789"
Q = {"question": "Which services still use TLS 1.1?"}


@pytest.fixture
def models() -> Iterator[ChatServer]:
    with ChatServer(cites) as server:
        yield server


@pytest.fixture
def server(models: ChatServer) -> Any:
    """A server over one document, to which a client in this process connects."""
    documents()
    return protocol.server_of(tools_over(models, "docs"), "1", [KEY])


async def test_every_tool_has_schemas_and_hints(server: Any) -> None:
    async with mcp.Client(server) as client:
        tools = {each.name: each for each in (await client.list_tools()).tools}
        assert list(tools) == ["harlm_ask", "harlm_search", "harlm_read", "harlm_estimate", "harlm_get_trace"]
        for each in tools.values():
            assert each.input_schema["type"] == each.output_schema["type"] == "object"
            assert each.input_schema["additionalProperties"] is False
            assert "anyOf" not in json.dumps(each.input_schema)
            assert "$ref" not in json.dumps(each.input_schema)
            assert all("description" in argument for argument in each.input_schema["properties"].values())
            hints = each.annotations
            assert (hints.read_only_hint, hints.destructive_hint) == (True, False)
            assert hints.idempotent_hint is (each.name != "harlm_ask")
            assert hints.open_world_hint == (each.name == "harlm_ask")
            assert len(each.description) < 500
        assert tools["harlm_ask"].input_schema["required"] == ["question"]
        assert tools["harlm_search"].input_schema["properties"]["k"]["maximum"] == 50


async def test_the_instructions_name_corpora_and_roots(server: Any) -> None:
    async with mcp.Client(server) as client:
        assert "Corpora: docs." in client.instructions
        assert re.search(r"Paths in: /\S+/docs\.", client.instructions)


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("harlm_ask", Q, "billing [docs/tls.md:3]"),
        ("harlm_ask", {**Q, "path": "docs"}, "billing"),
        ("harlm_ask", {**Q, "text": "Only billing still uses TLS 1.1.", "corpus": None}, "billing"),
        ("harlm_search", {"query": "TLS", "k": "2"}, "Only billing still uses TLS 1.1."),
        ("harlm_read", {"document": "tls.md"}, "Only billing still uses TLS 1.1."),
        ("harlm_estimate", Q, "a run would use"),
    ],
)
async def test_a_result_has_text_and_structure(
    server: Any, tool: str, arguments: dict[str, Any], said: str
) -> None:
    async with mcp.Client(server) as client:
        result = await client.call_tool(tool, arguments)  # the client checks the structure against the schema
        assert not result.is_error, text_of(result)
        assert said in text_of(result)
        assert result.structured_content


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("harlm_ask", {}, "missing required field `question`"),
        ("harlm_ask", {"question": ["x"]}, "Expected `str`, got `array`"),
        ("harlm_ask", {**Q, "modus": "full"}, "unknown field `modus`"),
        ("harlm_ask", {**Q, "corpus": "wiki"}, "there is no corpus 'wiki'"),
        ("harlm_ask", {**Q, "path": "../../etc/passwd"}, "is outside of what this server may read"),
        ("harlm_estimate", {**Q, "path": "/"}, "is outside of what this server may read"),
        ("harlm_search", {"query": "x", "k": 10_000}, "Expected `int` <= 50"),
        ("harlm_read", {"document": "/etc/passwd"}, "has no document '/etc/passwd'"),
        ("harlm_get_trace", {"run": "../../x"}, "cannot be the id of a run"),
        ("harlm_get_trace", {"run": "01JZ5W3Y8K9QXW7RB2M4N6P8ST"}, "there is no single run"),
    ],
)
async def test_a_bad_call_is_an_error_that_says_what_is_wrong(
    server: Any, tool: str, arguments: dict[str, Any], said: str
) -> None:
    async with mcp.Client(server) as client:
        result = await client.call_tool(tool, arguments)
        assert result.is_error
        assert said in text_of(result)
        assert "Traceback" not in text_of(result)
        assert "\n" not in text_of(result)


async def test_an_unknown_tool_is_refused_with_the_known_ones(server: Any) -> None:
    async with mcp.Client(server) as client:
        with pytest.raises(mcp.MCPError, match="there is no tool 'harlm_delete'; there are harlm_ask"):
            await client.call_tool("harlm_delete", {})


async def test_an_unknown_resource_is_refused(server: Any) -> None:
    async with mcp.Client(server) as client:
        with pytest.raises(mcp.MCPError, match="there is no resource"):
            await client.read_resource("harlm://corpora/wiki")


async def test_resources_are_listed_and_read(server: Any) -> None:
    async with mcp.Client(server) as client:
        listed = [str(each.uri) for each in (await client.list_resources()).resources]
        assert listed == ["harlm://corpora", "harlm://runs", "harlm://corpora/docs"]
        templates = [
            each.uri_template for each in (await client.list_resource_templates()).resource_templates
        ]
        assert templates == ["harlm://corpora/{name}", "harlm://runs/{run}"]
        (content,) = (await client.read_resource("harlm://corpora/docs")).contents
        assert json.loads(content.text)["documents_in_all"] == 1
        assert content.mime_type == "application/json"


async def test_a_key_in_an_error_is_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    documents()
    with ChatServer(lambda request: refusal(401, f"invalid key {KEY}")) as models:
        async with mcp.Client(protocol.server_of(tools_over(models, "docs"), "1", [KEY])) as client:
            result = await client.call_tool("harlm_ask", Q)
    assert result.is_error
    assert "invalid key [redacted]" in text_of(result)


async def test_a_key_in_a_document_is_hidden(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async with mcp.Client(server) as client:
        await asyncio.to_thread(Path("docs/tls.md").write_text, f"The word is {KEY}.\n")
        result = await client.call_tool("harlm_read", {"document": "tls.md"})
        assert "The word is [redacted]." in text_of(result)
        assert KEY not in json.dumps(result.structured_content)


async def test_a_fault_of_harlm_is_told_by_its_type_and_logged(
    server: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with mcp.Client(server) as client:

        async def fails(*_: object) -> None:
            raise ZeroDivisionError(f"by {KEY}")

        monkeypatch.setattr(HarlmTools, "_opened", fails)
        with caplog.at_level(logging.ERROR):
            result = await client.call_tool("harlm_estimate", Q)
        assert result.is_error
        assert text_of(result) == (
            "internal error in harlm_estimate: ZeroDivisionError; the log of the server says more"
        )
        assert "ZeroDivisionError: by [redacted]" in caplog.text
        assert KEY not in caplog.text
        assert not (await client.call_tool("harlm_search", {"query": "TLS"})).is_error


async def test_progress_arrives_with_the_figures(models: ChatServer, server: Any) -> None:
    async with mcp.Client(server) as client:
        told: list[tuple[float, float | None, str | None]] = []

        async def on_progress(progress: float, total: float | None, message: str | None) -> None:
            told.append((progress, total, message))

        await client.call_tool("harlm_ask", Q, progress_callback=on_progress)
        assert told
        assert [each for each, _, _ in told] == sorted({each for each, _, _ in told})
        assert "1 done, 0 in flight" in str(told[-1][2])
