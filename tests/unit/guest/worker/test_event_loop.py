"""The one event loop of a REPL: what runs in it, what interrupts it, and how it continues in a fork."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any

import pytest

from harlm.guest.worker.event_loop import CellLoop, needs_a_running_loop
from tests.support.busy import eventually
from tests.support.guest_processes import printed


class Stopped(KeyboardInterrupt):
    """As the host stops a cell."""


@pytest.fixture
def loop() -> Iterator[CellLoop]:
    loop = CellLoop()
    yield loop
    loop.close()
    asyncio.set_event_loop(None)


def test_nothing_is_made_before_it_is_needed() -> None:
    loop = CellLoop()
    assert not loop.is_made
    assert list(loop.failures()) == []
    loop.rest()
    loop.renew()
    loop.close()
    assert not loop.is_made


def test_every_coroutine_runs_in_the_same_loop(loop: CellLoop) -> None:
    async def running() -> asyncio.AbstractEventLoop:
        return asyncio.get_running_loop()

    assert loop.run(running()) is loop.run(running()) is asyncio.get_event_loop() is loop.prepare()


def test_a_task_waits_until_a_later_coroutine_runs_and_is_not_collected(loop: CellLoop) -> None:
    done: list[int] = []

    async def slow(number: int) -> None:
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        done.append(number)

    async def start() -> None:
        for number in range(20):
            asyncio.create_task(slow(number))  # noqa: RUF006 - that is the test

    loop.run(start())
    assert not done
    loop.run(asyncio.sleep(0.001))
    assert done == list(range(20))


def test_a_loop_that_was_stopped_or_closed_is_used_or_replaced(loop: CellLoop) -> None:
    async def stops() -> str:
        asyncio.get_running_loop().stop()
        await asyncio.sleep(0)
        return "on"

    assert loop.run(stops()) == "on"
    loop.prepare().close()
    assert loop.run(asyncio.sleep(0, "again")) == "again"


@pytest.mark.parametrize("kind", [Stopped, SystemExit])
def test_what_ends_a_loop_ends_the_coroutine_first_from_whatever_task(
    loop: CellLoop, kind: type[BaseException]
) -> None:
    order: list[str] = []

    async def ends() -> None:
        raise kind("now")

    async def waits() -> None:
        ending = asyncio.create_task(ends())
        try:
            await asyncio.Event().wait()
        finally:
            order.append("cleaned up")
            await asyncio.sleep(0)
            order.append(str(ending.done()))

    with pytest.raises(kind, match="now"):
        loop.run(waits())
    assert order == ["cleaned up", "True"]
    assert loop.run(asyncio.sleep(0, "usable")) == "usable"
    assert list(loop.failures()) == []
    assert asyncio.get_event_loop().run_until_complete(asyncio.sleep(0, "also so")) == "also so"


def test_what_a_coroutine_raises_itself_arrives_with_its_traceback(loop: CellLoop) -> None:
    async def fails() -> None:
        raise ValueError("no")

    async def interrupted() -> None:
        raise Stopped

    for work, kind in ((fails, ValueError), (interrupted, Stopped), (asyncio.Event().wait, None)):
        if kind is not None:
            with pytest.raises(kind) as raised:
                loop.run(work())
            assert raised.traceback[-1].name == work.__name__

    async def cancels_itself() -> None:
        raise asyncio.CancelledError("own")

    with pytest.raises(asyncio.CancelledError, match="own"):
        loop.run(cancels_itself())


def test_failures_that_nothing_noticed_are_named_once(loop: CellLoop) -> None:
    async def fails(text: str) -> None:
        raise ValueError(text)

    async def main() -> None:
        asyncio.create_task(fails("lost"))  # noqa: RUF006 - that is the test
        seen = asyncio.create_task(fails("seen"))
        cancelled = asyncio.create_task(asyncio.sleep(9))
        await asyncio.sleep(0)
        cancelled.cancel()
        await asyncio.gather(seen, return_exceptions=True)

    loop.run(main())
    ((name, error),) = loop.failures()
    assert (name.rpartition(".")[2], str(error)) == ("fails", "lost")
    assert list(loop.failures()) == []


def test_threads_that_tasks_used_end_with_the_cell(loop: CellLoop) -> None:
    before = set(threading.enumerate())

    async def used() -> list[str]:
        return await asyncio.gather(*(asyncio.to_thread(str, number) for number in range(30)))

    for _ in range(3):
        assert loop.run(used()) == [str(number) for number in range(30)]
        loop.rest()
        assert eventually(
            lambda: set(threading.enumerate()) <= before
        )  # soon: a busy machine ends them later


def test_a_thread_that_still_works_is_not_waited_for(loop: CellLoop) -> None:
    end = threading.Event()

    async def start() -> asyncio.Future[bool]:
        waiting = asyncio.ensure_future(asyncio.to_thread(end.wait))
        await asyncio.sleep(0.001)
        return waiting

    waiting: asyncio.Future[bool] = loop.run(start())
    loop.rest()
    assert not waiting.done()
    end.set()

    async def result() -> bool:
        return await waiting

    assert loop.run(result()) is True
    assert loop.run(asyncio.to_thread(str, 1)) == "1"


@pytest.mark.parametrize(
    ("code", "needs"),
    [
        ("import asyncio\nasyncio.create_task(f())", True),
        ("tasks = [create_task(f(x)) for x in y]", True),
        ("loop = asyncio.get_running_loop()", True),
        ("asyncio.run(f())", False),
        ("async def f():\n    await asyncio.create_task(g())\nasyncio.run(f())", False),
        ("def f(): return asyncio.create_task(g())", False),
        ("t = loop.create_task(f())\nloop.run_until_complete(t)", False),
        ("x = 1", False),
    ],
)
def test_code_that_makes_tasks_needs_a_running_loop(code: str, needs: bool) -> None:
    assert needs_a_running_loop(compile(code, "<cell>", "exec")) is needs


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("work", ["waits", "spins", "computes", "calls"])
def test_an_interrupt_at_any_moment_ends_the_coroutine_and_loses_nothing_else(
    loop: CellLoop, work: str
) -> None:
    ticks: list[int] = []

    async def schedule() -> None:
        for number in range(1_000):
            asyncio.get_running_loop().call_later(number * 0.00005, ticks.append, number)

    async def cell() -> None:
        signal.setitimer(signal.ITIMER_REAL, 0.002)
        if work == "waits":
            await asyncio.Event().wait()
        while True:
            if work == "spins":
                await asyncio.sleep(0)
            elif work == "calls":
                await asyncio.to_thread(str)
            else:
                sum(range(10))

    def handle(_: int, frame: FrameType | None) -> None:
        if not loop.raises_later(error := Stopped(), frame):
            raise error

    before = signal.signal(signal.SIGALRM, handle)
    try:
        for _ in range(25):
            loop.run(schedule())
            with pytest.raises(Stopped):
                loop.run(cell())
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    loop.run(asyncio.sleep(0.06))
    assert sorted(ticks) == sorted([*range(1_000)] * 25)


FORKED = """
import asyncio, os, threading
from harlm.guest.worker.event_loop import CellLoop
loop = CellLoop()
made = {}
async def start():
    made["queue"], made["lock"] = asyncio.Queue(), asyncio.Lock()
    ours, theirs = os.pipe()
    made["pipe"] = theirs
    asyncio.get_running_loop().add_reader(ours, lambda: made["queue"].put_nowait(os.read(ours, 9).decode()))
    made["task"] = asyncio.create_task(made["queue"].get())
    await asyncio.sleep(0)
