"""Which processes of a run may fork."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Iterator

import pytest

from harlm.sandbox.process.fork_gate import Gate
from tests.support.sandboxes import Host, repl_on


@pytest.fixture
def gate() -> Iterator[Gate]:
    """A gate over a pipe, on which no process ever asks."""
    read, write = os.pipe()
    gate = Gate(read)
    yield gate
    gate.close()
    os.close(write)


def test_an_unused_order_can_be_revoked_once(gate: Gate) -> None:
    gate.order(7)
    assert gate.revoke(7)
    assert not gate.revoke(7)


def test_orders_are_those_of_one_process(gate: Gate) -> None:
    gate.order(7)
    assert not gate.revoke(8)
    assert gate.revoke(7)


def test_several_orders_are_revoked_together(gate: Gate) -> None:
    gate.order(7)
    gate.order(7)
    assert gate.revoke(7)
    assert not gate.revoke(7)


def test_orders_are_withdrawn_one_by_one(gate: Gate) -> None:
    gate.order(7)
    gate.order(7)
    assert [gate.withdraw(7) for _ in range(3)] == [True, True, False]
    gate.order(7)
    assert gate.withdraw(7)
    assert not gate.revoke(7)


def test_closing_drops_all_orders_ends_the_thread_and_may_be_repeated(gate: Gate) -> None:
    gate.order(7)
    gate.close()
    gate._thread.join(20)
    assert not gate._thread.is_alive()
    assert not gate.revoke(7)
    gate.close()


def test_the_thread_ends_when_no_process_is_left_under_the_filter() -> None:
    read, write = os.pipe()
    gate = Gate(read)
    os.close(write)
    gate._thread.join(20)
    assert not gate._thread.is_alive()
    gate.close()


@pytest.mark.skipif(sys.platform != "linux", reason="seccomp is part of Linux")
@pytest.mark.parametrize("tier", ["s3", "s2", "s1"], indirect=True)
async def test_a_cell_cannot_fork_though_its_repl_can(tier: str) -> None:
    async with repl_on(tier, cell_seconds=20) as repl:
        before = await repl.run("import os\nos.fork()")
        branch = await repl.fork(Host())
        after = await repl.run("os.fork()")
        in_branch = await branch.run("os.fork()")
    for seen in (before, after, in_branch):
        assert "PermissionError" in str(seen.error)


@pytest.mark.skipif(sys.platform != "linux", reason="seccomp is part of Linux")
@pytest.mark.parametrize("tier", ["s3", "s2"], indirect=True)
async def test_a_thread_that_waits_for_a_withdrawn_notice_ends_with_its_run(
    tier: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def serve(gate: Gate) -> None:
        while gate._wake >= 0:
            gate._decide()  # waits for the next notice, as after one that was withdrawn
        gate._listener.close()
        os.close(gate._asleep)

    monkeypatch.setattr(Gate, "_serve", serve)
    async with repl_on(tier) as repl:
        zygote = repl._workers._zygote
        assert zygote is not None
        assert zygote.gate is not None
        thread = zygote.gate._thread
    await asyncio.to_thread(thread.join, 20)
    assert not thread.is_alive()


def test_without_descriptors_or_threads_the_listener_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    before = os.listdir("/dev/fd")  # noqa: PTH208 - only names
    read, write = os.pipe()
    with pytest.raises(OSError, match="can't start new thread"):
        Gate(read)
    os.close(write)
    assert os.listdir("/dev/fd") == before  # noqa: PTH208 - as above
