"""Loading as users do it: limits of time, cancelling, and what is left afterwards."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from pathlib import Path

import pytest

import harlm
from harlm import loading
from harlm.config import ContextSettings
from harlm.context.readers.in_process import InProcessReader
from harlm.errors import DeadlineExceeded
from harlm.loading import LoadingClock, LoadingStopped, load, load_async, load_paths, reader_of
from harlm.types import RawFile
from tests.support.hostile_documents import HOSTILE


def test_the_public_load_reads_foreign_formats_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def here(*_: object) -> None:
        raise AssertionError("read in this process")

    monkeypatch.setattr("harlm.context.readers.html.parse", here)
    (tmp_path / "a.html").write_text("<p>hello")
    assert harlm.load is load
    assert load(tmp_path).documents[0].text == "hello"
    assert load("text").documents[0].text == "text"


def test_no_process_is_started_for_plain_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr("harlm.reading.reader.ConfinedReader.prepare", never)
    (tmp_path / "a.txt").write_text("hello")
    assert load_paths([tmp_path], ContextSettings()).documents[0].text == "hello"


def test_where_no_process_can_be_confined_files_are_read_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harlm.loading.sys.platform", "win32")
    reader = reader_of(ContextSettings())
    reader.read([RawFile("a.html", b"<p>x")], lambda: None)
    assert isinstance(reader, loading._WhenNeeded)
    assert isinstance(reader._made, InProcessReader)
    reader.close()


def test_a_clock_without_a_limit_never_ends_and_one_with_a_limit_says_so() -> None:
    LoadingClock(None).check()
    LoadingClock(60).check()
    with pytest.raises(
        DeadlineExceeded, match=r"the time limit of 2 s passed while the context was being read"
    ) as late:
        LoadingClock(2, began=time.monotonic() - 3).check()
    assert (late.value.limit, late.value.allowed) == ("seconds", 2)
    stopped = LoadingClock(None)
    stopped.stop()
    with pytest.raises(LoadingStopped):
        stopped.check()


def _never_read(tmp_path: Path) -> Path:
    """A folder that takes minutes to read."""
    for number in range(200):
        (tmp_path / f"{number}.html").write_bytes(b"<p>a" * 200_000)
    return tmp_path


def _descriptors() -> int:
    return len(os.listdir("/dev/fd"))  # noqa: PTH208 - a count


async def test_a_deadline_ends_loading_in_time(tmp_path: Path) -> None:
    began = time.monotonic()
    with pytest.raises(DeadlineExceeded):
        await load_async(_never_read(tmp_path), ContextSettings(), LoadingClock(0.5))
    assert time.monotonic() - began < 10


async def test_cancelling_ends_the_thread_and_its_processes_before_it_returns(tmp_path: Path) -> None:
    folder = _never_read(tmp_path)
    await load_async("warm", ContextSettings(), LoadingClock(None))
    before = _descriptors()
    clock = LoadingClock(None)
    checks = 0
    check = clock.check

    def counted() -> None:
        nonlocal checks
        checks += 1
        check()

    clock.check = counted  # type: ignore[method-assign] # to see that nothing goes on
    task = asyncio.create_task(load_async(folder, ContextSettings(), clock))
    await asyncio.sleep(0.7)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    seen = checks
    await asyncio.sleep(0.2)
    assert checks == seen
    assert not [thread for thread in threading.enumerate() if thread.name == "harlm-gate"]
    assert _descriptors() <= before + 2, "the interpreter that runs share stays"


async def test_the_loop_runs_while_a_hostile_page_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_bytes(HOSTILE["nested.html"]())
    turns = 0

    async def turning() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0.01)
            turns += 1

    other = asyncio.create_task(turning())
    await load_async(tmp_path, ContextSettings(), LoadingClock(None))
    other.cancel()
    assert turns > 3
