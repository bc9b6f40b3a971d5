"""Follows a run under way for the page: server-sent events with what is new."""

from __future__ import annotations

import asyncio
from pathlib import Path

from aiohttp import web

from harlm.viewer.guard import HEADERS
from harlm.viewer.reading import RunReading

_LOOK_S = 0.25  # between two looks at the file
_OPEN_S = 2.0  # between two looks whether a process writes it
_PING_S = 15.0
_MOST = 16  # pages that follow runs at once


class Followers:
    """The pages that follow runs."""

    def __init__(self) -> None:
        self._count = 0
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """End all of them, when the server ends."""
        self._stopping.set()

    async def follow(self, request: web.Request, folder: Path) -> web.StreamResponse:
        """Answer with the whole run and then with what is new, until it ends or the page leaves."""
        if self._count >= _MOST:
            return web.json_response(
                {"error": f"{_MOST} pages follow runs already; close one"}, status=503, headers=HEADERS
            )
        response = web.StreamResponse(headers={**HEADERS, "Content-Type": "text/event-stream"})
        await response.prepare(request)
        self._count += 1
        try:
            await self._tell(response, folder)
        except (ConnectionError, OSError):
            pass  # the page has left
        finally:
            self._count -= 1
        return response

    async def _tell(self, response: web.StreamResponse, folder: Path) -> None:
        reading = RunReading(folder)
        await _send(response, "story", await asyncio.to_thread(reading.told))
        silent = since_look = 0.0
        while reading.is_open and not self._stopping.is_set():
            await self._wait()
            silent, since_look = silent + _LOOK_S, since_look + _LOOK_S
            if reading.lines.size() == reading.lines.read_to and since_look < _OPEN_S:
                if silent >= _PING_S:
                    silent = 0.0
                    await response.write(b": working\n\n")
                continue
            since_look = 0.0
            seq, was_open = reading.story.head.seq, reading.is_open
            began_again = await asyncio.to_thread(reading.follow)
            if began_again:
                await _send(response, "story", await asyncio.to_thread(reading.told))
            elif reading.story.head.seq != seq or reading.is_open != was_open:
                await _send(response, "story", await asyncio.to_thread(reading.news))
            else:
                continue
            silent = 0.0
        await _send(response, "end", b"{}")

    async def _wait(self) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), _LOOK_S)
        except TimeoutError:
            pass


async def _send(response: web.StreamResponse, event: str, data: bytes) -> None:
    await response.write(b"event: " + event.encode() + b"\ndata: " + data + b"\n\n")
