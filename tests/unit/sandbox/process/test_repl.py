"""Cells in one process: what they may do, what ends them, and what is kept when they kill the process."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from pathlib import Path

import pytest

from harlm.protocols import ReplSetup
from harlm.sandbox.process.repl import ProcessRepl
from harlm.types import Context
from tests.support.processes import is_running
from tests.support.sandboxes import Host, repl_on, sandbox_on


async def test_a_cell_that_cannot_be_interrupted_is_killed_and_its_repl_is_restored(
    repl: ProcessRepl,
) -> None:
    await repl.run("x = llm_query('ask once')")
    seen = await repl.run(
        "y = 2; import signal; signal.signal(signal.SIGUSR1, signal.SIG_IGN)\nwhile True: pass"
    )
    assert seen.lost
    assert seen.error is not None
    assert "CellTimeout: the cell ran longer than 1 s and could not be interrupted" in seen.error
    assert "its earlier cells were run again" in seen.error
    after = await repl.run("print(len(context), x); print(y)")
    assert after.output == "1 reply\n"
    assert after.error is not None
    assert "NameError" in after.error
    host = repl._host
    assert isinstance(host, Host)
    assert len(host.asked) == 1, "what was paid for once is not paid for again"


async def test_a_cell_that_catches_everything_loses_its_process(tier: str) -> None:
    async with repl_on(tier, cell_seconds=1.0) as repl:
        await repl.run("x = 1")
        seen = await repl.run(
            "while True:\n    try:\n        sum(range(10**5))\n    except BaseException: pass"
        )
        assert seen.lost
        after = await repl.run("print(x)")
        assert after.output == "1\n", (seen, after)


async def test_what_a_cell_left_running_is_not_restored_after_two_cells_got_stuck(tier: str) -> None:
    thief = """
import os, threading, time
def steal():
    time.sleep(0.5)  # the cell has been run again by then, and seems well
    while True: os.read(3, 65536)
