"""A server that is a program: it is started in a process group of its own, and spoken with over its input and output.

In place of the SDK's own transport, which puts no limit on what a program writes, and whose programs outlive a host that is
killed.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

from harlm.cleanup import finished
from harlm.errors import ConfigError
from harlm.tools.mcp import keeper
from harlm.tools.mcp.servers import McpServer
from harlm.tools.mcp.words import ENDED, ServerWords

LONGEST_MESSAGE = 16 << 20
"""Bytes of a message from a server."""

MOST_UNASKED = 10_000
"""Messages that answer nothing, between two answers."""

_KEPT_VARIABLES = ("PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "TMPDIR", "LANG", "LC_ALL", "TZ")
_GRACE_S = 1.0  # seconds that a program may take to end once its input is closed
_TO_DIE_S = 3.0  # seconds in which its keeper ends the group
_AT_ONCE = 100  # messages that are read before other work gets a turn
_LOOK_S = 1.0  # seconds in which a program that has closed its output or its input should end
_ERRORS = 64 << 10  # bytes of a line of errors


@asynccontextmanager
async def started(server: McpServer, words: ServerWords) -> AsyncIterator[tuple[Any, Any]]:
    """Start the program of a server, and end it with all that it started.

    Args:
        server: with a command.
        words: what it says, and why it ended.

    Returns:
        streams of messages, as transports of the SDK have them.

    Raises:
        ConfigError: it cannot be started.
    """
    import anyio

    program = await _Program.of(server)
    into, received = anyio.create_memory_object_stream[Any](0)
    sent, outgoing = anyio.create_memory_object_stream[Any](0)
    tasks = [
        asyncio.create_task(program.read(into, words)),
        asyncio.create_task(program.write(outgoing, into, words)),
        asyncio.create_task(program.listen(words)),
    ]
    try:
        yield received, sent
    finally:
        await finished(program.end(tasks))
        for stream in (into, received, sent, outgoing):
            await stream.aclose()


class _Program:
    """A program, and the pipe whose end ends it."""

    def __init__(self, process: asyncio.subprocess.Process, life: int) -> None:
        self._process = process
        self._life = life

    @classmethod
    async def of(cls, server: McpServer) -> _Program:
        """Start the program of a server.

        Raises:
            ConfigError: it cannot be started.
        """
        if sys.platform == "win32":
            raise ConfigError(
                "programs of MCP servers are started on Linux, macOS and WSL; on Windows give the address of one that runs"
            )
        watched, life = os.pipe()
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-I", "-S", keeper.__file__, str(watched), *server.command,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                env=_environment(server.env), cwd=server.cwd, pass_fds=(watched,),
                start_new_session=True, limit=LONGEST_MESSAGE,
            )  # fmt: skip
        except (OSError, ValueError) as error:
            os.close(life)
            raise ConfigError(f"the MCP server {server.label} cannot be started: {error}") from error
        except BaseException:
            os.close(life)
            raise
        finally:
            os.close(watched)
        return cls(process, life)

    async def read(self, into: Any, words: ServerWords) -> None:
        """Pass on the messages of the program until it ends, or until it floods."""
        from mcp.shared.message import SessionMessage
        from mcp.types import JSONRPCError, JSONRPCNotification, JSONRPCResponse

        assert self._process.stdout is not None
        unasked = 0
        async with into:
            while True:
                try:
                    line = await self._process.stdout.readline()
                except ValueError:
                    return words.because(f"it sent a message of more than {LONGEST_MESSAGE >> 20} MiB")
                if not line:
                    return words.because(await self._ending())
                message = _message_in(line)
                unasked = 0 if isinstance(message, JSONRPCResponse | JSONRPCError) else unasked + 1
                if unasked > MOST_UNASKED:
                    return words.because(f"it sent {MOST_UNASKED:,} messages that nothing asked for")
                if unasked % _AT_ONCE == _AT_ONCE - 1:
                    await asyncio.sleep(0)  # lines that have arrived are read without waiting
                if message is not None and not isinstance(message, JSONRPCNotification):  # of no use here
                    await into.send(SessionMessage(message))

    async def _ending(self) -> str:
        if not await _waited(self._process, _LOOK_S):
            return f"{ENDED} its output"
        code = self._process.returncode
        return ENDED if code == 0 else f"{ENDED} with exit code {code}"

    async def write(self, outgoing: Any, into: Any, words: ServerWords) -> None:
        """Send messages to the program. If it does not read them any more, the session sees that it has ended."""
        assert self._process.stdin is not None
        try:
            async with outgoing:
                async for each in outgoing:
                    text = each.message.model_dump_json(by_alias=True, exclude_unset=True)
                    self._process.stdin.write(text.encode() + b"\n")
                    await self._process.stdin.drain()
        except OSError:
            if await _waited(self._process, _LOOK_S):  # else it lives, and has only closed its input
                words.because(await self._ending())
            await into.aclose()

    async def listen(self, words: ServerWords) -> None:
        """Keep the last lines that the program writes to its errors."""
        assert self._process.stderr is not None
        rest = b""
        while piece := await self._process.stderr.read(_ERRORS):
            *lines, rest = (rest + piece).split(b"\n")
            rest = rest[-_ERRORS:]
            for line in lines[-50:]:
                words.heard(line.decode("utf-8", "replace"))
        words.heard(rest.decode("utf-8", "replace"))

    async def end(self, tasks: list[asyncio.Task[None]]) -> None:
        """End the program: its input is closed, then its keeper is told, which ends the group."""
        process, reading = self._process, tasks[0]
        try:
            for task in tasks[:2]:
                task.cancel()
            if process.stdin is not None:
                process.stdin.close()
            await _waited(process, _GRACE_S)
        finally:
            os.close(self._life)
            await asyncio.wait([reading, tasks[1]])
        if not await _waited(process, _TO_DIE_S):
            with suppress(ProcessLookupError):
                process.kill()
            await _waited(process, _TO_DIE_S)
        tasks[2].cancel()
        await asyncio.wait(tasks)
        process._transport.close()  # type: ignore[attr-defined] # noqa: SLF001 - a descendant may hold a pipe open


async def _waited(process: asyncio.subprocess.Process, seconds: float) -> bool:
    """Whether a process has ended within some seconds. ``wait`` would also wait until its pipes are closed."""
    ends = asyncio.get_running_loop().time() + seconds
    pause = 0.001
    while process.returncode is None and asyncio.get_running_loop().time() < ends:
        await asyncio.sleep(pause)
        pause = min(2 * pause, 0.05)
    return process.returncode is not None


def _environment(own: Mapping[str, str]) -> dict[str, str]:
    """The variables of a program: a few harmless ones and its own, no keys."""
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    return {**kept, **own}


def _message_in(line: bytes) -> Any:
    """The message in a line; ``None`` for anything else, such as a log that a program writes to its output."""
    from mcp_types import jsonrpc_message_adapter

    if not line.lstrip().startswith(b"{"):
        return None
    try:
        return jsonrpc_message_adapter.validate_json(line, by_name=False)
    except ValueError:
        return None
