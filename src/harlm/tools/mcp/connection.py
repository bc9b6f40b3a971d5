"""The connection to one MCP server for the length of a run.

The SDK's sessions hold task groups, which one task must both enter and leave. So each connection is a task of its own, which
enters, waits until it is told to end, and leaves.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack
from typing import Any

from harlm.cleanup import finished
from harlm.errors import CodeError, ConfigError
from harlm.tools.mcp.http import reached
from harlm.tools.mcp.servers import McpServer
from harlm.tools.mcp.stdio import started
from harlm.tools.mcp.words import ServerWords

_MOST_REOPENED = 3  # connections to an address that broke
_LOOK_S = 0.2  # seconds in which the reason for a broken connection is known
_CLOSING_S = 8.0  # seconds that leaving may take
_CANCELLED_S = 2.0  # and after it was cancelled


class Connection:
    """The connection to one server. Calls may be made from any task.

    Args:
        server: the server.

    Attributes:
        server: as given.
        words: why it ended, if it has.
    """

    def __init__(self, server: McpServer) -> None:
        self.server = server
        self.words = ServerWords(server.secrets)
        self._ready: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._closing = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._reopening = asyncio.Lock()
        self._reopened = 0

    async def open(self) -> None:
        """Connect, and shake hands.

        Raises:
            ConfigError: the SDK is not installed, or the server cannot be reached.
        """
        _check_installed()
        self._task = asyncio.create_task(self._held())
        await asyncio.shield(self._ready)

    async def request(self, request: Any, result: Any) -> Any:
        """The answer to a request.

        Args:
            request: of the SDK.
            result: the type of the answer, of the SDK.

        Raises:
            CodeError: the server refused it, answered something else, or has ended.
        """
        session = await self._session()
        assert self._task is not None
        asking = asyncio.ensure_future(session.send_request(request, result))
        try:
            await asyncio.wait([asking, self._task], return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            asking.cancel()
            await asyncio.wait([asking])
            raise
        if not asking.done():
            asking.cancel()
            await asyncio.wait([asking])
        if asking.cancelled():
            raise CodeError(self._ended())
        error = asking.exception()
        if error is None:
            return asking.result()
        if self.server.url and not _is_answered(error):  # the task may be about to learn why it ended
            await asyncio.wait([self._task], timeout=_LOOK_S)
        raise CodeError(self._refused(error)) from error

    async def _session(self) -> Any:
        """The session. A server at an address is reached again if the connection broke.

        Raises:
            CodeError: it has ended.
        """
        async with self._reopening:
            if self._task is None or self._task.done():
                if not self.server.url or self._closing.is_set() or self._reopened >= _MOST_REOPENED:
                    raise CodeError(self._ended())
                self._reopened += 1
                self.words = ServerWords(self.server.secrets)
                self._ready = asyncio.get_running_loop().create_future()
                try:
                    async with asyncio.timeout(self.server.timeout_s):
                        await self.open()
                except TimeoutError:
                    self.words.because(f"it did not answer within {self.server.timeout_s:g} s")
                    raise CodeError(self._ended()) from None
                except ConfigError as error:
                    raise CodeError(str(error)) from error
            return self._ready.result()

    async def close(self) -> None:
        """End the connection, and the server if it was started here. Safe to call twice and at any time."""
        if self._task is not None:
            await finished(self._left(self._task))

    # -- the task that owns the session ----------------------------------------------------------------------

    async def _held(self) -> None:
        """Enter the session, hold it, and leave it."""
        from mcp import Client
        from mcp.types import Implementation

        transport = started if self.server.command else reached
        try:
            async with AsyncExitStack() as stack:
                streams = _Entered(await stack.enter_async_context(transport(self.server, self.words)))
                client = Client(streams, client_info=Implementation(name="harlm", version="1"), cache=None)
                await stack.enter_async_context(client)
                if not self._ready.done():
                    self._ready.set_result(client.session)
                await self._closing.wait()
        except BaseException as error:
            if not self._ready.done():
                self._ready.set_exception(self._unreachable(error))
                self._ready.exception()  # retrieved: nothing may wait for it any more
            if isinstance(error, asyncio.CancelledError | KeyboardInterrupt | SystemExit):
                raise
            self.words.because(self.words.clean(_said(error)))

    async def _left(self, task: asyncio.Task[None]) -> None:
        self._closing.set()
        if not self._ready.done():
            task.cancel()  # it still connects
        await asyncio.wait([task], timeout=_CLOSING_S)
        if not task.done():
            task.cancel()
            await asyncio.wait([task], timeout=_CANCELLED_S)
        if task.done() and not task.cancelled():
            task.exception()  # retrieved

    # -- words -------------------------------------------------------------------------------------------------

    def _unreachable(self, error: BaseException) -> ConfigError:
        if isinstance(error, ConfigError):
            return error
        told = str(self.words) or self.words.clean(_said(error))
        return ConfigError(f"the MCP server {self.server.label} cannot be used: {told}")

    def _ended(self) -> str:
        return f"the MCP server {self.server.label} has ended: {str(self.words) or 'it gave no reason'}"

    def _refused(self, error: BaseException) -> str:
        has_ended = self.server.command or self._task is None or self._task.done()
        if has_ended and not _is_answered(error):
            return self._ended()
        said = self.words.clean(_said(error))
        more = f" ({self.words.reason})" if self.words.reason else ""
        return f"the MCP server {self.server.label} refused the call: {said}{more}"


class _Entered:
    """Streams that are open already, as a transport of the SDK: the stack above closes them."""

    def __init__(self, streams: tuple[Any, Any]) -> None:
        self._streams = streams

    async def __aenter__(self) -> tuple[Any, Any]:
        return self._streams

    async def __aexit__(self, *_: object) -> None:
        """Leave them open."""


def _check_installed() -> None:
    try:
        import mcp  # noqa: F401 - is it there?
        from mcp import Client  # noqa: F401 - and new enough?
    except ImportError as error:
        raise ConfigError(
            f"MCP servers need the package mcp from version 2.3 on ({error}); install it with pip install 'harlm[mcp]'"
        ) from error
    for name in ("mcp", "httpx2"):  # else they would write to the terminal
        logger = logging.getLogger(name)
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())


def _is_answered(error: BaseException) -> bool:
    """Whether an error says more than that the connection has ended."""
    from mcp.types import CONNECTION_CLOSED

    return getattr(error, "code", None) != CONNECTION_CLOSED


def _said(error: BaseException) -> str:
    """The words of an error, or of the first in a group."""
    while isinstance(error, BaseExceptionGroup) and error.exceptions:
        error = error.exceptions[0]
    words = str(error)
    kind = type(error).__name__
    if kind == "ValidationError":  # of pydantic, with an address of its pages at the end
        return f"it answered in a form that the protocol does not have ({words.partition('For further')[0].strip()})"
    return words if kind == "MCPError" and words else f"{kind}: {words}" if words else kind
