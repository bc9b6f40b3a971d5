"""Messages of a zygote, whole or in pieces, with descriptors, or broken."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import Iterator

import pytest

from harlm.errors import SandboxFailure
from harlm.sandbox.process.zygote_socket import Gone, OrderFailed, ZygoteSocket, frame_of, receive_with_sender

GONE: dict[str, object] = {"op": "gone", "pid": 7, "status": -9, "peak_kb": 100}


@pytest.fixture
def sockets() -> Iterator[tuple[ZygoteSocket, socket.socket]]:
    """The host's end, and the zygote's."""
    ours, theirs = socket.socketpair()
    talk = ZygoteSocket(ours)
    with theirs:
        yield talk, theirs
    talk.close()


Sockets = tuple[ZygoteSocket, socket.socket]


async def test_messages_that_arrive_together_are_received_one_by_one(sockets: Sockets) -> None:
    talk, theirs = sockets
    failed: dict[str, object] = {"op": "failed", "id": 1, "why": "no memory"}
    theirs.sendall(frame_of(GONE) + frame_of(failed))
    assert await talk.receive() == (Gone(pid=7, status=-9, peak_kb=100), [])
    assert await talk.receive() == (OrderFailed(id=1, why="no memory"), [])


async def test_a_message_that_arrives_in_pieces_is_whole(sockets: Sockets) -> None:
    talk, theirs = sockets
    data = frame_of(GONE)
    receiving = asyncio.create_task(talk.receive())
    for byte in data:
        theirs.sendall(bytes([byte]))
        await asyncio.sleep(0)
    assert (await receiving)[0] == Gone(pid=7, status=-9, peak_kb=100)


async def test_each_message_gets_its_own_descriptors(sockets: Sockets) -> None:
    talk, theirs = sockets
    with socket.socket() as one, socket.socket() as two:
        for each in (one, two):
            socket.send_fds(theirs, [frame_of({**GONE, "handles": 1})], [each.fileno()])
        for _ in range(2):
            _, descriptors = await talk.receive()
            assert len(descriptors) == 1
            assert not os.get_inheritable(descriptors[0])
            os.close(descriptors[0])


async def test_orders_arrive_with_their_descriptors(sockets: Sockets) -> None:
    talk, theirs = sockets
    with socket.socket() as passed:
        await talk.send({"op": "open"}, [passed.fileno()])
    data, descriptors, _ = receive_with_sender(theirs, 1000)
    assert data == frame_of({"op": "open"})
    assert len(descriptors) == 1
    os.close(descriptors[0])


async def test_a_long_order_is_sent_while_the_zygote_reads(sockets: Sockets) -> None:
    talk, theirs = sockets
    order: dict[str, object] = {"op": "texts", "data": b"x" * 3_000_000}
    sending = asyncio.create_task(talk.send(order))
    theirs.settimeout(10)
    received = b""
    while len(received) < len(frame_of(order)):
        received += await asyncio.to_thread(theirs.recv, 1 << 20)
    await sending
    assert received == frame_of(order)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not name senders")
async def test_the_sender_is_the_process_that_sent_the_last_message(sockets: Sockets) -> None:
    talk, theirs = sockets
    before = talk.sender
    theirs.sendall(frame_of(GONE))
    await talk.receive()
    assert (before, talk.sender) == (None, os.getpid())


async def test_the_end_of_the_zygote_is_an_eof_error(sockets: Sockets) -> None:
    talk, theirs = sockets
    theirs.sendall(frame_of(GONE)[:-1])
    theirs.close()
    with pytest.raises(EOFError):
        await talk.receive()
    with pytest.raises(OSError, match="Broken pipe"):
        await talk.send({"op": "open"})


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ((2 << 20).to_bytes(4, "little"), "announced a message of 2,097,152 bytes; 1,048,576 are allowed"),
        (frame_of({"op": "unknown"}), "broke the protocol"),
        (frame_of({"op": "gone", "pid": "7", "status": 0, "peak_kb": 0}), "broke the protocol"),
        (frame_of({**GONE, "handles": 5}), "broke the protocol"),
    ],
    ids=["length", "kind", "type", "handles"],
)
async def test_a_broken_message_is_a_failure(sockets: Sockets, data: bytes, reason: str) -> None:
    talk, theirs = sockets
    theirs.sendall(data)
    with pytest.raises(SandboxFailure, match=reason):
        await talk.receive()


async def test_closing_closes_descriptors_that_no_message_has_claimed(sockets: Sockets) -> None:
    talk, theirs = sockets
    read, write = os.pipe()
    socket.send_fds(theirs, [frame_of(GONE)], [write])
    os.close(write)
    await talk.receive()
    talk.close()
    assert os.read(read, 1) == b"", "the last copy of the writing end is closed"
    os.close(read)
