"""The connection to one worker: frames that are due, violations, and the end of the worker."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator

import pytest

from harlm.errors import SandboxFailure
from harlm.sandbox.process import frames, wire
from harlm.sandbox.process.connection import Ends, Link
from harlm.sandbox.process.worker_process import WorkerProcess
from tests.support.worker_processes import late_ends, sleeping_worker

LARGEST = 1000


@pytest.fixture
async def worker() -> AsyncIterator[WorkerProcess]:
    with sleeping_worker() as worker:
        yield worker


async def connected(worker: WorkerProcess) -> tuple[Link, socket.socket, list[frames.CallFrame]]:
    """A link to ``worker``, the worker's end of its socket, and the calls that arrive."""
    calls: list[frames.CallFrame] = []
    link = Link(worker, lambda call, _: calls.append(call))
    ends = Ends()
    theirs = ends.theirs.dup()
    await link.connect(ends, largest=LARGEST)
    return link, theirs, calls


def send(theirs: socket.socket, *sent: frames.WireFrame) -> None:
    theirs.sendall(b"".join(wire.framed(frames.encode(each)) for each in sent))


def is_ready(frame: frames.News) -> bool:
    return isinstance(frame, frames.Ready)


async def test_the_frame_that_is_due_arrives(worker: WorkerProcess) -> None:
    link, theirs, _ = await connected(worker)
    with theirs:
        due = link.due(is_ready)
        send(theirs, frames.Ready())
        assert await due == frames.Ready()
        await link.close()


async def test_calls_signs_and_copies_are_not_due_frames(worker: WorkerProcess) -> None:
    link, theirs, calls = await connected(worker)
    signs: list[None] = []
    copies: list[bytes] = []
    link.attend(on_flood=worker.kill, on_sign=lambda: signs.append(None), on_copies=copies.append)
    with theirs:
        due = link.due(is_ready)
        call = frames.CallFrame(id=1, function="llm_query", arguments={"prompt": "x"})
        send(theirs, call, frames.Alive(), frames.Copies(data=b"copies"), frames.Ready())
        await due
        assert (calls, len(signs), copies) == ([call], 1, [b"copies"])
        await link.close()


async def test_only_a_scout_takes_calls_back(worker: WorkerProcess) -> None:
    link, theirs, _ = await connected(worker)
    with theirs:
        due = link.due(is_ready)
        send(theirs, frames.Retract(ids=(1, 2)))
        with pytest.raises(SandboxFailure, match="break the protocol with Retract"):
            await due
        await worker.ended.wait()
        await link.close()


async def test_what_a_scout_takes_back_is_passed_on(worker: WorkerProcess) -> None:
    link, theirs, _ = await connected(worker)
    taken_back: list[tuple[int, ...]] = []
    link.on_retract = taken_back.append
    with theirs:
        due = link.due(is_ready)
        send(theirs, frames.Retract(ids=(1, 2)), frames.Retract(ids=(-7,)), frames.Ready())
        await due
        assert taken_back == [(1, 2), (-7,)]
        await link.close()


async def test_another_frame_than_the_due_one_is_a_violation_and_kills_the_worker(
    worker: WorkerProcess,
) -> None:
    link, theirs, _ = await connected(worker)
    with theirs:
        due = link.due(is_ready)
        send(theirs, frames.Forked())
        with pytest.raises(SandboxFailure, match="break the protocol with Forked"):
            await due
        await worker.ended.wait()
        assert link.violation is not None
        assert not link.was_killed
        await link.close()


async def test_a_frame_without_a_due_one_is_a_violation(worker: WorkerProcess) -> None:
    link, theirs, _ = await connected(worker)
    with theirs:
        send(theirs, frames.Ready())
        await worker.ended.wait()
        assert link.violation is not None
        await link.close()


async def test_a_due_frame_fails_when_the_socket_ends(worker: WorkerProcess) -> None:
    link, theirs, _ = await connected(worker)
    due = link.due(is_ready)
    theirs.close()
    with pytest.raises(EOFError):
        await due
    assert link.violation is None
    await link.close()


async def test_a_due_frame_fails_when_the_process_ends_though_its_socket_is_still_open(
    worker: WorkerProcess,
) -> None:
    link, theirs, _ = await connected(worker)
    with theirs:
        due = link.due(is_ready)
        worker.kill()
        with pytest.raises(EOFError):
            await due
        await link.close()


async def test_a_frame_that_is_due_after_the_end_fails_at_once() -> None:
    with late_ends() as ends, sleeping_worker() as worker:
        link, theirs, _ = await connected(worker)
        first = link.due(is_ready)
        ends.hold()  # the kernel closes the sockets of a process before it reports its end
        theirs.close()
        with pytest.raises(EOFError):
            await first
        assert not worker.ended.is_set()
        assert not link.is_alive
        assert link.due(is_ready).done()
        ends.report()
        await link.close()


async def test_after_a_violation_every_due_frame_fails_with_it(worker: WorkerProcess) -> None:
    link, theirs, _ = await connected(worker)
    with theirs:
        first = link.due(is_ready)
        send(theirs, frames.Forked())
        with pytest.raises(SandboxFailure) as raised:
            await first
        with pytest.raises(SandboxFailure) as again:
            await link.due(is_ready)
        assert again.value is raised.value
        await link.close()


async def test_a_killed_worker_is_not_alive_even_before_it_has_ended(worker: WorkerProcess) -> None:
    link, theirs, _ = await connected(worker)
    with theirs:
        before = link.is_alive
        link.kill()
        assert (before, link.is_alive, link.was_killed) == (True, False, True)
        await link.close()


async def test_closing_waits_for_the_end_and_may_be_repeated(worker: WorkerProcess) -> None:
    link, theirs, _ = await connected(worker)
    with theirs:
        await link.close()
        assert worker.ended.is_set()
        await link.close()
        assert theirs.recv(1) == b""


async def test_a_link_can_be_closed_before_it_is_connected(worker: WorkerProcess) -> None:
    link = Link(worker, lambda *_: None)
    await link.close()
    assert worker.ended.is_set()


async def test_a_link_that_was_closed_while_it_connected_holds_no_socket(worker: WorkerProcess) -> None:
    link = Link(worker, lambda *_: None)
    ends = Ends()
    with ends.theirs.dup() as theirs:
        connecting = asyncio.create_task(link.connect(ends, largest=LARGEST))
        await asyncio.sleep(0)
        await link.close()
        await connecting
        theirs.settimeout(10)
        assert await asyncio.to_thread(theirs.recv, 1) == b""


def test_ends_that_were_not_taken_are_closed() -> None:
    with Ends() as ends:
        ours, output = ends.ours, ends.output
    assert ours.fileno() == -1
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(output)


def test_ends_that_were_taken_stay_open() -> None:
    with Ends() as ends:
        ours, read = ends.taken()
    with ours:
        assert ours.fileno() >= 0
    os.close(read)
