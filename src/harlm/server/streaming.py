"""Replies as server-sent events, and runs that end when their client leaves.

The text of an answer is known when its citations are checked, so what is streamed before are signs of life. Nothing is queued for a
slow reader: the next piece is made when the one before has been taken.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator
from functools import partial

import msgspec
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from harlm.cleanup import finished
from harlm.errors import HarlmError
from harlm.server.asking import AdmittedRun, EndedRun
from harlm.server.failures import RequestRefused, failure_of, internal

PING_S = 15.0
"""Seconds of silence after which a stream shows that it lives."""

PATIENCE_S = 120.0
"""Seconds for which a reader may leave a piece unread."""

_PIECE = 400  # characters of a piece of text
_AT_ONCE = 8_192  # bytes of events that are sent together
_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),
]
_log = logging.getLogger("harlm.server")
_encode = msgspec.json.Encoder().encode


def event(body: object, name: str | None = None) -> bytes:
    """One server-sent event."""
    head = b"" if name is None else b"event: " + name.encode() + b"\n"
    return head + b"data: " + _encode(body) + b"\n\n"


def pieces(text: str) -> Iterator[str]:
    """A text in pieces that end after a blank or a line where there is one."""
    at = 0
    while at < len(text):
        end = at + _PIECE
        if end < len(text):
            blank = max(text.rfind(" ", at, end), text.rfind("\n", at, end))
            end = blank + 1 if blank > at else end
        yield text[at:end]
        at = end


async def answered_while_present(receive: Receive, run: AdmittedRun) -> EndedRun:
    """The answer of a run, which is cancelled when the client leaves.

    Raises:
        ClientDisconnect: the client has left.
        HarlmError: as ``HARLM.aask``.
    """
    task = asyncio.current_task()
    assert task is not None
    gone = asyncio.ensure_future(until_gone(receive))
    cancel = partial(_cancel_unless_cancelled, task)
    gone.add_done_callback(cancel)
    try:
        return await run.answer()
    except asyncio.CancelledError:
        if gone.done() and task.uncancel() == 0:
            raise ClientDisconnect from None
        raise
    finally:
        gone.remove_done_callback(cancel)
        gone.cancel()
        run.abandon()


def _cancel_unless_cancelled(task: asyncio.Task[object], gone: asyncio.Future[None]) -> None:
    if not gone.cancelled():
        task.cancel()


async def until_gone(receive: Receive) -> None:
    """Return when the client has left."""
    while (await receive())["type"] != "http.disconnect":
        pass


class StreamedReply:
    """The reply of a run as events; an application of ASGI.

    Args:
        run: begins with the stream.
        opening: events that come at once.
        whole: the events of an answer.
        failed: the events of a failure.
        ping_s: seconds between signs of life.
        patience_s: seconds for which a piece may stay unread.
    """

    status_code = 200

    def __init__(
        self,
        run: AdmittedRun,
        *,
        opening: Iterable[bytes],
        whole: Callable[[EndedRun], Iterator[bytes]],
        failed: Callable[[RequestRefused], Iterable[bytes]],
        ping_s: float = PING_S,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._run, self._opening, self._whole, self._failed = run, opening, whole, failed
        self._ping_s, self._patience_s = ping_s, patience_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        gone = asyncio.ensure_future(until_gone(receive))
        running = asyncio.ensure_future(self._run.answer())
        try:
            await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            await self._send(send, b"".join(self._opening))
            while not running.done():
                await asyncio.wait((running, gone), timeout=self._ping_s, return_when=asyncio.FIRST_COMPLETED)
                if gone.done():
                    return
                if not running.done():
                    await self._send(send, f": {self._run.progress}\n\n".encode())
            await self._send_all(send, self._events(running), gone)
        except TimeoutError:
            _log.warning(
                "a client has left its stream unread for %g s; the stream is ended", self._patience_s
            )
        finally:
            await _ended(running, gone)
            self._run.abandon()

    async def _send(self, send: Send, piece: bytes) -> None:
        """Send a piece.

        Raises:
            TimeoutError: the client does not read.
        """
        async with asyncio.timeout(self._patience_s):
            await send({"type": "http.response.body", "body": piece, "more_body": True})

    async def _send_all(self, send: Send, events: Iterable[bytes], gone: asyncio.Future[None]) -> None:
        """Send the last events, several at once: each message is a call of the system.

        Raises:
            TimeoutError: the client does not read.
        """
        held = bytearray()
        for each in events:
            held += each
            if len(held) >= _AT_ONCE:
                if gone.done():
                    return
                await self._send(send, bytes(held))
                held.clear()
        async with asyncio.timeout(self._patience_s):
            await send({"type": "http.response.body", "body": bytes(held), "more_body": False})

    def _events(self, running: asyncio.Future[EndedRun]) -> Iterable[bytes]:
        try:
            return self._whole(running.result())
        except RequestRefused as refused:
            return self._failed(refused)
        except HarlmError as error:
            return self._failed(failure_of(error))
        except asyncio.CancelledError:
            raise
        except Exception:  # noqa: BLE001 - a bug; the client is told, and the log has it
            _log.exception("a streamed run failed")
            return self._failed(internal())


async def _ended(*tasks: asyncio.Future[EndedRun] | asyncio.Future[None]) -> None:
    """Cancel what has not ended, and wait for the first, a run; what only waits for its client ends by itself."""
    for task in tasks:
        task.cancel()
    if not tasks[0].done():
        await finished(asyncio.wait(tasks))
    for task in tasks:
        if task.done() and not task.cancelled():
            task.exception()  # retrieved: it was told to the client, or the client has left
