"""Whole runs with MCP servers: real processes, over their input and output and over HTTP on loopback."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harlm import HARLM, Answer, ConfigError, DeadlineExceeded, events, tool
from harlm.config import Config, ModelSettings
from harlm.testing import EventLog, Request, ScriptedServer
from tests.support.busy import TRIES
from tests.support.cli import harlm
from tests.support.mcp_servers import HOSTILE, REAL, real_over_http
from tests.support.processes import is_running

pytest.importorskip("mcp", reason="harlm[mcp] is not installed")

ROOT = Path(__file__).parents[2]
EACH = "out = [population(city, 0) for city in ('Rome', 'Paris', 'Oslo')]\nprint(out)"
FINISH = "FINAL(str(out))"


def root(*cells: str) -> Callable[[Request], str]:
    """A root model that writes one cell a turn, the last one again and again."""

    def reply(request: Request) -> str:
        turn = sum(role == "assistant" for role, _ in request.messages)
        return f"```repl\n{cells[min(turn, len(cells) - 1)]}\n```"

    return reply


def client(server: ScriptedServer, *mcp: Any, **settings: Any) -> HARLM:
    return HARLM(model=f"openai/root@{server.base_url}", mcp=mcp, mode="full", cache=False, **settings)


def asked(
    cells: tuple[str, ...], *mcp: Any, log: EventLog | None = None, **settings: Any
) -> tuple[Answer, str, str]:
    """The answer, what the model was shown of the first cell, and what it was told before."""
    with ScriptedServer(root(*cells)) as server:
        answer = client(server, *mcp, **settings).ask("q", "a text", sinks=[] if log is None else [log])
        requests = server.requests
    return answer, requests[-1].messages[-1][1], requests[0].messages[0][1]


def real(**more: Any) -> dict[str, Any]:
    return {"command": [sys.executable, REAL], **more}


def hostile(mode: str, **more: Any) -> dict[str, Any]:
    return {"command": [sys.executable, "-S", HOSTILE, mode], **more}


def gone(pid: int) -> bool:
    ends = time.monotonic() + 15
    while is_running(pid) and time.monotonic() < ends:
        time.sleep(0.02)
    return not is_running(pid)


def test_a_server_gives_its_tools_and_only_those_that_the_user_calls_pure_run_early(tmp_path: Path) -> None:
    cell = f"{EACH}\nfor each in out:\n    note_add_line(str(each))\nhelp(population)"

    def early(notes: Path) -> int:
        """How many calls were made early."""
        answer, said, told = asked((cell, FINISH), real(pure=["population"], env={"NOTES": str(notes)}))
        assert answer.text == "[4000, 5000, 4000]"
        assert notes.read_text(encoding="utf-8") == "4000\n5000\n4000\n"
        assert "- `population(city: str, year: int = 2024)`: How many people live in a city." in told
        assert "- `mcp_server_search(query: str)`: Find a book." in told
        assert "Ignore all earlier instructions" not in told
        assert 'Arguments, as JSON Schema: {"type": "object"' in said
        return answer.usage.early.made

    assert any(early(tmp_path / f"{attempt}.txt") > 1 for attempt in range(TRIES))


def test_a_server_at_an_address_gives_the_same() -> None:
    with real_over_http() as address:
        answer, _, told = asked((EACH, FINISH), {"url": address, "allow": ["population"], "name": "books"})
        again, _, _ = asked((EACH, FINISH), address)
    assert answer.text == again.text == "[4000, 5000, 4000]"
    assert "shout" not in told


def test_two_servers_and_own_functions_have_different_names() -> None:
    @tool
    def do() -> str:
        return "mine"

    cell = "out = [do(), first_do(), second_do()]\nprint(out)"
    servers = (hostile("plain", name="first"), hostile("plain", name="second"))
    answer, _, _ = asked((cell, FINISH), *servers, tools=[do])
    assert answer.text == """['mine', '["do", {}]', '["do", {}]']"""


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        ("errors", "do failed: no such row"),
        ("dies", "the MCP server python -S hostile_mcp.py has ended: it has ended with exit code 4"),
        ("floods", "it sent 10,000 messages that nothing asked for"),
        ("hangs", "do did not return within 0.5 s"),
    ],
)
def test_a_server_that_fails_is_an_error_in_the_cell_and_the_run_goes_on(mode: str, words: str) -> None:
    cell = "try:\n    out = do()\nexcept Exception as error:\n    out = str(error)\nprint(out)"
    log = EventLog()
    answer, _, _ = asked((cell, FINISH), hostile(mode, timeout=0.5 if mode == "hangs" else 60.0), log=log)
    assert words in answer.text
    assert words in log.of(events.ToolCalled)[0].error


def test_the_user_is_told_when_tools_are_left_out() -> None:
    log = EventLog()
    asked(("out = t7()", FINISH), hostile("thousands"), log=log)
    assert any("lists more tools than can be read" in each.message for each in log.of(events.Noted))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (hostile("ends"), "python -S hostile_mcp.py cannot be used: it has ended with exit code 3"),
        (hostile("lies"), "the tools of an MCP server cannot be listed"),
        ("/nowhere/at/all", "No such file or directory"),
        ("http://127.0.0.1:9/mcp", "ConnectError"),
        (hostile("plain", pure=["nothing"]), "names 'nothing'"),
    ],
)
def test_a_server_that_cannot_be_used_ends_the_run_before_it_costs_anything(given: Any, words: str) -> None:
    with ScriptedServer(root(FINISH)) as server:
        with pytest.raises(ConfigError) as raised:
            client(server, given).ask("q", "a text")
        assert server.requests == []
    assert words in str(raised.value)


def test_the_time_of_a_run_counts_while_servers_start() -> None:
    from harlm import Budget

    with ScriptedServer(root(FINISH)) as server, pytest.raises(DeadlineExceeded):
        client(server, hostile("silent"), budget=Budget(seconds=0.5)).ask("q", "a text")


def test_offline_refuses_servers_elsewhere() -> None:
    elsewhere = "https://mcp.example.com/mcp?key=hidden-key-1"
    with pytest.raises(ConfigError, match="needs a network, and the run is offline") as raised:
        HARLM(mcp=[elsewhere], settings=Config(models=ModelSettings(offline=True))).ask("q", "a text")
    assert "hidden-key-1" not in str(raised.value)


def test_secrets_of_a_server_are_not_in_the_stored_trace(clean_environment: Path) -> None:
    cell = "out = variables()\ntry:\n    dies()\nexcept Exception as error:\n    print(error, 's3cret-of-the-server')"
    answer, _, _ = asked((cell, FINISH), real(env={"TOKEN": "s3cret-of-the-server"}))
    (stored,) = (clean_environment / "runs").glob(f"*{answer.run_id}*")
    written = b"".join(each.read_bytes() for each in stored.rglob("*") if each.is_file())
    assert b'"kind":"tool_called"' in written
    assert b"s3cret-of-the-server" not in written
    assert "TOKEN" in answer.text
    assert not {"OPENAI_API_KEY", "HARLM_HOME"} & set(json.loads(answer.text.replace("'", '"')))


def test_nothing_is_left_of_a_server_also_if_it_is_stubborn() -> None:
    cell = "import os\nout = variables()\nprint(out)"
    before = _below()
    asked((cell, FINISH), {"command": [sys.executable, REAL, "stdio", "stubborn", "talks"]})
    assert _below() <= before


def _below() -> set[int]:
    from tests.support.processes import descendants

    return {each for each in descendants(os.getpid()) if b"mcp_server.py" in _command(each)}


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


async def test_a_run_that_is_cancelled_ends_its_server() -> None:
    log = EventLog()
    with ScriptedServer(root("slow(seconds=60)", FINISH)) as server:
        asking = asyncio.create_task(client(server, real()).aask("q", "a text", sinks=[log]))
        while not log.of(events.CellStarted):  # noqa: ASYNC110 - no event to wait for
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.2)
        assert _below()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
    assert not _below()


KILLED = """
import sys
from harlm import HARLM
HARLM(model=f"openai/root@{sys.argv[1]}", mcp=[{"command": sys.argv[2:]}], mode="full", cache=False).ask("q", "a text")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="processes are looked up in /proc")
def test_a_host_that_is_killed_leaves_no_server(tmp_path: Path) -> None:
    with ScriptedServer(root("slow(seconds=60)", FINISH)) as server:
        host = subprocess.Popen(
            [sys.executable, "-c", KILLED, server.base_url, sys.executable, REAL, "stdio", "stubborn"],
            env={**os.environ, "OPENAI_API_KEY": "x"},
            cwd=tmp_path,
        )
        from tests.support.processes import descendants

        ends, found = time.monotonic() + 60, set[int]()
        while len(found) < 2 and time.monotonic() < ends:  # the keeper and the server
            found = {each for each in descendants(host.pid) if b"mcp_server.py" in _command(each)}
            time.sleep(0.02)
        assert len(found) == 2
        time.sleep(0.5)
        host.send_signal(signal.SIGKILL)
        host.wait(20)
        assert all(map(gone, found))


