"""What the page for coding agents tells them to start is a server that answers."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.support.pages import ROOT, blocks

pytest.importorskip("mcp", reason="harlm[mcp] is not installed")

PAGE = ROOT / "docs/how-to/mcp-server.md"
AGENTS = ("Claude Code", "Cursor", "VS Code", "Codex", "Gemini CLI", "opencode", "Zed", "Claude Desktop")
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "t", "version": "1"},
    },
}


def commands() -> list[list[str]]:
    """Every command on the page, as an agent starts it."""
    found: list[list[str]] = []
    for block in blocks(PAGE.read_text(encoding="utf-8")):
        match block.kind:
            case "json":
                found.append(_command(json.loads(block.body)))
            case "toml":
                found.append(_command(tomllib.loads(block.body)))
            case "text" if " -- " in block.body:
                found.append(shlex.split(block.body.partition(" -- ")[2]))
    return found


def _command(configuration: Any) -> list[str]:
    """The command of the only server in the configuration of an agent."""
    while "harlm" not in configuration:
        (configuration,) = configuration.values()
    server = configuration["harlm"]
    command = server["command"]
    return [*command] if isinstance(command, list) else [command, *server.get("args", [])]


def test_every_agent_is_on_the_page_with_its_configuration() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert re.findall(r"^\*\*(.+?)\*\*", text, re.MULTILINE) == list(AGENTS)
    assert len(commands()) == len(AGENTS) + 1  # Claude Code has a command too


@pytest.mark.parametrize("command", sorted({tuple(each) for each in commands()}), ids=" ".join)
def test_a_command_on_the_page_starts_a_server(command: tuple[str, ...]) -> None:
    here = Path.cwd()
    (here / "docs").mkdir()
    words = [
        each.replace("${workspaceFolder}", str(here)).replace("/home/me/project", str(here))
        for each in command
    ]
    assert words[0] == "harlm"
    with subprocess.Popen(
        [sys.executable, "-m", *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(INITIALIZE) + "\n")
        process.stdin.flush()
        answer = json.loads(process.stdout.readline())
        process.stdin.close()
        assert process.wait(60) == 0
    assert answer["result"]["serverInfo"]["name"] == "harlm"
    assert {"tools", "resources"} <= set(answer["result"]["capabilities"])
