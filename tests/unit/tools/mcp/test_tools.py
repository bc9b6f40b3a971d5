from __future__ import annotations

from contextlib import AsyncExitStack

import pytest

from harlm.errors import CodeError, ConfigError
from harlm.tools.mcp.tools import open_servers
from harlm.tools.names import check_name
from harlm.types import GatedCall
from tests.support.mcp_servers import hostile, opened

pytest.importorskip("mcp", reason="harlm[mcp] is not installed")


async def test_a_tool_is_pure_only_if_the_user_says_so() -> None:
    async with opened(hostile("plain", pure=["do"], timeout=7)) as tools:
        assert tools["do"].shape.is_pure
        assert not tools["other"].shape.is_pure  # whatever its readOnlyHint says
        assert tools["do"].shape.timeout_s == 7.0
        assert not tools["do"].shape.is_deterministic
        assert await tools["do"].call({"x": 1}) == '["do", {"x": 1}]'


async def test_the_gate_of_a_server_stands_before_all_its_tools() -> None:
    async with opened(hostile("plain", gate=lambda call: call.tool == "do")) as tools:
        for name, verdict in (("do", True), ("other", False)):
            assert tools[name].allows(GatedCall(tool=name, arguments={}, is_early=False)) is verdict


async def test_names_are_mended_and_differ_from_all_others() -> None:
    async with opened(
        hostile("names", name="odd"), hostile("names", name="more"), taken=["a_b", "tool"]
    ) as tools:
        assert len(tools) == 22
        for name in tools:
            check_name(name)
        assert {"class_", "odd_search", "get_user_v2", "odd_a_b", "odd_print", "more_search"} <= tools.keys()
        assert await tools["odd_search"].call({}) == '["search", {}]'
        assert await tools["get_user_v2"].call({}) == '["get-user.v2", {}]'


async def test_arguments_are_checked_before_the_server_sees_them_and_schemas_cannot_do_harm() -> None:
    async with opened(hostile("schemas")) as tools:
        assert "passed on unchecked" in tools["future"].shape.help
        assert await tools["future"].call({"a": 1}) == {"text": "a" * 40 + "!"}
        assert await tools["slow"].call({"text": "a" * 60 + "!"}) == {"text": "a" * 40 + "!"}
        with pytest.raises(CodeError, match="'user-id' is missing"):
            await tools["odd"].call({})
        assert "passed on unchecked" in tools["endless"].shape.help


@pytest.mark.parametrize(
    ("mode", "value"),
    [
        ("structured", {"a": [1, 2.5, None]}),
        ("empty", ""),
        (
            "blobs",
            "a\n[an image (image/png) was left out: cells get texts and data only]\n[a link to a resource: file:///x]\ninside\n"
            "[a resource (a/b) was left out: cells get texts and data only]",
        ),
    ],
)
async def test_results_are_data(mode: str, value: object) -> None:
    async with opened(hostile(mode)) as tools:
        assert await tools["do"].call({}) == value


async def test_errors_are_errors_and_megabytes_are_cut() -> None:
    async with opened(hostile("errors", name="a"), hostile("megabytes", name="b")) as tools:
        with pytest.raises(CodeError, match=r"^do failed: no such row$"):
            await tools["do"].call({})
        long = await tools["b_do"].call({})
        assert isinstance(long, str)
        assert long.endswith("[cut: 2,000,000 of 5,000,000 characters]")


async def test_one_server_that_fails_ends_all_and_is_named() -> None:
    async with AsyncExitStack() as stack:
        with pytest.raises(ConfigError, match=r"the MCP server python -S hostile_mcp.py cannot be used"):
            await open_servers([hostile("plain"), hostile("ends")], [], 60.0, stack)


async def test_a_server_that_is_silent_is_given_up_when_the_run_has_no_time_left() -> None:
    async with AsyncExitStack() as stack:
        with pytest.raises(TimeoutError):
            await open_servers([hostile("silent")], [], 0.3, stack)


async def test_a_server_that_is_silent_is_given_up_after_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harlm.tools.mcp.tools._OPENING_S", 0.3)
    async with AsyncExitStack() as stack:
        with pytest.raises(ConfigError, match=r"python -S hostile_mcp.py did not answer within 0.5 s"):
            await open_servers([hostile("silent", timeout=0.5)], [], float("inf"), stack)


async def test_what_the_user_is_told_of_the_opening_is_returned() -> None:
    async with AsyncExitStack() as stack:
        tools, notes = await open_servers([hostile("thousands")], [], 60.0, stack)
        assert len(tools) == 200
        assert len(notes) == 1