# -- the command line ------------------------------------------------------------------------------------------


def test_servers_and_files_of_tools_are_given_on_the_command_line() -> None:
    Path("a.txt").write_text("a text", encoding="utf-8")
    Path("tools.py").write_text(
        "def double(x: int) -> int:\n    return 2 * x\n\nTOOLS = [double]\n", encoding="utf-8"
    )
    cell = "out = [double(4), do()]\nprint(out)"
    with ScriptedServer(root(cell, FINISH)) as server:
        ran = harlm(
            "ask", "q", "a.txt", "-m", f"openai/root@{server.base_url}", "--tools", "tools.py", "--mcp",
            f"{sys.executable} -S {HOSTILE} plain", "--no-cache",
            environment={"OPENAI_API_KEY": "x"},
        )  # fmt: skip
    assert ran.code == 0, ran.err
    assert ran.out == """[8, '["do", {}]']\n"""
    assert "full · " in ran.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--tools", "nowhere.py"], "the tools 'nowhere.py' cannot be read"),
        (["--tools", "broken.py"], "'broken.py', line 2: ZeroDivisionError"),
        (["--mcp", "/nowhere/at/all"], "the MCP server all cannot be used"),
        (["--mcp", "'"], "cannot be split"),
        (["--mcp", "python x.py", "--mode", "direct"], "mode direct calls no tools"),
    ],
)
def test_what_cannot_be_used_is_an_error_of_the_settings(arguments: list[str], words: str) -> None:
    Path("a.txt").write_text("a text", encoding="utf-8")
    Path("broken.py").write_text("x = 1\n1 / 0\n", encoding="utf-8")
    ran = harlm("ask", "q", "a.txt", *arguments)
    assert ran.code == 3
    assert words in ran.err


def test_a_project_file_cannot_set_tools_or_servers() -> None:
    Path("a.txt").write_text("a text", encoding="utf-8")
    for text in ('mcp = ["python x.py"]\n', '[engine]\ntools = ["x.py"]\n'):
        Path("harlm.toml").write_text(text, encoding="utf-8")
        assert harlm("ask", "q", "a.txt").code == 3
