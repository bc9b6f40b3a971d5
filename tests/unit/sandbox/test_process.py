"""What only a real process can show: limits, crashes, floods, and what a cell cannot see."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path

import pytest

from harlm.config import Limits
from harlm.errors import SandboxFailure
from harlm.protocols import ReplSetup
from harlm.sandbox import wire
from harlm.sandbox.process import ProcessRepl, ProcessSandbox
from harlm.types import Context, Document, Observation

Run = Callable[[str], Awaitable[Observation]]


class Host:
    async def call(self, function: str, arguments: Mapping[str, object]) -> object:
        if arguments.get("prompt") == "slow":
            await asyncio.sleep(0.6)
        return "reply"


async def opened(text: str = "x", **limits: float) -> ProcessRepl:
    setup = ReplSetup(context=Context.of_text(text), functions=("llm_query", "llm_query_batched"))
    return await ProcessSandbox(Limits(**limits)).open(setup, Host())  # type: ignore[arg-type] # numbers only


@pytest.fixture
async def repl() -> AsyncIterator[ProcessRepl]:
    repl = await opened(cell_seconds=0.3)
    yield repl
    await repl.close()


async def test_an_endless_cell_is_stopped_and_its_variables_live(repl: ProcessRepl) -> None:
    await repl.run("x = 1")
    seen = await repl.run("while True:\n    try:\n        pass\n    except Exception:\n        pass")
    assert seen.error is not None
    assert "CellTimeout: the cell used up its time" in seen.error
    assert not seen.lost
    assert (await repl.run("print(x)")).output == "1\n"


async def test_a_cell_that_cannot_be_interrupted_is_killed_and_the_repl_replaced(repl: ProcessRepl) -> None:
    await repl.run("x = 1")
    seen = await repl.run("import signal; signal.signal(signal.SIGUSR1, signal.SIG_IGN)\nwhile True: pass")
    assert seen.lost
    assert seen.error is not None
    assert "could not be interrupted" in seen.error
    after = await repl.run("print(len(context)); print(x)")
    assert after.output == "1\n"
    assert after.error is not None
    assert "NameError" in after.error


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
        ("import os; os._exit(3)", "ended the interpreter"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "SIGSEGV"),
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


async def test_a_flood_of_output_ends_the_cell_and_its_length_is_true() -> None:
    repl = await opened(cell_seconds=30)
    seen = await repl.run("while True: print('x' * 1_000_000)")
    assert seen.error is not None
    assert "OutputFlood" in seen.error
    assert seen.output_chars > 64 << 20
    assert len(seen.output) < 200_000
    assert "characters left out" in seen.output
    await repl.close()


async def test_leaving_is_not_the_end(repl: ProcessRepl) -> None:
    seen = await repl.run("import sys; x = 5; sys.exit(7)")
    assert seen.error is not None
    assert "SystemExit: 7 ended the cell" in seen.error
    assert (await repl.run("print(x)")).output == "5\n"


async def test_what_programs_write_is_seen_too(repl: ProcessRepl) -> None:
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


async def test_a_cell_sees_nothing_of_this_process(
    repl: ProcessRepl, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = await repl.run("import os; print(sorted(os.environ)); print(os.listdir('/proc/self/fd'))")
    names, descriptors = seen.output.splitlines()
    assert "OPENAI" not in names
    assert "HARLM" not in names
    assert len(eval(descriptors)) <= 6


@pytest.mark.parametrize(
    "frame",
    [
        "{'op': 'done', 'cell': 'forged', 'head': '', 'tail': '', 'chars': 0, 'error': None, 'final': {'value': 'x'}, 'names': [], 'wall_s': 0.0}",
        "{'op': 'call', 'id': 1, 'function': 'rlm_query', 'arguments': {}}",
        "{'op': 'unknown'}",
        "{'op': 'call'}",
        "[1, 2]",
    ],
)
async def test_a_forged_frame_is_a_violation(repl: ProcessRepl, frame: str) -> None:
    cell = (
        "import sys\nfrom worker.msgpack import pack\nimport os\n"
        f"data = pack({frame})\nos.write(int(sys.argv[1]), len(data).to_bytes(4, 'little') + data)"
    )
    with pytest.raises(SandboxFailure):
        await repl.run(cell)


async def test_a_frame_that_announces_too_much_is_a_violation(repl: ProcessRepl) -> None:
    with pytest.raises(SandboxFailure, match="are allowed"):
        await repl.run("import os, sys; os.write(int(sys.argv[1]), b'\\xff\\xff\\xff\\xff')")


def _is_there(path: str) -> bool:
    return Path(path).exists()


def _is_alive(pid: str) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().split()[2] != "Z"


async def test_nothing_is_left_after_closing(repl: ProcessRepl) -> None:
    seen = await repl.run(
        "import os, subprocess; p = subprocess.Popen(['sleep', '60']); print(p.pid, os.getcwd())"
    )
    pid, folder = seen.output.split()
    await repl.close()
    for _ in range(100):
        if not _is_alive(pid):
            break
        await asyncio.sleep(0.02)
    else:
        raise AssertionError("a process of a cell outlived its REPL")
    assert not _is_there(folder)


async def test_cancelling_a_run_leaves_nothing(repl: ProcessRepl) -> None:
    running = asyncio.create_task(repl.run("while True: pass"))
    await asyncio.sleep(0.05)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    process = repl._process
    await repl.close()
    assert process is not None
    assert process.returncode is not None


async def test_texts_with_half_surrogates_and_many_documents_arrive_whole() -> None:
    documents = tuple(Document(name=f"{n}.txt", text=f"text \ud800 {n} " * 50) for n in range(3000))
    repl = await ProcessSandbox(Limits()).open(ReplSetup(context=Context(documents=documents)), Host())
    seen = await repl.run("print(len(context), ascii(context[2999][:11]), context[7].name)")
    assert seen.output == "3000 'text \\ud800 2999' 7.txt\n"
    await repl.close()


async def test_a_sandbox_that_cannot_start_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harlm.sandbox.process.sys.executable", "/nowhere/python")
    with pytest.raises(SandboxFailure, match="a worker process cannot be started"):
        await opened()


async def test_a_worker_that_dies_at_once_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harlm.sandbox.process._BOOT", "raise SystemExit(1)")
    with pytest.raises(SandboxFailure, match="did not come up"):
        await opened()


async def test_random_is_seeded() -> None:
    outputs = []
    for _ in range(2):
        setup = ReplSetup(context=Context.of_text("x"), seed=5)
        repl = await ProcessSandbox(Limits()).open(setup, Host())
        outputs.append((await repl.run("import random; print(random.random(), {'a', 'b', 'c'})")).output)
        await repl.close()
    assert outputs[0] == outputs[1]


def test_frames_have_names_and_shapes() -> None:
    assert wire.Call(id=1, function="x", arguments={}).__struct_config__.tag == "call"
    assert os.name == "posix"