threading.Thread(target=steal, daemon=True).start()"""
    async with repl_on(tier, cell_seconds=0.5) as repl:
        await repl.run("x = 1")
        await repl.run(thief)
        lost = []
        while True:
            await asyncio.sleep(0.8)
            seen = await repl.run("print(x)")
            if not seen.lost:
                break
            lost.append(seen.error)
        assert seen.output.endswith("1\n")
        assert len(lost) <= 2


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("import os; os._exit(3)", "ended the interpreter with exit status 3"),
        ("import ctypes; ctypes.string_at(0)", "SIGSEGV"),
    ],
)
async def test_a_cell_that_kills_its_interpreter_loses_only_its_own_variables(
    repl: ProcessRepl, cell: str, said: str
) -> None:
    seen = await repl.run(cell)
    assert seen.lost
    assert seen.error is not None
    assert said in seen.error
    assert (await repl.run("print('alive')")).output == "alive\n"


async def test_sys_exit_ends_the_cell_and_not_the_repl(repl: ProcessRepl) -> None:
    seen = await repl.run("import sys; x = 5; sys.exit(7)")
    assert seen.error is not None
    assert "SystemExit: 7 ended the cell" in seen.error
    assert (await repl.run("print(x)")).output == "5\n"


async def test_the_last_expression_is_shown(repl: ProcessRepl) -> None:
    assert (await repl.run("x = 3\nx + 1")).output == "4\n"
    assert (await repl.run("'text'")).output == "text\n"
    assert (await repl.run("None")).output == ""
    assert "list of 5,000" in (await repl.run("list(range(5000))")).output


async def test_await_works_at_the_top(repl: ProcessRepl) -> None:
    seen = await repl.run("import asyncio\nawait asyncio.sleep(0)\nprint('slept')")
    assert seen.output == "slept\n"


async def test_threads_may_call(repl: ProcessRepl) -> None:
    cell = (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "with ThreadPoolExecutor(4) as pool:\n    print(list(pool.map(llm_query, ['a', 'b', 'c', 'd'])))"
    )
    assert (await repl.run(cell)).output == "['reply', 'reply', 'reply', 'reply']\n"


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("llm_query(3)", "llm_query needs a str prompt, not int"),
        ("llm_query('  ')", "was given an empty prompt"),
        ("llm_query_batched('one')", "needs a list of prompts, not one str"),
        ("FINAL_VAR('nothing')", "there is no variable 'nothing'"),
        ("SUBMIT(1, 2)", "SUBMIT takes one value"),
    ],
)
async def test_errors_in_calls_are_explained_without_frames_of_harlm(
    repl: ProcessRepl, cell: str, said: str
) -> None:
    seen = await repl.run(cell)
    assert seen.error is not None
    assert said in seen.error
    assert "harlm" not in seen.error


async def test_closing_removes_the_work_folder() -> None:
    async with repl_on("s0") as repl:
        seen = await repl.run(
            "import os, subprocess; p = subprocess.Popen(['sleep', '60']); print(p.pid, os.getcwd())"
        )
        pid, folder = seen.output.split()
        await repl.close()
        assert not _is_there(folder)
    with suppress(ProcessLookupError):
        os.kill(int(pid), 9)  # s0 lets a cell start programs, and cannot find all of them again


async def test_cells_and_forks_of_one_repl_take_turns(repl: ProcessRepl) -> None:
    seen = await asyncio.gather(*(repl.run(f"x = {number}; print({number})") for number in range(5)))
    assert [each.output for each in seen] == [f"{number}\n" for number in range(5)]
    branches = await asyncio.gather(*(repl.fork(Host()) for _ in range(3)))
    assert {(await each.run("print(x)")).output for each in branches} == {"4\n"}


async def test_a_death_between_two_cells_is_reported(repl: ProcessRepl) -> None:
    await repl.run("x = 1")
    await repl.run(
        "import os, threading, time\ny = 2\ndef end():\n    time.sleep(0.1)\n    os._exit(1)\nthreading.Thread(target=end).start()"
    )
    await asyncio.sleep(0.4)
    seen = await repl.run("print(x, 'y' in globals())")
    assert seen.lost
    assert "the REPL ended after the last cell" in seen.output
    assert seen.output.endswith("1 False\n")


async def test_closing_while_a_cell_runs_leaves_no_process(repl: ProcessRepl) -> None:
    running = asyncio.create_task(repl.run("while True: pass"))
    await asyncio.sleep(0.05)
    assert repl._process.link is not None
    worker = repl._process.link.worker
    running.cancel()
    await repl.close()
    await asyncio.gather(running, return_exceptions=True)
    assert worker.ended.is_set()
    assert worker.pid is not None
    for _ in range(50):  # the kernel reports the end a moment before the process is reaped
        if not is_running(worker.pid):
            return
        await asyncio.sleep(0.01)
    raise AssertionError("the process still runs")


async def test_calls_of_a_thread_that_outlives_its_cell_are_refused(repl: ProcessRepl) -> None:
    host = repl._host
    assert isinstance(host, Host)
    await repl.run(
        "import threading, time\nsaid = []\n"
        "def later():\n    time.sleep(0.2)\n    try:\n        llm_query('late')\n"
        "    except RuntimeError as error:\n        said.append(str(error))\n"
        "thread = threading.Thread(target=later); thread.start()"
    )
    await asyncio.sleep(0.4)
    assert (
        await repl.run("thread.join(); print(said)")
    ).output == "['no cell is running; a call ends with its cell']\n"
    assert host.asked == []


def _is_there(path: str) -> bool:
    return Path(path).exists()


async def test_random_is_seeded() -> None:
    outputs = []
    for _ in range(2):
        async with sandbox_on("s0") as sandbox:
            repl = await sandbox.open(ReplSetup(context=Context.of_text("x"), seed=5), Host())
            outputs.append((await repl.run("import random; print(random.random(), {'a', 'b', 'c'})")).output)
    assert outputs[0] == outputs[1]