async def go_on(text):
    if text == "child":
        asyncio.get_running_loop().call_later(0.01, made["queue"].put_nowait, text)
    else:
        os.write(made["pipe"], text.encode())
    got = await made["task"]
    async with made["lock"]:
        return got, await asyncio.gather(*(asyncio.to_thread(str, number) for number in range(5)))
loop.run(start())
loop.rest()
pid = os.fork()
if pid == 0:
    loop.renew()
    print(loop.run(go_on("child")), threading.active_count() > 1, flush=True)
    loop.rest()
    loop.close()
    os._exit(0)
os.waitpid(pid, 0)
print(loop.run(go_on("parent")))
loop.close()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_a_fork_continues_with_the_same_tasks_and_neither_disturbs_the_other() -> None:
    assert printed(FORKED).splitlines() == [
        "('child', ['0', '1', '2', '3', '4']) True",
        "('parent', ['0', '1', '2', '3', '4'])",
    ]


def test_a_loop_that_cannot_be_separated_is_replaced(loop: CellLoop) -> None:
    class Odd(asyncio.SelectorEventLoop):
        def _make_self_pipe(self) -> None:
            if hasattr(self, "_ssock"):
                raise OSError("no descriptors")
            super()._make_self_pipe()  # type: ignore[misc] # private

    odd: Any = Odd()
    loop.prepare().close()
    loop._loop = odd
    loop.renew()
    assert loop.run(asyncio.sleep(0, "new")) == "new"
    assert loop.prepare() is not odd
    odd.close()


def test_closing_warns_of_nothing() -> None:
    code = """
import asyncio, sys
from harlm.guest.worker.event_loop import CellLoop
loop = CellLoop()
async def start():
    made.append(asyncio.create_task(asyncio.sleep(99)))
    made.append(asyncio.create_task(asyncio.Event().wait()))
made = []
loop.run(start())
sys.stderr = sys.stdout
loop.close()
made.clear()
"""
    assert printed(code) == ""
