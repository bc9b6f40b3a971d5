"""Cells, forks and restarts that are cancelled at any moment leave a REPL that works."""

from __future__ import annotations

import asyncio

from harlm.sandbox.process.repl import ProcessRepl
from tests.support.sandboxes import Host, repl_on
from tests.support.worker_processes import late_ends


async def test_cancelling_a_cell_interrupts_it_and_keeps_its_variables(repl: ProcessRepl) -> None:
    await repl.run("x = 1")
    running = asyncio.create_task(repl.run("x = 2\nwhile True: pass"))
    await asyncio.sleep(0.05)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert (await repl.run("print(x)")).output == "2\n"


async def test_cancelling_a_cell_refuses_its_calls(repl: ProcessRepl) -> None:
    running = asyncio.create_task(
        repl.run("try:\n    llm_query('slow')\nexcept RuntimeError as error:\n    why = str(error)")
    )
    await asyncio.sleep(0.05)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    seen = await repl.run("print(why)")
    assert "cancelled" in (seen.output + str(seen.error))


async def test_a_cancelled_cell_that_will_not_stop_is_killed(repl: ProcessRepl) -> None:
    await repl.run("x = 1")
    running = asyncio.create_task(
        repl.run("while True:\n    try:\n        sum(range(10**5))\n    except BaseException: pass")
    )
    await asyncio.sleep(0.05)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert (await repl.run("print(x)")).output == "1\n"


async def test_cancelling_a_cell_does_not_interrupt_the_next(repl: ProcessRepl) -> None:
    running = asyncio.create_task(repl.run("try:\n    llm_query('slow')\nexcept RuntimeError: pass"))
    await asyncio.sleep(0.1)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    seen = await repl.run("import time; time.sleep(0.6); print('whole')")
    assert (seen.error, seen.output) == (None, "whole\n")


async def test_cancelling_at_any_moment_leaves_a_repl_that_works(repl: ProcessRepl) -> None:
    await repl.run("count = 0")
    for number in range(25):
        running = asyncio.create_task(repl.run("count += 1; sum(range(2000)); llm_query('x')"))
        await asyncio.sleep(0.0002 * number)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        if number % 5 == 0:  # once more while the first is being stopped
            again = asyncio.create_task(repl.run("1"))
            await asyncio.sleep(0)
            again.cancel()
            await asyncio.gather(again, return_exceptions=True)
    seen = await repl.run("print(0 <= count <= 25)")
    assert (seen.output, seen.lost) == ("True\n", False)


async def test_cancelling_a_fork_at_any_moment_harms_nothing(repl: ProcessRepl) -> None:
    await repl.run("x = 1")
    for number in range(20):
        forking = asyncio.create_task(repl.fork(Host()))
        await asyncio.sleep(0.0005 * number)
        forking.cancel()
        await asyncio.gather(forking, return_exceptions=True)
    seen = await repl.run("print(x)")
    assert (seen.output, seen.lost) == ("1\n", False)


async def test_cancelling_while_the_repl_is_restored_harms_nothing(repl: ProcessRepl) -> None:
    await repl.run("x = 1")
    for number in range(6):
        running = asyncio.create_task(repl.run("import os; os._exit(1)"))
        await asyncio.sleep(0.004 * number)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert "1\n" in (await repl.run("print(x)")).output


async def test_a_cell_after_a_cancelled_loss_does_not_wait_for_the_lost_process(tier: str) -> None:
    with late_ends() as ends:
        async with repl_on(tier, cell_seconds=1.0) as repl:
            await repl.run("x = 1")
            link = repl._process.link
            assert link is not None
            ends.hold()
            running = asyncio.create_task(repl.run("import os; os._exit(1)"))
            while not link.was_killed:  # noqa: ASYNC110 - the socket has ended, the process not yet
                await asyncio.sleep(0)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            assert repl._process.link is link
            following = asyncio.create_task(repl.run("print(x)"))
            while repl._cell is None and repl._process.link is link:  # noqa: ASYNC110 - no event
                await asyncio.sleep(0)
            ends.report()
            async with asyncio.timeout(20):  # with the error, the task waits for ever
                seen = await following
    assert (seen.error, seen.output, seen.lost) == (None, "1\n", False)
