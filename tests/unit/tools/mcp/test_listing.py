from __future__ import annotations

from typing import Any

import pytest

from harlm.errors import ConfigError
from harlm.tools.mcp.connection import Connection
from harlm.tools.mcp.listing import MOST_TOOLS, listed
from tests.support.mcp_servers import hostile

pytest.importorskip("mcp", reason="harlm[mcp] is not installed")


async def found(mode: str, **more: Any) -> tuple[list[str], str]:
    connection = Connection(hostile(mode, **more))
    try:
        await connection.open()
        tools, note = await listed(connection)
        return [each.name for each in tools], note
    finally:
        await connection.close()


async def test_all_tools_are_listed_or_those_that_are_allowed() -> None:
    assert await found("plain") == (["do", "other"], "")
    assert await found("plain", allow=["other"]) == (["other"], "")
    assert await found("plain", allow=[]) == ([], "")


async def test_pages_that_lead_in_a_circle_are_read_once() -> None:
    assert await found("circle") == (["only"], "")


async def test_pages_without_an_end_are_not_read_to_their_end_and_the_user_is_told() -> None:
    names, note = await found("pages")
    assert names == [f"t{at}" for at in range(100)]
    assert note.endswith("the first 100 can be called. Name those that you want with 'allow'")
    assert await found("pages", allow=["t70", "t7"]) == (["t7", "t70"], "")


async def test_of_thousands_of_tools_the_first_are_taken_and_the_user_is_told() -> None:
    names, note = await found("thousands")
    assert len(names) == MOST_TOOLS
    assert "lists more tools than can be read; the first 200 can be called" in note
    assert await found("thousands", allow=["t4999"]) == (["t4999"], "")


@pytest.mark.parametrize(
    ("mode", "more", "words"),
    [
        ("plain", {"allow": ["nothing"]}, "names 'nothing', which is not among its tools"),
        ("plain", {"pure": ["nothing"]}, "pure of the MCP server .* names 'nothing', .*: do, other"),
        ("plain", {"allow": ["do"], "pure": ["other"]}, "names 'other', which is not among its tools: do"),
        (
            "lies",
            {},
            "the tools of an MCP server cannot be listed: .* in a form that the protocol does not have",
        ),
    ],
)
async def test_what_does_not_exist_or_is_no_list_is_refused(mode: str, more: Any, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        await found(mode, **more)
