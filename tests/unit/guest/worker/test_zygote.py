"""The zygote of a host and those of its runs, over orders that a test sends as the host does."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from harlm.guest.vocabulary import GIVEN
from harlm.guest.worker.zygote import WARM
from tests.support.guest_processes import Peer, printed, process

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="zygotes are for Linux")

HOST = "import sys\nfrom harlm.guest.worker.zygote import main\nsys.argv = ['zygote', str(wire)]\nmain()"


@contextmanager
def control(host: Peer, order: dict[str, Any], *more: int) -> Iterator[Peer]:
    """Give the host's zygote an order, and speak with the process that carries it out."""
    ours, theirs = socket.socketpair()
    with theirs:
        host.send(order, [theirs.fileno(), *more])
    peer = Peer(ours)
    try:
        yield peer
    finally:
        peer.close()


@contextmanager
def run_zygote(text: str = "alpha") -> Iterator[Peer]:
    """The zygote of a run over one text, at the tier that needs no rights."""
    file = os.memfd_create("texts")
    os.write(file, text.encode())
    extent = {"name": "a", "has_lines": True, "size": len(text.encode()), "ascii": text.isascii()}
    order = {"op": "run", "tier": "s0", "memory_bytes": 1 << 34, "file_bytes": 1 << 20}
    with process(HOST) as (host, _), control(host, order, file) as zygote:
        os.close(file)
        zygote.send({"texts": [extent]})
        assert zygote.receive()["op"] == "up"
        yield zygote


@contextmanager
def opened(zygote: Peer, number: int = 1) -> Iterator[tuple[Peer, dict[str, Any]]]:
    ours, theirs = socket.socketpair()
    output = os.open(os.devnull, os.O_WRONLY)
    with theirs:
        zygote.send({"op": "open", "id": number, "more_memory": 0}, [theirs.fileno(), output])
    os.close(output)
    news = zygote.receive()
    repl = Peer(ours)
    repl.send({
        "op": "setup", "texts": None, "functions": list(GIVEN), "tools": [], "shape": "text", "seed": 1, "head": 100, "tail": 100,
        "largest_frame": 100_000, "folder": None,
    })  # fmt: skip
    assert repl.receive() == {"op": "ready"}
    try:
        yield repl, news
    finally:
        repl.close()


def test_a_probe_says_which_attempts_were_denied() -> None:
    attempts = {"add": "reached = 1 + 1 == 2", "divide": "1 / 0"}
    with (
        process(HOST) as (host, _),
        control(host, {"op": "probe", "tier": "s0", "canaries": attempts}) as probe,
    ):
        built = probe.receive()
        assert (built["op"], built["reached"], built["denied"]) == ("built", ["add"], ["divide"])
        with pytest.raises(EOFError):  # the process that was built for it has ended
            probe.receive()


def test_a_host_s_zygote_ends_when_the_host_is_gone() -> None:
    with process(HOST) as (host, started):
        host.close()
        assert started.wait() == 0


def test_repls_share_the_context_of_the_run() -> None:
    with run_zygote("grün und blau") as zygote:
        for number in (1, 2):
            with opened(zygote, number) as (repl, news):
                assert (news["op"], news["id"]) == ("opened", number)
                repl.send({"op": "execute", "cell": "c", "code": "print(context)", "ahead": ""})
                assert repl.receive()["head"] == "grün und blau\n"
            assert zygote.receive()["pid"] == news["pid"]  # it ended with its connection


def test_how_a_repl_ended_is_reported() -> None:
    with run_zygote() as zygote, opened(zygote) as (_, news):
        os.kill(news["pid"], signal.SIGKILL)
        gone = zygote.receive()
        assert (gone["op"], gone["pid"], gone["status"]) == ("gone", news["pid"], -signal.SIGKILL)
        assert gone["peak_kb"] > 0


def test_repls_end_with_the_zygote_of_their_run() -> None:
    with run_zygote() as zygote, opened(zygote) as (repl, _):
        zygote.close()
        with pytest.raises(EOFError):
            repl.receive()


def test_paths_of_a_zygote_are_real_and_absolute(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    code = f"""
import sys
from harlm.guest.worker.zygote import _use_real_paths
sys.path[:] = ["", "relative"]
_use_real_paths([{str(tmp_path / "link")!r}])
print(sys.path)
"""
    assert printed(code) == f"{[str((tmp_path / 'real').resolve())]}\n"


@pytest.mark.parametrize("name", WARM)
def test_a_warm_module_is_of_the_standard_library(name: str) -> None:
    assert name.partition(".")[0] in sys.stdlib_module_names
