"""What only a real process can show: limits, crashes, floods, and what a cell cannot see."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from harlm.config import SandboxSettings
from harlm.errors import SandboxFailure
from harlm.protocols import ReplSetup
from harlm.sandbox.process import frames
from harlm.sandbox.process.repl import ProcessRepl
from harlm.sandbox.process.sandbox import ProcessSandbox
from harlm.sandbox.process.zygote import HostZygote
from harlm.types import Context, Document
from tests.support.canaries import descendants
from tests.support.late_ends import late_ends
from tests.support.sandboxes import TIERS, Host, repl_on, sandbox_on


@pytest.fixture(params=TIERS)
def tier(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def repl(tier: str) -> AsyncIterator[ProcessRepl]:
    async with repl_on(tier, cell_seconds=1.0) as repl:
        yield repl


async def test_an_endless_cell_is_stopped_and_its_variables_live(repl: ProcessRepl) -> None:
    await repl.run("x = 1")
    seen = await repl.run("while True:\n    try:\n        pass\n    except Exception:\n        pass")
    assert seen.error is not None
    assert "CellTimeout: the cell used up its time" in seen.error
    assert not seen.lost
    assert (await repl.run("print(x)")).output == "1\n"


async def test_a_cell_that_cannot_be_interrupted_is_killed_and_its_repl_is_brought_back(
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


async def test_processor_time_is_limited_across_threads(tier: str) -> None:
    async with repl_on(tier, cell_seconds=30, cpu_seconds=0.3) as repl:
        seen = await repl.run("while True: pass")
        assert seen.error is not None
        assert "CpuTimeout" in seen.error
        assert not seen.lost
        assert seen.wall_s < 5


async def test_a_cell_that_does_nothing_is_stopped(tier: str) -> None:
    async with repl_on(tier, cell_seconds=30, silence_seconds=0.3) as repl:
        seen = await repl.run("import threading; threading.Lock().acquire(); import time; time.sleep(100)")
        assert seen.error is not None
        assert "SilenceTimeout" in seen.error
        assert (await repl.run("print(llm_query('slow'))")).output == "reply\n", (
            "waiting for a call is no silence"
        )


async def test_a_cell_that_catches_everything_loses_its_process(tier: str) -> None:
    async with repl_on(tier, cell_seconds=1.0) as repl:
        await repl.run("x = 1")
        seen = await repl.run(
            "while True:\n    try:\n        sum(range(10**5))\n    except BaseException: pass"
        )
        assert seen.lost
        after = await repl.run("print(x)")
        assert after.output == "1\n", (seen, after)


async def test_waiting_for_calls_is_not_charged(repl: ProcessRepl) -> None:
    seen = await repl.run("print(llm_query('slow'), llm_query('slow'))")
    assert seen.output == "reply reply\n"
    assert seen.waiting_s > 1.0


async def test_time_between_calls_is_charged(repl: ProcessRepl) -> None:
    seen = await repl.run("llm_query('slow')\nwhile True: pass")
    assert seen.error is not None
    assert "CellTimeout" in seen.error


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("import os; os._exit(3)", "ended the interpreter with exit status 3"),
        ("import ctypes; ctypes.string_at(0)", "SIGSEGV"),
    ],
)
async def test_a_cell_that_kills_its_interpreter_loses_only_that(
    repl: ProcessRepl, cell: str, said: str
) -> None:
    seen = await repl.run(cell)
    assert seen.lost
    assert seen.error is not None
    assert said in seen.error
    assert (await repl.run("print('alive')")).output == "alive\n"


async def test_memory_is_limited(repl: ProcessRepl) -> None:
    seen = await repl.run("x = bytearray(1 << 40)")
    assert seen.error is not None
    assert "MemoryError" in seen.error
    assert not seen.lost


async def test_a_flood_of_output_ends_the_cell_and_its_length_is_true(tier: str) -> None:
    async with repl_on(tier, cell_seconds=30) as repl:
        seen = await repl.run("while True: print('x' * 1_000_000)")
        assert seen.error is not None
        assert "OutputFlood" in seen.error
        assert seen.output_chars > 64 << 20
        assert len(seen.output) < 200_000
        assert "characters left out" in seen.output


async def test_a_flood_below_python_ends_the_cell(tier: str) -> None:
    async with repl_on(tier, cell_seconds=30) as repl:
        await repl.run("x = 1")
        seen = await repl.run("import os\nwhile True: os.write(2, b'x' * 65536)")
        assert seen.lost
        assert seen.error is not None
        assert "OutputFlood: the cell wrote more than 64 MB" in seen.error
        assert (await repl.run("print(x)")).output == "1\n"


async def test_leaving_is_not_the_end(repl: ProcessRepl) -> None:
    seen = await repl.run("import sys; x = 5; sys.exit(7)")
    assert seen.error is not None
    assert "SystemExit: 7 ended the cell" in seen.error
    assert (await repl.run("print(x)")).output == "5\n"


async def test_what_is_written_below_python_is_seen_too(repl: ProcessRepl) -> None:
    seen = await repl.run("import os; os.write(1, b'raw\\n'); os.write(2, b'err\\n'); print('printed')")
    assert seen.output == "printed\nraw\nerr\n"
    assert (await repl.run("1 + 1")).output == "2\n"


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
async def test_mistakes_are_explained_without_our_frames(repl: ProcessRepl, cell: str, said: str) -> None:
    seen = await repl.run(cell)
    assert seen.error is not None
    assert said in seen.error
    assert "harlm" not in seen.error


async def test_a_cell_sees_nothing_of_this_process(repl: ProcessRepl) -> None:
    seen = await repl.run(
        "import os; print(sorted(os.environ))\n"
        "def is_open(d):\n    try:\n        os.fstat(d)\n        return True\n    except OSError:\n        return False\n"
        "print([d for d in range(256) if is_open(d)])"
    )
    names, descriptors = seen.output.splitlines()
    assert "OPENAI" not in names
    assert "HARLM" not in names
    assert descriptors == "[0, 1, 2, 3]"


@pytest.mark.parametrize(
    "frame",
    [
        "{'op': 'done', 'cell': 'forged', 'head': '', 'tail': '', 'chars': 0, 'error': None, 'final': {'value': 'x'}, 'names': [], 'wall_s': 0.0}",
        "{'op': 'call', 'id': 1, 'function': 'not_offered', 'arguments': {}}",
        "{'op': 'unknown'}",
        "{'op': 'call'}",
        "[1, 2]",
    ],
)
async def test_a_forged_frame_is_a_violation(repl: ProcessRepl, frame: str) -> None:
    cell = (
        "import sys\nfrom guest.worker.msgpack import pack\nimport os\n"
        f"data = pack({frame})\nos.write(3, len(data).to_bytes(4, 'little') + data)"
    )
    with pytest.raises(SandboxFailure):
        await repl.run(cell)


async def test_a_frame_that_announces_too_much_is_a_violation(repl: ProcessRepl) -> None:
    with pytest.raises(SandboxFailure, match="are allowed"):
        await repl.run("import os; os.write(3, b'\\xff\\xff\\xff\\xff')")


async def test_nothing_is_left_after_closing() -> None:
    async with repl_on("s0") as repl:
        seen = await repl.run(
            "import os, subprocess; p = subprocess.Popen(['sleep', '60']); print(p.pid, os.getcwd())"
        )
        pid, folder = seen.output.split()
        await repl.close()
        assert not _is_there(folder)
    os.kill(int(pid), 9)  # s0 lets a cell start programs, and cannot find them again


async def test_cancelling_a_cell_interrupts_it_and_its_variables_live(repl: ProcessRepl) -> None:
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


async def test_a_cancelled_cell_does_not_reach_into_the_next(repl: ProcessRepl) -> None:
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


async def test_cancelling_while_it_comes_back_harms_nothing(repl: ProcessRepl) -> None:
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
            while not link.was_killed:  # the end of the wire has arrived, that of the process has not
                await asyncio.sleep(0)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            assert repl._process.link is link
            following = asyncio.create_task(repl.run("print(x)"))
            while repl._cell is None and repl._process.link is link:
                await asyncio.sleep(0)
            ends.report()
            async with asyncio.timeout(20):  # the task would wait for ever
                seen = await following
    assert (seen.error, seen.output, seen.lost) == (None, "1\n", False)


async def test_cells_and_forks_of_one_repl_take_turns(repl: ProcessRepl) -> None:
    seen = await asyncio.gather(*(repl.run(f"x = {number}; print({number})") for number in range(5)))
    assert [each.output for each in seen] == [f"{number}\n" for number in range(5)]
    branches = await asyncio.gather(*(repl.fork(Host()) for _ in range(3)))
    assert {(await each.run("print(x)")).output for each in branches} == {"4\n"}


async def test_closing_the_sandbox_ends_what_is_being_opened(tier: str) -> None:
    async with sandbox_on(tier) as sandbox:
        setup = ReplSetup(context=Context.of_text("x"))
        await sandbox.open(setup, Host())
        opening = [asyncio.create_task(sandbox.open(setup, Host())) for _ in range(10)]
        await asyncio.sleep(0.003)
        async with asyncio.timeout(10):
            await sandbox.close()
            came = await asyncio.gather(*opening, return_exceptions=True)
        assert all(isinstance(each, SandboxFailure | ProcessRepl) for each in came), came
        with pytest.raises(SandboxFailure, match="closed"):
            await sandbox.open(setup, Host())


async def test_each_opening_makes_one_process(tier: str) -> None:
    async with sandbox_on(tier) as sandbox:
        setup = ReplSetup(context=Context.of_text("x"))
        for number in range(60):
            repl = await sandbox.open(setup, Host())
            assert (await repl.run(f"print({number})")).output == f"{number}\n"
            await repl.close()
        assert sandbox._workers._zygote is not None
        assert sandbox._workers._zygote._talk.sender is not None
        await asyncio.sleep(0.1)
        assert len(descendants(sandbox._workers._zygote._talk.sender)) <= 1, "the spare, and nobody else"


async def test_many_are_opened_at_once(tier: str) -> None:
    async with sandbox_on(tier) as sandbox:
        setup = ReplSetup(context=Context.of_text("x"))
        repls = await asyncio.gather(*(sandbox.open(setup, Host()) for _ in range(150)))
        assert len({repl.pid for repl in repls}) == 150


async def test_a_death_between_two_cells_is_told(repl: ProcessRepl) -> None:
    await repl.run("x = 1")
    await repl.run(
        "import os, threading, time\ny = 2\ndef end():\n    time.sleep(0.1)\n    os._exit(1)\nthreading.Thread(target=end).start()"
    )
    await asyncio.sleep(0.4)
    seen = await repl.run("print(x, 'y' in globals())")
    assert seen.lost
    assert "the REPL ended after the last cell" in seen.output
    assert seen.output.endswith("1 False\n")


async def test_a_replay_that_goes_another_way_is_not_taken_for_the_same(tier: str) -> None:
    async with repl_on(tier) as repl:
        await repl.run("x = 1")
        await repl.run("import time; a = llm_query(str(time.time_ns()))")
        seen = await repl.run("import os; os._exit(1)")
        assert seen.error is not None
        assert "except those that cannot be" in seen.error
        assert (await repl.run("print(x, 'a' in globals())")).output == "1 False\n"


async def test_equal_calls_come_back_in_the_order_in_which_they_were_made(tier: str) -> None:
    class Numbering(Host):
        async def call(self, function: str, arguments: Mapping[str, object]) -> object:
            number = len(self.asked)
            self.asked.append((function, arguments))
            await asyncio.sleep(0.05 * (3 - number))
            return f"reply {number}"

    async with repl_on(tier, host=Numbering()) as repl:
        await repl.run("a = llm_query_batched(['same'] * 3)")
        await repl.run("import os; os._exit(1)")
        assert (await repl.run("print(a)")).output == "['reply 0', 'reply 1', 'reply 2']\n"


async def test_a_branch_comes_back_with_its_own_random_numbers(tier: str) -> None:
    async with repl_on(tier) as repl:
        branch = await repl.fork(Host())
        await branch.run("import random; x = random.random(); print(x)")
        before = (await branch.run("print(x)")).output
        await branch.run("import os; os._exit(1)")
        assert (await branch.run("print(x)")).output == before


async def test_a_cell_that_prints_now_and_then_is_alive(tier: str) -> None:
    async with repl_on(tier, silence_seconds=1.5, cell_seconds=20) as repl:
        seen = await repl.run("import time\nfor number in range(3):\n    time.sleep(1.05)\n    print(number)")
        assert (seen.error, seen.output) == (None, "0\n1\n2\n")


async def test_threads_are_limited(tier: str) -> None:
    if tier == "s0":
        pytest.skip("s0 limits accidents only")
    async with repl_on(tier, cell_seconds=30, cpu_seconds=30) as repl:
        seen = await repl.run(
            "import threading, time\nthreading.stack_size(32768)\nthreads = []\n"
            "try:\n    for _ in range(5000):\n        thread = threading.Thread(target=time.sleep, args=(60,), daemon=True)\n"
            "        thread.start(); threads.append(thread)\n"
            "except RuntimeError as error:\n    print(error, len(threads) < 3000)"
        )
        assert seen.output == "can't start new thread True\n", seen


async def test_a_child_with_much_text_of_its_own_has_room_for_it(tier: str) -> None:
    async with sandbox_on(tier, memory_mb=256) as sandbox:
        await sandbox.open(ReplSetup(context=Context.of_text("small")), Host())
        large = Context.of_text("0123456789" * 6_000_000)
        repl = await sandbox.open(ReplSetup(context=large), Host())
        assert (await repl.run("print(len(context))")).output == "60000000\n"


@pytest.mark.parametrize("tier", ["s3"], indirect=True)
async def test_what_a_repl_wrote_is_removed_with_it(repl: ProcessRepl) -> None:
    fill = (
        "import os\nos.makedirs('a/b')\nwritten = 0\n"
        "with open('a/b/f', 'wb') as file:\n    for _ in range(40):\n        written += file.write(bytes(1 << 20))\nprint(written >> 20)"
    )
    for _ in range(4):
        other = ProcessRepl(repl._workers, repl._setup, Host())
        await other.start()
        assert (await other.run(fill)).output == "40\n"
        await other.close()


async def test_few_bytes_cannot_become_much_memory(repl: ProcessRepl) -> None:
    with pytest.raises(SandboxFailure, match="more than 1,000,000 parts"):
        await repl.run(
            "import os\nbody = b'\\x84\\xa2op\\xa4call\\xa2id\\x01\\xa8function\\xa9llm_query\\xa9arguments\\x81\\xa6prompt\\xdd'\n"
            "data = body + (8_000_000).to_bytes(4, 'big') + b'\\x80' * 8_000_000\n"
            "data = len(data).to_bytes(4, 'little') + data\n"
            "while data: data = data[os.write(3, data):]"
        )


def test_a_child_of_the_host_does_not_keep_its_sandbox_alive() -> None:
    host = (
        "import asyncio, os, time\nfrom tests.support.sandboxes import repl_on\n"
        "async def main():\n    async with repl_on('s0', cell_seconds=60) as repl:\n"
        "        child = os.fork()\n        if child == 0:\n            time.sleep(20); os._exit(0)\n"
        "        print(repl.pid, child, flush=True)\n        await repl.run('while True: pass')\nasyncio.run(main())"
    )
    root = Path(__file__).parents[4]
    process = subprocess.Popen([sys.executable, "-c", host], stdout=subprocess.PIPE, text=True, cwd=root)
    assert process.stdout is not None
    worker, child = process.stdout.readline().split()
    process.kill()
    process.wait()
    process.stdout.close()
    try:
        for _ in range(100):
            if not _is_alive(worker):
                return
            time.sleep(0.02)
        raise AssertionError("a worker lives on with a child of its host")
    finally:
        os.kill(int(child), 9)


async def test_closing_while_a_cell_runs_leaves_no_process(repl: ProcessRepl) -> None:
    running = asyncio.create_task(repl.run("while True: pass"))
    await asyncio.sleep(0.05)
    assert repl._process.link is not None
    worker = repl._process.link.worker
    running.cancel()
    await repl.close()
    await asyncio.gather(running, return_exceptions=True)
    assert worker.ended.is_set()
    for _ in range(50):  # the kernel says so a moment before it is so
        if not _is_alive(str(worker.pid)):
            return
        await asyncio.sleep(0.01)
    raise AssertionError("the process is still there")


async def test_texts_with_half_surrogates_and_many_documents_arrive_whole(tier: str) -> None:
    documents = tuple(Document(name=f"{n}.txt", text=f"text \ud800 {n} " * 50) for n in range(3000))
    async with repl_on(tier, Context(documents=documents)) as repl:
        seen = await repl.run("print(len(context), ascii(context[2999][:11]), context[7].name)")
        assert seen.output == "3000 'text \\ud800 2999' 7.txt\n"


async def test_a_child_shares_the_texts_of_its_run(tier: str) -> None:
    one, two = Document(name="one", text="first"), Document(name="two", text="second")
    async with sandbox_on(tier) as sandbox:
        await sandbox.open(ReplSetup(context=Context(documents=(one, two))), Host())
        child = Context(documents=(Document(name="own", text="mine \ud800"), two, one))
        repl = await sandbox.open(ReplSetup(context=child), Host())
        seen = await repl.run("print([(t.name, ascii(t)) for t in context], context[1].number)")
        assert (
            seen.output == "[('own', \"'mine \\\\ud800'\"), ('two', \"'second'\"), ('one', \"'first'\")] 1\n"
        )


async def test_a_fork_with_threads_is_rebuilt_from_the_journal(repl: ProcessRepl) -> None:
    host = repl._host
    assert isinstance(host, Host)
    await repl.run("x = llm_query('ask once')")
    await repl.run(
        "import threading, time; threading.Thread(target=time.sleep, args=(5,), daemon=True).start()"
    )
    branch = await repl.fork(Host())
    assert (await branch.run("print(x)")).output == "reply\n"
    assert len(host.asked) == 1


async def test_a_fork_while_a_cell_runs_is_refused(repl: ProcessRepl) -> None:
    running = asyncio.create_task(repl.run("llm_query('slow')"))
    await asyncio.sleep(0.05)
    with pytest.raises(SandboxFailure, match="between two cells"):
        await repl.fork(Host())
    await running


async def test_a_branch_of_a_branch_of_a_branch(repl: ProcessRepl) -> None:
    await repl.run("x = 0")
    branch = repl
    for depth in range(1, 6):
        branch = await branch.fork(Host())
        await branch.run("x += 1")
        assert (await branch.run("print(x)")).output == f"{depth}\n"
    assert (await repl.run("print(x)")).output == "0\n"


@pytest.mark.parametrize("tier", ["s3", "s0"], indirect=True)
async def test_files_of_a_branch_are_its_own(repl: ProcessRepl) -> None:
    await repl.run("open('f', 'w').write('before')")
    branch = await repl.fork(Host())
    await repl.run("open('f', 'w').write('after')")
    assert (await branch.run("print(open('f').read())")).output == "before\n"
    await branch.run("open('g', 'w').write('branch')")
    assert (await repl.run("import os; print(os.path.exists('g'))")).output == "False\n"


@pytest.mark.parametrize("tier", ["s3"], indirect=True)
async def test_a_read_only_branch_reads_and_changes_nothing(repl: ProcessRepl) -> None:
    await repl.run("open('f', 'w').write('before')")
    branch = await repl.fork(Host(), read_only=True)
    seen = await branch.run("print(open('f').read())\nopen('f', 'w')")
    assert seen.output == "before\n"
    assert seen.error is not None
    assert "PermissionError" in seen.error


async def test_random_numbers_of_branches_differ(repl: ProcessRepl) -> None:
    one, two = await repl.fork(Host()), await repl.fork(Host())
    cell = "import random; print(random.random())"
    assert (await one.run(cell)).output != (await two.run(cell)).output


async def test_a_thread_that_outlives_its_cell_is_refused(repl: ProcessRepl) -> None:
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


async def test_a_tier_that_cannot_start_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harlm.sandbox.process.zygote.sys.executable", "/nowhere/python")
    monkeypatch.setattr("harlm.sandbox.process.zygote.HostZygote._current", {})
    sandbox = ProcessSandbox("s0", SandboxSettings())
    with pytest.raises(SandboxFailure, match="the sandbox cannot be started"):
        await sandbox.open(ReplSetup(context=Context.of_text("x")), Host())
    await sandbox.close()


async def test_a_zygote_that_dies_at_once_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harlm.sandbox.process.zygote._BOOT", "raise SystemExit(1)")
    monkeypatch.setattr("harlm.sandbox.process.zygote.HostZygote._current", {})
    sandbox = ProcessSandbox("s0", SandboxSettings())
    with pytest.raises(SandboxFailure, match=r"did not start|cannot be started"):
        await sandbox.open(ReplSetup(context=Context.of_text("x")), Host())
    await sandbox.close()


async def test_the_interpreter_of_this_process_is_replaced_when_it_dies() -> None:
    async with repl_on("s0"):
        ours = HostZygote.current()
        ours._process.kill()
        ours._process.wait()
    async with repl_on("s0") as repl:
        assert (await repl.run("print(1)")).output == "1\n"


async def test_a_run_whose_zygote_dies_fails_and_leaves_nothing(tier: str) -> None:
    async with sandbox_on(tier) as sandbox:
        repl = await sandbox.open(ReplSetup(context=Context.of_text("x")), Host())
        assert repl._process.link is not None
        worker = repl._process.link.worker
        assert sandbox._workers._zygote is not None
        assert sandbox._workers._zygote._talk.sender is not None
        os.kill(sandbox._workers._zygote._talk.sender, 9)
        async with asyncio.timeout(5):
            await worker.ended.wait()
        with pytest.raises(SandboxFailure, match="interpreter is gone"):
            await repl.run("print(1)")


def _is_there(path: str) -> bool:
    return Path(path).exists()


def _is_alive(pid: str) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


async def test_random_is_seeded() -> None:
    outputs = []
    for _ in range(2):
        async with sandbox_on("s0") as sandbox:
            repl = await sandbox.open(ReplSetup(context=Context.of_text("x"), seed=5), Host())
            outputs.append((await repl.run("import random; print(random.random(), {'a', 'b', 'c'})")).output)
    assert outputs[0] == outputs[1]


def test_frames_have_names_and_shapes() -> None:
    assert frames.Call(id=1, function="x", arguments={}).__struct_config__.tag == "call"
    assert os.name == "posix"


async def test_installed_packages_can_be_imported(repl: ProcessRepl) -> None:
    seen = await repl.run("import msgspec, sqlite3, ssl, decimal; print(msgspec.json.encode([1]))")
    if "No module named 'msgspec'" in str(seen.error) and os.geteuid() == 0:
        pytest.skip("the cells of this tier run another Python")
    assert seen.output == "b'[1]'\n", seen.error


async def test_numpy_works_with_one_thread(repl: ProcessRepl) -> None:
    if importlib.util.find_spec("numpy") is None:
        pytest.skip("numpy is not installed here")
    seen = await repl.run("import numpy as np; a = np.ones((300, 300)); print((a @ a).sum())")
    assert seen.output == "27000000.0\n", seen.error
    branch = await repl.fork(Host())
    assert (await branch.run("print((a @ a).sum())")).output == "27000000.0\n"
