"""The disk keeps what was written, in few steps; a failure of the disk is told."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from harlm.journal.syncing import Syncing


class Disk:
    """Counts what is synced; fails on demand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.syncs = 0
        self.error: OSError | None = None
        monkeypatch.setattr(os, "fsync", self._fsync)

    def _fsync(self, _: int) -> None:
        self.syncs += 1
        if self.error is not None:
            raise self.error


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "journal.db-wal").write_bytes(b"x")
    return tmp_path / "journal.db-wal"


def nothing(error: Exception) -> None:
    raise AssertionError(error)


async def test_without_writes_there_is_nothing_to_wait_for(file: Path, disk: Disk) -> None:
    syncing = Syncing(file, nothing)
    await syncing.done()
    syncing.close()
    assert disk.syncs == 0


async def test_many_writes_are_kept_in_few_steps(file: Path, disk: Disk) -> None:
    syncing = Syncing(file, nothing)
    for _ in range(1_000):
        syncing.wrote()
    await syncing.done()
    assert disk.syncs == 1
    syncing.close()
    assert disk.syncs == 1


async def test_whoever_waits_goes_on_when_its_own_write_is_kept(file: Path, disk: Disk) -> None:
    syncing = Syncing(file, nothing)

    async def writer(number: int) -> None:
        for _ in range(3):
            await asyncio.sleep(0.003 * number)
            before = disk.syncs
            syncing.wrote()
            await syncing.done()
            assert disk.syncs > before

    await asyncio.gather(*map(writer, range(8)))
    syncing.close()


async def test_a_waiter_that_is_cancelled_does_not_end_the_others(file: Path, disk: Disk) -> None:
    syncing = Syncing(file, nothing)
    syncing.wrote()
    gone, stays = asyncio.create_task(syncing.done()), asyncio.create_task(syncing.done())
    await asyncio.sleep(0)
    gone.cancel()
    await stays
    assert disk.syncs == 1
    syncing.close()


def test_outside_an_event_loop_it_is_synced_at_the_end(file: Path, disk: Disk) -> None:
    syncing = Syncing(file, nothing)
    syncing.wrote()
    assert disk.syncs == 0
    syncing.close()
    assert disk.syncs == 1


async def test_what_is_left_is_synced_at_the_end(file: Path, disk: Disk) -> None:
    syncing = Syncing(file, nothing)
    syncing.wrote()
    syncing.close()
    assert disk.syncs == 1


async def test_a_failure_of_the_disk_is_told_and_nobody_waits_for_ever(file: Path, disk: Disk) -> None:
    failures: list[Exception] = []
    syncing = Syncing(file, failures.append)
    disk.error = OSError(5, "Input/output error")
    syncing.wrote()
    await syncing.done()
    assert failures == [disk.error]
    syncing.close()


async def test_without_a_descriptor_the_run_goes_on(file: Path, disk: Disk) -> None:
    syncing = Syncing(file, nothing)
    disk.error = OSError(24, "Too many open files")
    syncing.wrote()
    await syncing.done()
    syncing.close()


async def test_a_wal_that_is_gone_is_no_failure(tmp_path: Path, disk: Disk) -> None:
    syncing = Syncing(tmp_path / "journal.db-wal", nothing)
    syncing.wrote()
    await syncing.done()
    syncing.close()
    assert disk.syncs == 0
