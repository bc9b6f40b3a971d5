"""One REPL process, over frames that a test sends as the host does."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from harlm import guest
from harlm.guest.vocabulary import GIVEN
from harlm.guest.worker.interrupts import INTERRUPTS, CellInterrupted
from tests.support.guest_processes import Peer, printed, process

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="REPLs are forked from a warm process on Linux only"
)

GUEST = Path(guest.__path__[0])

SERVE = """
from harlm.guest.worker import repl
from harlm.guest.worker.channel import Channel
from harlm.guest.worker.context import Library
library = Library()
for name, text in (("a", "alpha"), ("b", "beta")):
    library.add(name, True, text)
repl.settle(wire, 1, None)
repl.serve(Channel(repl.WIRE), library, tier="s0", folder=None, own_texts=None)
print("ended")
"""


def setup(**changed: Any) -> dict[str, Any]:
    return {
        "op": "setup", "texts": None, "functions": list(GIVEN), "tools": [], "shape": "documents", "seed": 1, "head": 1_000,
        "tail": 1_000, "largest_frame": 100_000, "folder": None, **changed,
    }  # fmt: skip


@contextmanager
def repl(**changed: Any) -> Iterator[Peer]:
    with process(SERVE) as (host, _):
        host.send(setup(**changed))
        assert host.receive() == {"op": "ready"}
        yield host


def run(host: Peer, code: str) -> dict[str, Any]:
    host.send({"op": "execute", "cell": "c", "code": code, "ahead": ""})
    return host.receive()


def test_cells_run_one_after_another_and_report_their_id() -> None:
    with repl() as host:
        assert run(host, "x = len(context)")["names"] == [["x", "int 2"]]
        done = run(host, "print(x)")
    assert (done["op"], done["cell"], done["head"], done["error"]) == ("done", "c", "2\n", None)


def test_the_process_ends_when_the_host_is_gone() -> None:
    with process(SERVE) as (host, started):
        host.send(setup())
        host.receive()
        host.close()
        assert started.communicate()[0] == "ended\n"


def test_a_seed_decides_what_is_drawn() -> None:
    drawn = []
    for seed in (5, 5, 6):
        with repl(seed=seed) as host:
            drawn.append(run(host, "import random\nrandom.random()")["head"])
    assert drawn[0] == drawn[1] != drawn[2]


def test_a_repl_has_the_texts_that_it_was_set_up_with() -> None:
    text = {"name": "b", "has_lines": True, "size": 4, "ascii": True, "shared": 1}
    with repl(shape="text", texts=[text]) as host:
        assert run(host, "print(context, context.name, context.number)")["head"] == "beta b 0\n"


def test_cells_start_in_their_folder(tmp_path: Path) -> None:
    with repl(folder=str(tmp_path)) as host:
        done = run(host, "import os, tempfile\nprint(os.getcwd(), os.environ['HOME'], tempfile.gettempdir())")
    assert done["head"].split() == [str(tmp_path)] * 3


def test_an_answer_that_is_too_large_is_an_error_of_the_cell_and_the_repl_lives_on() -> None:
    with repl() as host:
        done = run(host, "x = 1\nFINAL('x' * 200_000)")
        assert done["final"] is None
        assert done["error"].startswith("The value that the cell finished with cannot be sent: 200,")
        assert "at most 100,000 can be sent" in done["error"]
        assert run(host, "x")["head"] == "1\n"


def test_a_call_of_a_cell_goes_to_the_host_and_back() -> None:
    with repl() as host:
        host.send({"op": "execute", "cell": "c", "code": "print(llm_query('a'))", "ahead": ""})
        call = host.receive()
        assert (call["function"], call["arguments"]) == ("llm_query", {"prompt": "a", "model": None})
        host.send({"op": "reply", "id": call["id"], "value": "reply"})
        assert host.receive()["head"] == "reply\n"


@contextmanager
def branch_of(host: Peer, *, may_write: bool = True) -> Iterator[Peer]:
    """A second REPL in the state of the first."""
    ours, theirs = socket.socketpair()
    output = os.open(os.devnull, os.O_WRONLY)
    with theirs:
        frame = {"op": "fork", "seed": 7, "folder": ".branch-1", "may_write": may_write}
        host.send(frame, [theirs.fileno(), output])
    os.close(output)
    branch = Peer(ours)
    try:
        yield branch
    finally:
        branch.close()


def test_a_branch_has_the_variables_and_changes_only_its_own(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("kept", encoding="utf-8")
    with repl(folder=str(tmp_path)) as host:
        run(host, "x = [1]")
        with branch_of(host) as branch:
            assert host.receive() == {"op": "forked"}
            assert branch.receive() == {"op": "ready"}
            code = "x.append(2)\nprint(x, open('file').read())\nopen('file', 'w').write('changed')\nNone"
            assert run(branch, code)["head"] == "[1, 2] kept\n"
            assert run(host, "print(x, open('file').read())")["head"] == "[1] kept\n"


def test_a_repl_with_a_running_thread_says_why_it_cannot_fork() -> None:
    with repl() as host:
        run(
            host,
            "import threading\nstop = threading.Event()\nthreading.Thread(target=stop.wait, daemon=True).start()",
        )
        with branch_of(host):
            assert host.receive() == {"op": "unforked", "why": "1 thread(s) of earlier cells still run"}


def test_a_process_that_a_cell_forks_ends_without_a_word_to_the_host() -> None:
    with repl() as host:
        done = run(host, "import os\nif os.fork() == 0:\n    pass\nelse:\n    os.wait()\nprint('parent')")
        assert done["head"] == "parent\n"
        assert run(host, "1")["head"] == "1\n"


def test_descriptors_are_put_in_their_places_and_all_others_are_closed() -> None:
    code = """
