"""Streams, and runs that end when their client leaves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
from starlette.requests import ClientDisconnect

from harlm.errors import ModelUnavailable
from harlm.server.asking import AdmittedRun, EndedRun
from harlm.server.failures import RequestRefused
from harlm.server.progress import RunProgress
from harlm.server.streaming import StreamedReply, answered_while_present, event, pieces
from harlm.types import Answer


class FakeRun:
    """A run that ends when it is told to."""

    def __init__(self) -> None:
        self.progress, self.end = RunProgress(), asyncio.Event()
        self.error: Exception | None = None
        self.was_cancelled = self.was_abandoned = False

    async def answer(self) -> EndedRun:
        try:
            await self.end.wait()
        except asyncio.CancelledError:
            self.was_cancelled = True
            raise
        if self.error is not None:
            raise self.error
        return EndedRun(Answer(text="x" * 100))

    def abandon(self) -> None:
        self.was_abandoned = True


class Wire:
    """The two ends of ASGI: what was sent, and a client that leaves or stops reading after so many messages."""

    def __init__(self, room: int = 10_000) -> None:
        self.sent: list[bytes] = []
        self.leaves, self.reads, self._room = asyncio.Event(), asyncio.Event(), room

    async def receive(self) -> Any:
        await self.leaves.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        if len(self.sent) >= self._room:
            await self.reads.wait()
        self.sent.append(message.get("body", b""))


def stream(
    run: FakeRun, whole: Callable[[EndedRun], Iterator[bytes]] | None = None, **options: float
) -> StreamedReply:
    def one(answered: EndedRun) -> Iterator[bytes]:
        yield answered.answer.text.encode()

    def failed(refused: RequestRefused) -> list[bytes]:
        return [str(refused.status).encode()]

    return StreamedReply(
        cast(AdmittedRun, run), opening=[b"a", b"b"], whole=whole or one, failed=failed, **options
    )  # fmt: skip


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110 - what is waited for is of several parts
            await asyncio.sleep(0.005)


async def test_a_stream_begins_lives_and_ends() -> None:
    run, wire = FakeRun(), Wire()
    serving = asyncio.ensure_future(stream(run, ping_s=0.01)({}, wire.receive, wire.send))
    await until(lambda: wire.sent.count(b": reading\n\n") >= 3)
    run.end.set()
    await serving
    assert wire.sent[1] == b"ab"
    assert wire.sent[-1] == b"x" * 100
    assert run.was_abandoned


async def test_a_client_that_leaves_ends_its_run() -> None:
    run, wire = FakeRun(), Wire()
    serving = asyncio.ensure_future(stream(run)({}, wire.receive, wire.send))
    await until(lambda: len(wire.sent) == 2)
    wire.leaves.set()
    await serving
    assert run.was_cancelled


async def test_a_client_that_leaves_without_a_stream_ends_its_run_too() -> None:
    run, wire = FakeRun(), Wire()
    asking = asyncio.ensure_future(answered_while_present(wire.receive, cast(AdmittedRun, run)))
    await asyncio.sleep(0.01)
    wire.leaves.set()
    with pytest.raises(ClientDisconnect):
        await asking
    assert run.was_cancelled


async def test_a_failure_is_the_end_of_a_stream() -> None:
    run, wire = FakeRun(), Wire()
    run.error = ModelUnavailable("down", model="m")
    run.end.set()
    await stream(run)({}, wire.receive, wire.send)
    assert wire.sent[-1] == b"503"


async def test_nothing_is_made_for_a_reader_that_does_not_read() -> None:
    run, wire, made = FakeRun(), Wire(room=12), 0

    def many(_: EndedRun) -> Iterator[bytes]:
        nonlocal made
        for _each in range(1_000):
            made += 1
            yield b"p" * 8_192

    run.end.set()
    serving = asyncio.ensure_future(stream(run, many)({}, wire.receive, wire.send))
    await until(lambda: len(wire.sent) == 12)
    await asyncio.sleep(0.05)
    assert made == 11  # ten that were sent after the beginning, and one that waits
    wire.reads.set()
    await serving
    assert made == 1_000


async def test_a_reader_that_never_reads_is_given_up() -> None:
    run, wire = FakeRun(), Wire(room=2)
    run.end.set()
    await asyncio.wait_for(stream(run, patience_s=0.05)({}, wire.receive, wire.send), 20)
    assert len(wire.sent) == 2
    assert run.was_abandoned


def test_pieces_join_to_the_text_and_end_at_blanks() -> None:
    for text in ("", "short", "word " * 500, "x" * 5_000, "line\n" * 300, "ü" * 401):
        found = list(pieces(text))
        assert "".join(found) == text
        assert all(0 < len(each) <= 400 for each in found)
    assert all(each.endswith(" ") for each in pieces("word " * 500))


def test_an_event_is_one_line_of_data() -> None:
    assert event({"a": "b\nc"}) == b'data: {"a":"b\\nc"}\n\n'
    assert event({}, "response.created").startswith(b"event: response.created\ndata: ")
