"""Serves the page and what it asks for, on this machine only."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from importlib.resources import files
from pathlib import Path

import msgspec
from aiohttp import web

from harlm.config import Config
from harlm.errors import TraceError
from harlm.viewer.details import blob, event_with_texts, find_words
from harlm.viewer.guard import Guard
from harlm.viewer.live import Followers
from harlm.viewer.reading import RunReading
from harlm.viewer.runs import folder_of, listed
from harlm.viewer.sources import cited_source

_KEPT = 8  # runs that are kept as they were read
_PAGE = 200  # the most rows of the list of runs
_LONGEST_WORDS = 500  # characters that are searched for
_TYPES = {"index.html": "text/html", "viewer.js": "text/javascript", "viewer.css": "text/css"}
_encode = msgspec.json.Encoder().encode


class ViewerApp:
    """Answers the requests of the page.

    Args:
        runs: the folder of stored runs.
        config: of this process: how documents are read.
        guard: decides which requests are answered.
    """

    def __init__(self, runs: Path, config: Config, guard: Guard) -> None:
        self._runs, self._config, self._guard = runs, config, guard
        self._readings: OrderedDict[str, RunReading] = OrderedDict()
        self._lock = asyncio.Lock()
        self._followers = Followers()

    def application(self) -> web.Application:
        """The application, to be served."""
        app = web.Application(middlewares=[self._guard.middleware()], client_max_size=1 << 16)
        app.router.add_get("/", self._page)
        app.router.add_get("/{name:viewer\\.(?:js|css)}", self._asset)
        app.router.add_get("/LICENSES.txt", self._licenses)
        app.router.add_get("/api/runs", self._list)
        for path, answer in (
            ("", self._story),
            ("/event/{seq:\\d{1,12}}", self._event),
            ("/blob/{name}", self._blob),
            ("/search", self._search),
            ("/source", self._source),
            ("/live", self._live),
        ):
            app.router.add_get(f"/api/run/{{run}}{path}", _told(answer))

        async def stop(_: web.Application) -> None:
            self._followers.stop()

        app.on_shutdown.append(stop)
        return app

    async def read(self, run: str) -> None:
        """Read a run before it is asked for.

        Raises:
            TraceError: there is no such run.
        """
        await self._read(run)

    async def _page(self, request: web.Request) -> web.StreamResponse:
        opens = self._guard.opens(request)
        if opens is not None:
            if not opens:
                told = "this address does not open the page: use the one that `harlm view` has printed"
                return web.json_response({"error": told}, status=401)
            there = web.Response(status=303, headers={"Location": "/"})  # the browser keeps what follows #
            self._guard.remember(there)
            return there
        return _file("index.html")

    async def _asset(self, request: web.Request) -> web.StreamResponse:
        return _file(request.match_info["name"])

    async def _licenses(self, _: web.Request) -> web.StreamResponse:
        return _file("LICENSES.txt")

    async def _list(self, request: web.Request) -> web.StreamResponse:
        words = request.query.get("q", "")[:_LONGEST_WORDS]
        offset = _number(request, "offset", 0, 1 << 31)
        limit = max(1, _number(request, "limit", 50, _PAGE))
        return _json(await asyncio.to_thread(listed, self._runs, words, offset, limit))

    async def _story(self, request: web.Request) -> web.StreamResponse:
        reading = await self._reading(request)
        return web.Response(body=await asyncio.to_thread(reading.told), content_type="application/json")

    async def _event(self, request: web.Request) -> web.StreamResponse:
        reading = await self._reading(request)
        seq = int(request.match_info["seq"])
        if seq not in reading.story.offsets:
            await asyncio.to_thread(reading.follow)
        at = reading.story.offsets.get(seq)
        if at is None:
            raise TraceError(f"the run has no event {seq}")
        return _json(await asyncio.to_thread(event_with_texts, reading.folder, seq, at))

    async def _blob(self, request: web.Request) -> web.StreamResponse:
        folder = folder_of(self._runs, request.match_info["run"])
        return _json(await asyncio.to_thread(blob, folder, request.match_info["name"]))

    async def _search(self, request: web.Request) -> web.StreamResponse:
        reading = await self._reading(request)
        words = request.query.get("q", "")[:_LONGEST_WORDS]
        return _json(await asyncio.to_thread(find_words, reading.folder, dict(reading.story.offsets), words))

    async def _source(self, request: web.Request) -> web.StreamResponse:
        reading = await self._reading(request)
        number = _number(request, "citation", -1, 1 << 31)
        citations = reading.story.head.citations
        if not 0 <= number < len(citations):
            raise TraceError(f"the answer has no citation {number}")
        return _json(await asyncio.to_thread(cited_source, reading.folder, citations[number], self._config))

    async def _live(self, request: web.Request) -> web.StreamResponse:
        folder = folder_of(self._runs, request.match_info["run"])
        return await self._followers.follow(request, folder)

    async def _reading(self, request: web.Request) -> RunReading:
        return await self._read(request.match_info["run"])

    async def _read(self, run: str) -> RunReading:
        """A run, as it was read last; read now if it was not."""
        folder = folder_of(self._runs, run)
        async with self._lock:
            reading = self._readings.get(run)
            if reading is None:
                reading = self._readings[run] = await asyncio.to_thread(RunReading, folder)
                await asyncio.to_thread(reading.follow)
            self._readings.move_to_end(run)
            while len(self._readings) > _KEPT:
                self._readings.popitem(last=False)
        return reading


def asset(name: str) -> bytes:
    """A file of the page, as it was built."""
    return (files("harlm.viewer") / "assets" / name).read_bytes()


def _file(name: str) -> web.Response:
    return web.Response(body=asset(name), content_type=_TYPES.get(name, "text/plain"), charset="utf-8")


def _json(value: object) -> web.Response:
    return web.Response(body=_encode(value), content_type="application/json")


def _number(request: web.Request, name: str, default: int, most: int) -> int:
    text = request.query.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 12):
        raise web.HTTPBadRequest(text=f"{name} is a number from 0 to {most}")
    return min(int(text), most)


_Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


def _told(answer: _Answer) -> _Answer:
    """Tells the page why something of a run cannot be shown."""

    async def telling(request: web.Request) -> web.StreamResponse:
        try:
            return await answer(request)
        except TraceError as error:
            return web.json_response({"error": str(error)}, status=404)

    return telling
