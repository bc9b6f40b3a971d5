from __future__ import annotations

import os
import socket

import pytest

from harlm.guest.worker.zygote_socket import HostSocket
from tests.support.guest_processes import Peer, printed


def test_orders_and_answers_carry_their_descriptors() -> None:
    ours, theirs = socket.socketpair()
    host, zygote = Peer(ours), HostSocket(theirs.detach())
    read, write = os.pipe()
    host.send({"op": "open", "id": 1}, [write])
    order, descriptors = zygote.receive()
    assert (order, len(descriptors)) == ({"op": "open", "id": 1}, 1)
    os.write(descriptors[0], b"in")
    assert os.read(read, 2) == b"in"
    zygote.send({"op": "opened"}, [write, read])
    assert host.receive() == {"op": "opened", "handles": 2}
    assert len(host.descriptors) == 2
    zygote.send({"op": "gone"})
    assert host.receive() == {"op": "gone", "handles": 0}
    zygote.close()
    host.close()
    for descriptor in (read, write, *descriptors):
        os.close(descriptor)


def test_a_long_order_is_read_whole() -> None:
    ours, theirs = socket.socketpair()
    host, zygote = Peer(ours), HostSocket(theirs.detach())
    host.send({"op": "texts", "names": ["x" * 50] * 1_000})
    assert len(zygote.receive()[0]["names"]) == 1_000
    zygote.close()
    host.close()


@pytest.mark.parametrize("sent", [b"", b"\x09\x00", b"\x09\x00\x00\x00half"])
def test_a_host_that_is_gone_ends_the_wait(sent: bytes) -> None:
    ours, theirs = socket.socketpair()
    zygote = HostSocket(theirs.detach())
    ours.sendall(sent)
    ours.close()
    with pytest.raises(EOFError):
        zygote.receive()
    zygote.close()


def test_all_descriptors_but_the_kept_ones_are_closed() -> None:
    code = """
import os
from harlm.guest.worker.zygote_socket import close_all_but
opened = [os.open("/dev/null", os.O_RDONLY) for _ in range(6)]
close_all_but(opened[4], opened[1])
def is_open(descriptor):
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True
print([is_open(each) for each in opened], all(map(is_open, (0, 1, 2))))
"""
    assert printed(code) == "[False, True, False, False, True, False] True\n"


def test_a_fork_holds_signals_off_and_lets_them_in_afterwards() -> None:
    code = """
import os, signal
from harlm.guest.worker.zygote_socket import fork
signal.signal(signal.SIGUSR1, lambda *_: print("signal", flush=True))
if fork() == 0:
    os.kill(os.getpid(), signal.SIGUSR1)
    os._exit(0)
os.wait()
os.kill(os.getpid(), signal.SIGUSR1)
print(signal.pthread_sigmask(signal.SIG_BLOCK, []) == set())
"""
    assert printed(code) == "signal\nsignal\nTrue\n"
