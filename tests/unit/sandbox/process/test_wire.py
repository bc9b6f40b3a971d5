"""Frames over a real socket."""

from __future__ import annotations

import asyncio
import socket
import time

import pytest

from harlm.errors import SandboxFailure
from harlm.sandbox.process import frames
from harlm.sandbox.process.repl import ProcessRepl
from harlm.sandbox.process.wire import READY, Wire, framed
from harlm.sandbox.process.zygote_socket import receive_with_sender


class Events:
    """The frames and the end that a wire reports."""

    def __init__(self) -> None:
        self.frames: asyncio.Queue[frames.News] = asyncio.Queue()
        self.ends: list[SandboxFailure | None] = []
        self.ended = asyncio.Event()

    def on_end(self, violation: SandboxFailure | None) -> None:
        self.ends.append(violation)
        self.ended.set()


async def opened(largest: int = 1000) -> tuple[Wire, socket.socket, Events]:
    """A wire, the worker's end of its socket, and what the wire reports."""
    ours, theirs = socket.socketpair()
    events = Events()
    wire = await Wire.over(ours, largest, lambda frame, _: events.frames.put_nowait(frame), events.on_end)
    return wire, theirs, events


async def test_a_frame_that_arrives_byte_by_byte_is_whole() -> None:
    wire, theirs, events = await opened()
    with theirs:
        for byte in READY:
            theirs.sendall(bytes([byte]))
            await asyncio.sleep(0)
        assert await events.frames.get() == frames.Ready()
        wire.abort()
        await events.ended.wait()
    assert events.ends == [None]


async def test_the_end_of_the_socket_is_reported_once_and_sending_then_does_nothing() -> None:
    wire, theirs, events = await opened()
    theirs.close()
    await events.ended.wait()
    wire.send(frames.ReplyFrame(id=1, value="late"))
    wire.abort()
    await asyncio.sleep(0)
    assert events.ends == [None]


async def test_what_on_frame_raises_is_a_violation_and_no_later_frame_is_handed_on() -> None:
    ours, theirs = socket.socketpair()
    events = Events()
    seen: list[frames.News] = []

    def on_frame(frame: frames.News, _: int) -> None:
        seen.append(frame)
        raise SandboxFailure("not this one")

    wire = await Wire.over(ours, 1000, on_frame, events.on_end)
    with theirs:
        theirs.sendall(READY * 3)
        await events.ended.wait()
    wire.abort()
    assert [str(each) for each in events.ends] == ["not this one"]
    assert seen == [frames.Ready()]


async def test_a_frame_beyond_the_limit_is_a_violation_before_it_has_arrived() -> None:
    wire, theirs, events = await opened(largest=100)
    with theirs:
        theirs.sendall((101).to_bytes(4, "little"))
        await events.ended.wait()
    wire.abort()
    assert str(events.ends[0]) == "a cell made its worker send 101 bytes at once; 100 are allowed"


@pytest.mark.parametrize("size", [10, 100_000])
async def test_small_and_large_frames_are_sent_with_their_length(size: int) -> None:
    wire, theirs, events = await opened()
    frame = frames.ReplyFrame(id=1, value="x" * size)
    whole = framed(frames.encode(frame))
    with theirs:
        theirs.settimeout(10)
        wire.send(frame)
        received = b""
        while len(received) < len(whole):
            received += await asyncio.to_thread(theirs.recv, 1 << 16)
        assert received == whole
        wire.abort()
        await events.ended.wait()


async def test_many_frames_in_a_row_leave_turns_for_other_work() -> None:
    ours, theirs = socket.socketpair()
    taken: list[frames.News] = []
    waits: list[int] = []

    def slowly(frame: frames.News, _: int) -> None:
        time.sleep(0.004)
        taken.append(frame)

    wire = await Wire.over(ours, 1000, slowly, lambda _: None)
    with theirs:
        theirs.sendall(READY * 60)
        for _ in range(200):
            before = len(taken)
            await asyncio.sleep(0)
            waits.append(len(taken) - before)
    assert len(taken) == 60
    wire.abort()
    assert max(waits) < 30, "all of them in one turn of the event loop"


async def test_frames_that_have_arrived_wait_for_the_end_of_a_pause() -> None:
    ours, theirs = socket.socketpair()
    taken: list[frames.News] = []
    ended: list[object] = []

    def pausing(frame: frames.News, _: int) -> None:
        taken.append(frame)
        if len(taken) == 3:
            wire.pause()

    wire = await Wire.over(ours, 1000, pausing, ended.append)
    with theirs:
        theirs.sendall(READY * 10)
        for _ in range(30):
            await asyncio.sleep(0)
        assert len(taken) == 3
        wire.resume()
        for _ in range(30):
            await asyncio.sleep(0)
        assert len(taken) == 10
        theirs.sendall(READY)
        for _ in range(30):
            await asyncio.sleep(0)
        assert len(taken) == 11
    for _ in range(30):
        await asyncio.sleep(0)
    assert ended == [None]


async def test_nothing_is_read_until_every_pause_is_undone() -> None:
    wire, theirs, events = await opened()
    with theirs:
        wire.pause()
        wire.pause()
        theirs.sendall(READY)
        wire.resume()
        for _ in range(20):
            await asyncio.sleep(0)
        assert events.frames.empty()
        wire.resume()
        assert await events.frames.get() == frames.Ready()
        wire.abort()
        await events.ended.wait()


async def test_descriptors_come_with_the_first_byte_of_their_frame() -> None:
    wire, theirs, events = await opened()
    with theirs, socket.socket() as passed:
        await wire.send_with(frames.Given(), [passed.fileno()])
        data, descriptors, _ = receive_with_sender(theirs, 100)
        assert data == framed(frames.encode(frames.Given()))
        assert len(descriptors) == 1
        socket.socket(fileno=descriptors[0]).close()
        wire.abort()
        await events.ended.wait()
        with pytest.raises(ConnectionError, match="the worker is gone"):
            await wire.send_with(frames.Given(), [])


async def test_a_wire_whose_opening_was_cancelled_closes_the_socket() -> None:
    ours, theirs = socket.socketpair()
    opening = asyncio.create_task(Wire.over(ours, 1000, lambda *_: None, lambda _: None))
    await asyncio.sleep(0)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    with theirs:
        theirs.settimeout(10)
        assert await asyncio.to_thread(theirs.recv, 1) == b""


async def test_a_frame_that_announces_too_many_bytes_is_a_violation(repl: ProcessRepl) -> None:
    with pytest.raises(SandboxFailure, match="are allowed"):
        await repl.run("import os; os.write(3, b'\\xff\\xff\\xff\\xff')")
