from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from harlm.errors import ConfigError
from harlm.tools.mcp.servers import McpServer, servers_of
from harlm.tools.mcp.stdio import MOST_UNASKED, started
from harlm.tools.mcp.words import ServerWords
from tests.support.holdings import held, left_in_the_end
from tests.support.processes import is_running

pytest.importorskip("mcp", reason="harlm[mcp] is not installed")

LINE = """{"jsonrpc":"2.0","id":1,"result":{}}"""


def program(code: str, **more: Any) -> McpServer:
    return servers_of([{"command": [sys.executable, "-S", "-c", code], **more}])[0]


@asynccontextmanager
async def speaking(code: str, **more: Any) -> AsyncIterator[tuple[Any, Any, ServerWords]]:
    words = ServerWords()
    async with started(program(code, **more), words) as (received, sent):
        yield received, sent, words


async def everything(received: Any) -> list[Any]:
    return [each.message async for each in received]


async def test_messages_are_read_line_by_line_and_noise_is_skipped() -> None:
    noise = "print('hello'); print(); print('[1]'); print('{broken'); print('\\u00ff')"
    async with speaking(f"{noise}; print('{LINE}')") as (received, _, words):
        messages = await everything(received)
    assert [each.id for each in messages] == [1]
    assert words.reason == "it has ended"


async def test_messages_are_written_line_by_line() -> None:
    from mcp.shared.message import SessionMessage
    from mcp.types import JSONRPCRequest

    code = "import json, sys; at = json.loads(input())['id']; print(json.dumps({'jsonrpc': '2.0', 'id': at, 'result': {}}))"
    async with speaking(code) as (received, sent, _):
        await sent.send(SessionMessage(JSONRPCRequest(jsonrpc="2.0", id=7, method="ping")))
        assert [each.id for each in await everything(received)] == [7]


async def test_its_variables_are_a_few_harmless_ones_and_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-key-1")
    monkeypatch.setenv("HARLM_MODEL", "x")
    code = "import json, os; print(json.dumps({'jsonrpc': '2.0', 'id': 1, 'result': dict(os.environ)}))"
    async with speaking(code, env={"OWN": "1"}, cwd="/") as (received, _, _):
        (message,) = await everything(received)
    known = set(message.result)
    assert "OWN" in known
    assert known - {"OWN", "LC_CTYPE", "PWD"} <= {
        "PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "TMPDIR", "LANG", "LC_ALL", "TZ",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("print('{' + 'x' * 17_000_000)", "it sent a message of more than 16 MiB"),
        (
            """while True: print('{"jsonrpc":"2.0","method":"m"}')""",
            f"it sent {MOST_UNASKED:,} messages that nothing asked for",
        ),
        ("while True: print('noise')", f"it sent {MOST_UNASKED:,} messages that nothing asked for"),
        ("import sys; sys.exit(5)", "it has ended with exit code 5"),
        ("import os, time; os.close(1); time.sleep(600)", "it has ended its output"),
    ],
)
async def test_what_floods_or_ends_is_ended_with_a_reason(code: str, reason: str) -> None:
    async with speaking(code) as (received, _, words):
        assert await everything(received) == []
        assert words.reason == reason


async def test_the_last_that_it_wrote_to_its_errors_is_kept() -> None:
    code = "import sys; sys.stderr.write('a\\n' * 100_000 + 'the disk is lost'); sys.exit(1)"
    async with speaking(code) as (received, _, words):
        await everything(received)
    assert str(words).endswith("it wrote: a | a | a | the disk is lost")


async def test_a_program_that_does_not_read_is_ended_all_the_same() -> None:
    from mcp.shared.message import SessionMessage
    from mcp.types import JSONRPCNotification

    async with speaking("import time; print(flush=True); time.sleep(600)") as (_, sent, _):
        large = JSONRPCNotification(jsonrpc="2.0", method="m", params={"x": "y" * 1_000_000})
        await sent.send(SessionMessage(large))


@pytest.mark.skipif(sys.platform != "linux", reason="descriptors are looked up in /proc")
async def test_nothing_is_left_of_a_program() -> None:
    code = (
        "import json, os, time; print(json.dumps({'jsonrpc': '2.0', 'id': os.getpid(), 'result': {}}), flush=True); "
        "time.sleep(600)"
    )
    async with speaking("pass"):
        pass  # what asyncio keeps for all programs is there
    before = held()
    async with speaking(code) as (received, _, _):
        pid = (await received.receive()).message.id
        assert is_running(pid)
    assert not is_running(pid)
    assert await left_in_the_end(before) == ""


async def test_a_folder_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(ConfigError, match="cannot be started: "):
        async with speaking("pass", cwd="/nowhere/at/all"):
            pass
