from __future__ import annotations

import math
from contextlib import AsyncExitStack

import pytest

from harlm.errors import ConfigError
from harlm.tools.toolset import Toolset, toolset_of
from tests.support.mcp_servers import hostile


def double(x: int) -> int:
    return 2 * x


def test_it_is_true_only_if_there_are_tools_or_servers() -> None:
    assert not Toolset()
    assert toolset_of([double], [])
    assert toolset_of([], ["python server.py"])


async def test_own_functions_need_nothing_to_be_opened() -> None:
    async with AsyncExitStack() as stack:
        named, notes = await toolset_of([double], []).opened(0.0, stack, is_offline=True)
    assert list(named) == ["double"]
    assert notes == ()


async def test_tools_of_servers_come_after_ones_own_and_have_other_names() -> None:
    pytest.importorskip("mcp", reason="harlm[mcp] is not installed")

    def do() -> None: ...

    async with AsyncExitStack() as stack:
        tools = toolset_of([do], [hostile("plain", name="theirs")])
        named, _ = await tools.opened(math.inf, stack, is_offline=True)
        assert list(named) == ["do", "theirs_do", "other"]


async def test_an_offline_run_refuses_servers_on_other_machines() -> None:
    tools = toolset_of([], ["https://me:pass-word-1@mcp.example.com/mcp"])
    async with AsyncExitStack() as stack:
        with pytest.raises(ConfigError, match=r"https://mcp\.example\.com/mcp needs a network") as raised:
            await tools.opened(math.inf, stack, is_offline=True)
    assert "pass-word-1" not in str(raised.value)


def test_the_secrets_of_all_servers_are_known() -> None:
    tools = toolset_of([], [{"command": "x", "env": {"A": "secret-a"}}, "http://me:secret-b@h/"])
    assert tools.secrets == ("secret-a", "secret-b")


def test_what_cannot_be_a_tool_or_a_server_is_refused() -> None:
    with pytest.raises(ConfigError, match="not callable"):
        toolset_of([3], [])
    with pytest.raises(ConfigError, match="pass its address"):
        toolset_of([], [3])