import os
from harlm.guest.worker import repl
pipes = [os.pipe() for _ in range(4)]
wire, output, texts = pipes[2][0], os.dup(1), pipes[0][0]
os.write(pipes[2][1], b"wire")
os.write(pipes[0][1], b"texts")
repl.settle(wire, output, texts)
print(os.read(repl.WIRE, 9), os.read(repl.TEXTS, 9), sorted(map(int, os.listdir("/proc/self/fd")))[:-1])
"""
    assert printed(code) == "b'wire' b'texts' [0, 1, 2, 3, 4]\n"


def test_a_rehearsal_prints_nothing_and_leaves_no_lines_behind() -> None:
    code = (
        "import linecache\nfrom harlm.guest.worker import repl\nrepl.rehearse()\nprint(len(linecache.cache))"
    )
    assert printed(code) == "0\n"


def test_handlers_and_names_that_kept_a_stream_print_into_every_later_cell() -> None:
    with repl(largest_frame=1 << 20) as host:
        kept = "import logging, sys\nlogging.basicConfig(level=logging.INFO)\nout = sys.stdout\n"
        own = "log = logging.getLogger('own')\nlog.addHandler(logging.StreamHandler(out))\nlog.propagate = False"
        assert run(host, kept + own)["error"] is None
        for number in range(100):
            done = run(host, f"logging.info({number})\nprint('kept', {number}, file=out)\nlog.warning('own')")
            assert (done["head"], done["error"]) == (f"INFO:root:{number}\nkept {number}\nown\n", None)


def test_what_a_thread_prints_while_no_cell_runs_is_shown_with_the_next_one() -> None:
    late = """
import sys, threading, time
def late():
    go.wait()
    time.sleep(0.05)  # the cell has ended by then
    print('late'); sys.stderr.write('and later\\n'); sys.__stdout__.write('at last\\n')
