"""The confined reader: its limits, what it does when its process dies, and what that process can reach."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from harlm.config import ContextSettings
from harlm.errors import SandboxFailure
from harlm.reading import process, reader, zygote
from harlm.reading.limits import limits_of
from harlm.reading.reader import ConfinedReader
from harlm.types import RawFile, ReadResult, Unread
from tests.support.hostile_documents import HOSTILE, deflated
from tests.support.processes import descendants

AFTER = RawFile("after.html", b"<p>after")
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")


def never() -> None:
    """A check that lets reading continue."""


@pytest.fixture
def confined() -> Iterator[ConfinedReader]:
    made = ConfinedReader(ContextSettings())
    yield made
    made.close()


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_a_hostile_document_costs_no_more_than_its_limits(confined: ConfinedReader, name: str) -> None:
    data = HOSTILE[name]()
    assert len(data) < 1.1 * (1 << 20)
    before = _resident_mb()
    began = time.monotonic()
    read, after = confined.read([RawFile(name, data), AFTER], never)
    assert time.monotonic() - began < 30, "2 s of processor time, on a machine with other work to do"
    assert _resident_mb() - before < 150
    assert isinstance(read, ReadResult) or read.reason
    assert isinstance(after, ReadResult)
    assert after.documents[0].text == "after"


def _resident_mb() -> float:
    if sys.platform != "linux":
        return 0.0
    return (
        int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        * os.sysconf("SC_PAGE_SIZE")
        / 1e6
    )


def test_a_file_that_takes_too_long_is_left_out_and_the_rest_is_read() -> None:
    slow = ConfinedReader(ContextSettings(reading_seconds=0.05))
    try:
        read, after = slow.read([RawFile("slow.html", b"<p>a" * 250_000), AFTER], never)
    finally:
        slow.close()
    assert isinstance(read, Unread)
    assert read.reason == "takes more than 0.05 s to read; convert it to text first"
    assert isinstance(after, ReadResult)


@LINUX
def test_a_file_that_needs_too_much_memory_is_left_out_and_the_rest_is_read() -> None:
    small = ConfinedReader(ContextSettings(reading_mb=16))
    big = RawFile("big.txt.gz", deflated(b"a" * (1 << 20), 250, gzipped=True) + bytes(1 << 20))
    try:
        read, after = small.read([big, AFTER], never)
    finally:
        small.close()
    assert isinstance(read, Unread)
    assert "MB of memory" in read.reason
    assert isinstance(after, ReadResult)


@LINUX
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT])
def test_a_process_that_dies_costs_one_file(
    confined: ConfinedReader, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    received = ConfinedReader._received
    victims = iter([True])

    def dying(self: ConfinedReader, batch: zygote.Batch, *rest: object) -> object:
        if next(victims, False):
            assert batch._pid is not None
            os.kill(batch._pid, signal.SIGSTOP)
            while _waits(batch):
                batch.wire.recv(1 << 20)
            os.kill(batch._pid, number)
            os.kill(batch._pid, signal.SIGCONT)
        return received(self, batch, *rest)  # type: ignore[arg-type] # passed on as they came

    monkeypatch.setattr(ConfinedReader, "_received", dying)
    slow = RawFile("slow.html", b"<p>a" * 200_000)
    read, after = confined.read([slow, AFTER], never)
    assert isinstance(read, Unread)
    assert number.name in read.reason
    assert isinstance(after, ReadResult)


def _waits(batch: zygote.Batch) -> bool:
    import select

    return bool(select.select([batch.wire], [], [], 0)[0])


@LINUX
def test_the_zygote_is_replaced_when_it_dies(confined: ConfinedReader) -> None:
    confined.read([AFTER], never)
    assert confined._zygote is not None
    assert confined._zygote._sender is not None
    os.kill(confined._zygote._sender, signal.SIGKILL)
    (read,) = confined.read([AFTER], never)
    assert isinstance(read, ReadResult)


@LINUX
def test_closing_leaves_no_process_and_no_descriptor(confined: ConfinedReader) -> None:
    confined.read([AFTER], never)
    confined.close()
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - a count
    one = ConfinedReader(ContextSettings())
    one.read([AFTER, RawFile("t.html", HOSTILE["tags.html"]())], never)
    assert one._zygote is not None
    sender = one._zygote._sender
    one.close()
    ends = time.monotonic() + 10
    while len(os.listdir("/proc/self/fd")) > before and time.monotonic() < ends:  # noqa: PTH208
        time.sleep(0.02)  # the thread of the fork gate closes its own
    assert len(os.listdir("/proc/self/fd")) <= before  # noqa: PTH208
    while sender is not None and Path(f"/proc/{sender}").exists() and time.monotonic() < ends:
        time.sleep(0.02)
    assert sender is None or not Path(f"/proc/{sender}").exists()
    assert not [pid for pid in descendants(os.getpid()) if pid == sender]


def test_without_a_tier_there_are_limits_only_and_the_file_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    refused: list[str] = []
    wait = zygote.ReadingZygote.wait

    def refusing(self: zygote.ReadingZygote, check: zygote.Check) -> None:
        if self.tier != "s0":
            refused.append(self.tier)
            raise zygote.TierRefused("not on this machine")
        wait(self, check)

    monkeypatch.setattr(zygote.ReadingZygote, "wait", refusing)
    made = ConfinedReader(ContextSettings())
    try:
        (read,) = made.read([AFTER], never)
    finally:
        made.close()
    assert isinstance(read, ReadResult)
    assert made.tier is None
    assert refused == (["s3", "s2", "s1"] if sys.platform == "linux" else [])


def test_no_process_at_all_is_a_failure_that_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harlm.sandbox.process.zygote.sys.executable", "/nowhere/python")
    monkeypatch.setattr("harlm.sandbox.process.zygote.HostZygote._current", {})
    with pytest.raises(SandboxFailure, match="no process can be started to read documents"):
        ConfinedReader(ContextSettings()).read([AFTER], never)


def test_large_files_are_read_alone_under_limits_of_their_own() -> None:
    small, large = RawFile("a", b"x"), RawFile("b", b"x" * (2 << 20))
    assert reader._same_limits([small, small, large, small]) == [small, small]
    assert reader._same_limits([large, small]) == [large]
    assert reader._same_limits([small]) == [small]


_SPY = """
import os, socket
from harlm.reading import process
found = []
def spy(name, data, brought):
    from harlm.context.readers import text
    for what, attempt in (
        ("passwd", lambda: open("/etc/passwd").read(1)),
        ("write", lambda: open("/tmp/harlm-spy", "w")),
        ("network", lambda: socket.create_connection(("127.0.0.1", 9), 0.2)),
        ("fork", lambda: os.fork()),
        ("exec", lambda: os.execv("/bin/true", ["true"])),
        ("kill", lambda: os.kill(1, 0)),
    ):
        try:
            attempt()
        except ConnectionRefusedError:
            found.append(what)
        except OSError:
            continue
        found.append(what)
    return text.read("a.txt", (" ".join(found) or "nothing").encode())
process.read_file = spy
"""


@LINUX
def test_the_process_reaches_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "spying_reader.py").write_text(f"{_SPY}\nprepare, serve = process.prepare, process.serve\n")
    monkeypatch.setattr(zygote, "_MODULE", "spying_reader")
    places = zygote._places()
    monkeypatch.setattr(zygote, "_places", lambda: [*places, str(tmp_path)])
    made = ConfinedReader(ContextSettings())
    try:
        (read,) = made.read([RawFile("a.txt", b"x")], never)
        if made.tier == "s0":
            pytest.skip("this machine confines nothing")
    finally:
        made.close()
    assert isinstance(read, ReadResult)
    assert read.documents[0].text == "nothing"


def test_the_reason_for_memory_is_not_a_word_of_a_reader() -> None:
    assert reader._needs_memory(limits_of(1, ContextSettings())) != process.OUT_OF_MEMORY
