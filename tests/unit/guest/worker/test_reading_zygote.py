"""The zygote of a load, forked from this process. Beside it: tests/unit/reading/test_reader.py."""

from __future__ import annotations

import os
import select
import socket
import sys
from pathlib import Path

import pytest

from harlm.guest.worker import reading_zygote
from harlm.guest.worker.zygote_socket import HostSocket

MODULE = """
import os
def prepare(parsers):
    pass
def serve(batch, wire, files):
    os.write(wire, batch["say"].encode())
    os._exit(batch["status"])
"""


def _zygote(tmp_path: Path) -> tuple[int, HostSocket]:
    (tmp_path / "told_reader.py").write_text(MODULE)
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        try:
            ours.close()
            order = {"tier": "s0", "paths": [str(tmp_path)], "module": "told_reader", "parsers": []}
            reading_zygote.serve(order, HostSocket(theirs.detach()))
        except EOFError:
            pass
        finally:
            os._exit(0)
    theirs.close()
    return pid, HostSocket(ours.detach())


@pytest.mark.skipif(sys.platform != "linux", reason="pidfds")
def test_each_batch_is_a_process_whose_end_is_reported(tmp_path: Path) -> None:
    pid, control = _zygote(tmp_path)
    news, _ = control.receive()
    assert news["op"] == "up"
    for number, status in enumerate((0, 3)):
        ours, theirs = socket.socketpair()
        files = os.open(os.devnull, os.O_RDONLY)
        batch = {
            "op": "open",
            "id": number,
            "parsers": [],
            "memory_bytes": 1 << 30,
            "say": "hello",
            "status": status,
        }
        control.send(batch, [theirs.fileno(), files])
        theirs.close()
        os.close(files)
        opened, handles = control.receive()
        assert (opened["op"], opened["id"], len(handles)) == ("opened", number, 1)
        assert ours.recv(10) == b"hello"
        gone, _ = control.receive()
        assert (gone["op"], gone["pid"], gone["status"]) == ("gone", opened["pid"], status)
        os.close(handles[0])
        ours.close()
    control.close()
    handle = os.pidfd_open(pid)
    assert select.select([handle], [], [], 10)[0], "it ends with its socket"
    os.close(handle)
    os.waitpid(pid, 0)