go = threading.Event()
thread = threading.Thread(target=late); thread.start()
go.set()
print('started')"""
    with repl() as host:
        assert run(host, late)["head"] == "started\n"
        done = run(host, "thread.join()\nprint('joined')")
        assert done["head"] == "late\nand later\nat last\njoined\n"
        assert run(host, "1")["head"] == "1\n"


def test_a_flood_between_cells_neither_blocks_nor_counts_for_a_cell() -> None:
    with repl() as host:
        flood = (
            "import threading, time\n"
            "def flood():\n"
            "    time.sleep(0.05)  # the cell has ended by then\n"
            "    for _ in range(70): print('x' * (1 << 20))\n"
        )
        run(host, flood + "thread = threading.Thread(target=flood); thread.start()")
        done = run(host, "thread.join()\nprint('fine')")
        assert done["error"] is None
        assert done["tail"].endswith("fine\n")


@contextmanager
def stopped_at(kind: int, code: str) -> Iterator[Peer]:
    """A REPL in which a cell was interrupted that had called ``llm_query`` to say that it runs."""
    with process(SERVE) as (host, started):
        host.send(setup())
        host.receive()
        run(
            host,
            "import asyncio\nseen = []\nqueue = asyncio.Queue()\nlock = asyncio.Lock()\nawait lock.acquire()",
        )
        host.send({"op": "execute", "cell": "c", "code": code, "ahead": ""})
        call = host.receive()
        host.send({"op": "reply", "id": call["id"], "value": ""})
        stop(started, kind)
        yield host


def stop(started: subprocess.Popen[str], kind: int) -> None:
    started.send_signal(kind)


CALL = "asyncio.get_running_loop().call_soon(llm_query, 'runs')\n"
"""Calls once the cell awaits."""

WAIT = "try:\n    await asyncio.Event().wait()\nfinally:\n    await asyncio.sleep(0)\n    seen.append(1)"
CELLS = {
    "waiting": CALL + WAIT,
    "spinning": "llm_query('runs')\nwhile True: await asyncio.sleep(0)",
    "computing": "async def f():\n    llm_query('runs')\n    while True: pass\nawait f()",
    "aside": "async def f():\n    llm_query('runs')\n    while True: pass\nt = asyncio.create_task(f())\n"
    + WAIT,
    "gathering": "async def f():\n    llm_query('runs')\n    while True: pass\nawait asyncio.gather(f(), asyncio.sleep(99))",
    "in a group": "async with asyncio.TaskGroup() as g:\n    g.create_task(asyncio.sleep(99))\n    llm_query('runs')",
    "in a loop of its own": "async def f():\n    llm_query('runs')\n    await asyncio.sleep(99)\nasyncio.run(f())",
    "aside in a loop of its own": (
        "async def f():\n    llm_query('runs')\n    while True: pass\n"
        "async def g():\n    t = asyncio.create_task(f())\n    await asyncio.sleep(99)\nasyncio.run(g())"
    ),
}


@pytest.mark.parametrize("name", CELLS)
def test_an_interrupt_ends_a_cell_that_awaits_and_leaves_the_loop_usable(name: str) -> None:
    with stopped_at(signal.SIGUSR1, CELLS[name]) as host:
        done = host.receive()
        assert "CellTimeout: the cell used up its time" in done["error"]
        assert "harlm" not in done["error"]
        assert run(
            host, "lock.release(); queue.put_nowait('kept')\nasync with lock: print(await queue.get())"
        )["head"] == ("kept\n")
        if name in ("waiting", "aside"):
            assert run(host, "seen")["head"] == "[1]\n"
        run(
            host, "import gc; gc.collect()"
        )  # asyncio reports a task that nothing awaited once it is collected
        assert run(host, "await asyncio.to_thread(str, 5)")["head"] == "5\n"


@pytest.mark.parametrize(("number", "kind"), INTERRUPTS.items())
def test_every_interrupt_names_its_reason_and_the_line_that_awaited(
    number: int, kind: type[CellInterrupted]
) -> None:
    with stopped_at(number, CALL + WAIT) as host:
        error = host.receive()["error"]
        assert f"\n{kind.__name__}: " in error
        assert "await asyncio.Event().wait()" in error


def test_an_interrupt_is_reported_even_if_the_cell_catches_the_cancellation() -> None:
    code = CALL + "try:\n    await asyncio.sleep(99)\nexcept asyncio.CancelledError:\n    print('caught')"
    with stopped_at(signal.SIGUSR1, code) as host:
        done = host.receive()
        assert (done["head"], "CellTimeout" in done["error"]) == ("caught\n", True)


def test_an_answer_that_hangs_while_it_is_drawn_is_interrupted_and_the_repl_lives_on() -> None:
    code = "def endless():\n    llm_query('runs')\n    while True: pass\n    yield 1\nx = 1\nFINAL(endless())"
    with stopped_at(signal.SIGUSR1, code) as host:
        done = host.receive()
        assert done["final"] is None
        assert done["error"].startswith("The value that the cell finished with cannot be sent: ")
        assert done["error"].endswith(
            "CellTimeout: the cell used up its time (waiting for calls is not counted)"
        )
        assert run(host, "x")["head"] == "1\n"


def test_a_branch_has_the_tasks_of_the_loop_and_each_goes_its_own_way() -> None:
    with repl() as host:
        run(
            host,
            "import asyncio\nqueue, lock = asyncio.Queue(), asyncio.Lock()\nwaiting = asyncio.create_task(queue.get())\n"
            "await asyncio.to_thread(str, 1)",
        )
        with branch_of(host) as branch:
            assert host.receive() == {"op": "forked"}
            assert branch.receive() == {"op": "ready"}
            code = "queue.put_nowait({!r})\nasync with lock: print(await waiting, await asyncio.to_thread(str, 1))"
            for each, name in ((branch, "branch"), (host, "first")):
                assert run(each, code.format(name))["head"] == f"{name} 1\n"
            assert run(branch, "print('own output')")["head"] == "own output\n"


def test_a_repl_that_has_awaited_in_threads_can_still_fork() -> None:
    with repl() as host:
        run(host, "import asyncio\nawait asyncio.gather(*(asyncio.to_thread(str, n) for n in range(40)))")
        with branch_of(host) as branch:
            assert host.receive() == {"op": "forked"}
            assert branch.receive() == {"op": "ready"}


def test_a_repl_with_tasks_that_never_ended_closes_without_a_word() -> None:
    with process(SERVE) as (host, started):
        host.send(setup())
        host.receive()
        code = "import asyncio, logging\nasync def f(): await asyncio.Event().wait()\nt = asyncio.create_task(f())\nawait asyncio.sleep(0)"
        assert run(host, code)["error"] is None
        assert run(host, "async def g(): 1 / 0\nu = asyncio.create_task(g())")["error"] is None
        host.close()
        assert started.communicate()[0] == "ended\n"


def test_starting_and_a_plain_cell_import_nothing_that_takes_long() -> None:
    code = """
