"""``harlm mcp`` for tests: a process that the SDK's client speaks with, and the models behind it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from harlm.config import Config, load
from harlm.corpora import Corpora
from harlm.server.mcp.roots import roots_of
from harlm.server.mcp.tools import HarlmTools
from harlm.testing import ChatServer, Request

TLS = "# TLS\n\nOnly billing still uses TLS 1.1.\n"
"""The only document."""


def cites(request: Request) -> str:
    """A model that finds the line about TLS."""
    return 'billing [docs/tls.md "Only billing still uses TLS 1.1."]'


def documents() -> Path:
    """A folder of documents in the current folder."""
    folder = Path("docs")
    folder.mkdir(exist_ok=True)
    (folder / "tls.md").write_text(TLS, encoding="utf-8")
    return folder


def models(server: ChatServer) -> list[str]:
    """Options for a model on this server."""
    return ["-m", f"openai/root@{server.base_url}", "--sub-model", f"openai/sub@{server.base_url}"]


def tools_over(server: ChatServer, *sources: str, **flags: object) -> HarlmTools:
    """The tools in this process, over a corpus ``docs`` of these sources."""
    config = settings(server, **flags)
    named = {"docs": list(sources)} if sources else {}
    return HarlmTools(config, Corpora(named, config), roots_of([], sources or ["."]))


def settings(server: ChatServer, **flags: object) -> Config:
    """The settings of a test whose models are on a server."""
    names = {"models.root": f"openai/root@{server.base_url}", "models.sub": f"openai/sub@{server.base_url}"}
    more = {name.replace("__", "."): value for name, value in flags.items()}
    return load(
        flags={**names, **more}, environment=os.environ, folder=Path.cwd(), user_file=Path("/nonexistent")
    ).config


@asynccontextmanager
async def over_stdio(*arguments: str, mode: str = "auto", **environment: str) -> AsyncIterator[Any]:
    """The SDK's client of ``harlm mcp ARGUMENTS``, a process of its own in the current folder."""
    from mcp import Client, StdioServerParameters

    program = StdioServerParameters(
        command=sys.executable,
        args=["-m", "harlm", "mcp", *arguments],
        env={**os.environ, **environment},
        cwd=Path.cwd(),
    )
    async with Client(program, mode=mode, cache=None) as client:
        yield client


@contextmanager
def over_http(*arguments: str, environment: Mapping[str, str] | None = None) -> Iterator[str]:
    """The address of ``harlm mcp --http ARGUMENTS``, a process of its own in the current folder."""
    with subprocess.Popen(
        [sys.executable, "-m", "harlm", "mcp", "--http", "--port", "0", *arguments],
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        try:
            said = ""
            while (found := re.search(r"http://\S+/mcp", said)) is None:
                line = process.stderr.readline()
                assert line, f"harlm mcp ended: {said}"
                said += line
            yield found[0]
        finally:
            process.terminate()
            process.wait(30)


def text_of(result: Any) -> str:
    """The text of the result of a tool."""
    (block,) = result.content
    return str(block.text)
