"""Runs the server on a socket, until a signal ends it with every run saved."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

from harlm.server.app import app_of
from harlm.server.incoming import Reception
from harlm.server.listening import address_of

if TYPE_CHECKING:
    import uvicorn

GRACE_S = 8.0
"""Seconds that runs get to finish with what they have."""

_SAVE_S = 5.0  # and to be saved, once they are cancelled
_AGAIN_S = 0.2  # seconds after which runs that have begun meanwhile are told too
_IDLE_S = 75  # for which a connection waits for its next request
_SIGNALS = tuple(
    signal.Signals[name] for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)  # Windows has no SIGHUP
_log = logging.getLogger("harlm.server")


class Serving:
    """A server that runs.

    Args:
        reception: what its routes need.
        listening: its socket, which it closes.
        grace_s: seconds that runs get to finish when it is stopped.
    """

    def __init__(self, reception: Reception, listening: socket.socket, *, grace_s: float = GRACE_S) -> None:
        import uvicorn  # optional: the extra serve

        settings = uvicorn.Config(
            app_of(reception), log_config=None, access_log=False, lifespan="off", ws="none", timeout_keep_alive=_IDLE_S,
            timeout_graceful_shutdown=round(_SAVE_S), server_header=False, proxy_headers=False,
        )  # fmt: skip
        logging.getLogger("uvicorn.error").addFilter(_is_news)
        self._asking, self._listening, self._grace_s = reception.asking, listening, grace_s
        self._server = _quiet_server(settings, self._signals)
        self._stops = 0
        self._draining: asyncio.Task[None] | None = None

    @property
    def address(self) -> str:
        """Where clients find it."""
        return address_of(self._listening)

    async def run(self) -> None:
        """Serve until ``stop`` or a signal."""
        self._loop = asyncio.get_running_loop()
        await self._server.serve(sockets=[self._listening])
        await self._asking.settled()

    def stop(self) -> None:
        """Refuse what is new, let runs finish with what they have, and end; a second time, end at once. Call it in the loop."""
        self._stops += 1
        self._asking.is_closing = True
        if self._stops == 1:
            self._draining = asyncio.get_running_loop().create_task(self._drain())
        else:
            self._cut_short()

    async def _drain(self) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + self._grace_s
        while self._asking.under_way and loop.time() < until and self._stops == 1:
            self._asking.interrupt()
            await asyncio.sleep(_AGAIN_S)
        self._cut_short()

    def _cut_short(self) -> None:
        """Cancel the runs that have not ended, and end the server."""
        if self._asking.under_way:
            _log.warning("runs are cut short: %d; `harlm runs resume` takes them up", self._asking.under_way)
            for request in self._server.server_state.tasks:
                request.cancel()
        self._server.should_exit = True

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """In this block, signals stop the server. One that is ignored (``nohup``) stays ignored."""
        loop = asyncio.get_running_loop()
        with ExitStack() as undone:
            for number in _SIGNALS:
                with suppress(ValueError, RuntimeError):  # not in the main thread
                    if (before := signal.getsignal(number)) is not signal.SIG_IGN:
                        try:
                            loop.add_signal_handler(number, self.stop)
                            undone.callback(loop.remove_signal_handler, number)
                        except NotImplementedError:  # Windows
                            signal.signal(number, lambda *_: loop.call_soon_threadsafe(self.stop))
                            undone.callback(signal.signal, number, before)
            yield


def _is_news(record: logging.LogRecord) -> bool:
    """Whether a message of uvicorn's is of interest: not what clients send that is no HTTP, and no request that was cut short."""
    is_cut = record.exc_info is not None and isinstance(record.exc_info[1], asyncio.CancelledError)
    return record.levelno >= logging.ERROR and not is_cut


def _quiet_server(settings: uvicorn.Config, signals: Callable[[], object]) -> uvicorn.Server:
    import uvicorn  # as above

    class Server(uvicorn.Server):
        """Leaves signals to ``Serving``: uvicorn's own handling lets no run finish early, and ends the process by the signal."""

        capture_signals = staticmethod(signals)  # type: ignore[assignment] # a context manager, as there

    return Server(settings)