import sys
from harlm.guest.worker import repl, session
from harlm.guest.worker.context import Library
library = Library()
library.add("a", True, "alpha")
made = session.Session(
    library, shape="text", functions=[], call=lambda *_: "", call_many=lambda *_: [], head=100, tail=100
)
heavy = {"asyncio", "logging", "inspect", "dataclasses", "pydoc", "concurrent.futures"}
before = set(sys.modules)  # of Python and of harlm itself, which the guest is not part of in a REPL
done = made.run("x = [1, 'a']; print(x); x")
final = made.run("FINAL({'a': (each for each in x), 'b': Exception('c')})")
print(done["error"], final["final"], sorted((set(sys.modules) - before) & heavy))
"""
    assert printed(code) == "None {'value': {'a': [1, 'a'], 'b': 'c'}} []\n"
    boot = f"""
import sys, types
guest = sys.modules["guest"] = types.ModuleType("guest")
guest.__path__ = [{str(GUEST)!r}]
import guest.worker.repl
print(sorted({{"asyncio", "logging", "inspect", "dataclasses", "pydoc", "concurrent"}} & set(sys.modules)))
"""
    ran = subprocess.run(
        [sys.executable, "-s", "-S", "-P", "-c", boot], capture_output=True, text=True, check=True
    )
    assert ran.stdout == "[]\n"
