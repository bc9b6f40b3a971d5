"""The worker's end of its connection to the host, against a host that a test plays."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.guest.worker.channel import CallRefused, Channel, FrameTooLarge, HostGone
from tests.support.guest_processes import Peer, printed


@pytest.fixture
def ends() -> Iterator[tuple[Channel, Peer]]:
    ours, theirs = socket.socketpair()
    channel, host = Channel(theirs.detach()), Peer(ours)
    yield channel, host
    host.close()
    channel._socket.close()


def reply_to_all(host: Peer, count: int, order: list[int] | None = None) -> list[dict[str, object]]:
    """Take ``count`` calls, and reply to each with its prompt, in an order."""
    calls = [host.receive() for _ in range(count)]
    for at in order or range(count):
        if calls[at]["arguments"]["prompt"] == "refuse":
            host.send({"op": "refuse", "id": calls[at]["id"], "message": "the model is away"})
        else:
            host.send({"op": "reply", "id": calls[at]["id"], "value": calls[at]["arguments"]["prompt"]})
    return calls


def test_a_call_returns_the_value_of_its_reply(ends: tuple[Channel, Peer]) -> None:
    channel, host = ends
    answering = threading.Thread(target=reply_to_all, args=(host, 1))
    answering.start()
    assert channel.call("llm_query", {"prompt": "a"}) == "a"
    answering.join()


def test_a_refused_call_raises_with_the_message_of_the_host(ends: tuple[Channel, Peer]) -> None:
    channel, host = ends
    answering = threading.Thread(target=reply_to_all, args=(host, 1))
    answering.start()
    with pytest.raises(CallRefused, match="the model is away") as refused:
        channel.call("llm_query", {"prompt": "refuse"})
    answering.join()
    assert refused.value.results == []


@given(order=st.permutations(range(5)))
def test_results_of_many_calls_have_the_order_of_the_arguments(order: list[int]) -> None:
    ours, theirs = socket.socketpair()
    channel, host = Channel(theirs.detach()), Peer(ours)
    answering = threading.Thread(target=reply_to_all, args=(host, 5, order))
    answering.start()
    prompts = [{"prompt": str(number)} for number in range(5)]
    assert channel.call_many("llm_query", prompts) == ["0", "1", "2", "3", "4"]
    answering.join()
    host.close()
    channel._socket.close()


def test_failed_calls_of_many_leave_the_other_results(ends: tuple[Channel, Peer]) -> None:
    channel, host = ends
    answering = threading.Thread(target=reply_to_all, args=(host, 3))
    answering.start()
    with pytest.raises(CallRefused, match="1 of 3 calls failed; the first: the model is away") as refused:
        channel.call_many("llm_query", [{"prompt": each} for each in ("a", "refuse", "c")])
    answering.join()
    assert refused.value.results == ["a", None, "c"]


def test_threads_get_their_own_replies(ends: tuple[Channel, Peer]) -> None:
    channel, host = ends
    found: dict[str, object] = {}

    def ask(prompt: str) -> None:
        found[prompt] = channel.call("llm_query", {"prompt": prompt})

    threads = [threading.Thread(target=ask, args=(str(number),)) for number in range(8)]
    for thread in threads:
        thread.start()
    reply_to_all(host, 8, [7, 0, 6, 1, 5, 2, 4, 3])
    for thread in threads:
        thread.join()
    assert found == {str(number): str(number) for number in range(8)}


def test_commands_are_kept_while_a_call_waits(ends: tuple[Channel, Peer]) -> None:
    channel, host = ends
    host.send({"op": "execute", "code": "1"})
    host.send({"op": "fork"})
    answering = threading.Thread(target=reply_to_all, args=(host, 1))
    answering.start()
    assert channel.call("llm_query", {"prompt": "a"}) == "a"
    answering.join()
    assert [channel.command()["op"], channel.command()["op"]] == ["execute", "fork"]


def test_a_posted_call_does_not_wait_and_its_reply_has_its_number(ends: tuple[Channel, Peer]) -> None:
    channel, host = ends
    assert channel.anything(wait=False) is None
    number = channel.post("llm_query", {"prompt": "a"}, [4], is_certain=False)
    (call,) = reply_to_all(host, 1)
    assert (call["id"], call["needs"], call["certain"]) == (number, [4], False)
    assert channel.anything(wait=True) == {"op": "reply", "id": number, "value": "a"}
    host.send({"op": "more", "code": "x = 1", "all": True})
    assert channel.anything(wait=True) == {"op": "more", "code": "x = 1", "all": True}


@pytest.mark.parametrize("size", [10, 65_532, 65_533, 200_000, 3_000_000])
def test_a_frame_of_any_size_arrives_whole(ends: tuple[Channel, Peer], size: int) -> None:
    channel, host = ends
    sending = threading.Thread(target=host.send, args=({"op": "more", "code": "x" * size},))
    sending.start()
    assert len(channel.command()["code"]) == size
    sending.join()


def test_a_large_frame_is_sent_while_the_host_itself_sends(ends: tuple[Channel, Peer]) -> None:
    channel, host = ends
    text = "x" * 3_000_000
    sending = threading.Thread(target=host.send, args=({"op": "more", "code": text},))
    sending.start()
    reading: list[dict[str, object]] = []

    def read_afterwards() -> None:
        sending.join()
        reading.append(host.receive())

    done = threading.Thread(target=read_afterwards)
    done.start()
    channel.send({"op": "log", "text": text})
    done.join()
    assert reading[0]["text"] == text
    assert channel.command()["code"] == text


def test_descriptors_arrive_with_their_frame_and_are_taken_once(ends: tuple[Channel, Peer]) -> None:
    channel, host = ends
    read, write = os.pipe()
    host.send({"op": "given"}, [write])
    assert channel.command()["op"] == "given"
    (taken,) = channel.take_descriptors()
    os.write(taken, b"through")
    assert os.read(read, 7) == b"through"
    assert channel.take_descriptors() == []
    for descriptor in (read, write, taken):
        os.close(descriptor)


def test_what_is_too_large_is_said_before_anything_is_sent(ends: tuple[Channel, Peer]) -> None:
    channel, host = ends
    channel._largest = 1_000
    with pytest.raises(
        FrameTooLarge, match=r"2,0\d\d bytes are too many to send at once; at most 1,000 can be sent"
    ):
        channel.call("llm_query", {"prompt": "x" * 2_000})
    done = {"final": {"value": ["x" * 3_000_000]}}
    with pytest.raises(FrameTooLarge, match="a value other than a str; at most 2,000,000 can be sent"):
        channel.send_done("cell 1", done)
    channel.send({"op": "alive"})
    assert host.receive() == {"op": "alive"}


def test_a_closed_socket_ends_every_wait(ends: tuple[Channel, Peer]) -> None:
    channel, host = ends
    host.close()
    with pytest.raises(HostGone):
        channel.command()
    assert not issubclass(HostGone, Exception)  # no cell catches it by accident


def test_an_interrupt_waits_until_no_frame_is_torn(ends: tuple[Channel, Peer]) -> None:
    channel, _ = ends
    with pytest.raises(KeyboardInterrupt):
        channel.interrupt(KeyboardInterrupt())
    reached = []

    def send_a_frame() -> None:
        with channel._shield:  # as in every send and receive
            channel.interrupt(KeyboardInterrupt())
            reached.append("the end of the frame")

    with pytest.raises(KeyboardInterrupt):
        send_a_frame()
    assert reached == ["the end of the frame"]


def test_a_process_that_a_cell_forked_cannot_call() -> None:
    code = """
import os, socket
from harlm.guest.worker.channel import CallRefused, Channel
ours, theirs = socket.socketpair()
channel = Channel(theirs.detach())
channel.hold(1000)
if os.fork() == 0:
    try:
        channel.call("llm_query", {"prompt": "a"})
    except CallRefused as error:
        print(channel.is_orphan, error, flush=True)
    os._exit(0)
os.wait()
print(channel.is_orphan)
"""
    assert printed(code) == (
        "True llm_query works in the cell's own process only, not in one that it forked\nFalse\n"
    )


def test_a_branch_keeps_the_channel_and_counts_its_calls_from_one() -> None:
    code = """
import os, socket
from harlm.guest.worker.channel import Channel
ours, theirs = socket.socketpair()
channel = Channel(theirs.detach())
channel.hold(1000)
channel.post("llm_query", {}, [], is_certain=True)
if channel.fork() == 0:
    print(channel.is_orphan, channel.post("llm_query", {}, [], is_certain=True), flush=True)
    os._exit(0)
os.wait()
print(channel.is_orphan, channel.post("llm_query", {}, [], is_certain=True))
"""
    assert printed(code) == "False 1\nFalse 2\n"
