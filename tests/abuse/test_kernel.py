"""What the kernel holds for a REPL that no limit of the REPL counts, seen from outside; and which process the kernel
kills first.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from harlm.sandbox.process.repl import ProcessRepl
from harlm.sandbox.process.zygote import HostZygote
from tests.support.processes import descendants
from tests.support.sandboxes import TIERS, Host, interpreter_for, repl_on, skip_unless_built

CONFINED = ("s3", "s2", "s1")

LOCKS = """
import fcntl, os, struct
try:
    file, kind = os.open("locked", os.O_RDWR | os.O_CREAT), fcntl.F_WRLCK
except OSError:
    file, kind = os.open(os.__file__, os.O_RDONLY), fcntl.F_RDLCK
for number in range(1000):
    fcntl.fcntl(file, fcntl.F_SETLK, struct.pack("hhqqi4x", kind, 0, 2 * number, 1, 0))
    fcntl.fcntl(file, fcntl.F_SETLKW, struct.pack("hhqqi4x", kind, 0, 2 * number, 1, 0))
print("done")
"""

DATABASE = """
import sqlite3
for mode in ("delete", "wal"):
    one, other = sqlite3.connect("kept.db"), sqlite3.connect("kept.db")
    one.execute(f"pragma journal_mode = {mode}")
    one.execute("create table if not exists t (n)")
    one.execute("insert into t values (1)")
    one.commit()
    print(other.execute("select count(*) from t").fetchone()[0])
"""

EVENT_LOOP = """
import asyncio, socket
async def both():
    ours, theirs = socket.socketpair()
    reader, writer = await asyncio.open_connection(sock=ours)
    writer.write(b"asked")
    theirs.sendall(theirs.recv(5) + b" and answered\\n")
    return (await reader.readline()).decode(), await asyncio.to_thread(sum, [1, 2])
print(*asyncio.run(both()))
"""


def _adjustment(pid: int | None) -> int:
    return int(Path(f"/proc/{pid}/oom_score_adj").read_text(encoding="ascii"))


def _locks(pid: int | None) -> int:
    return sum(line.split()[4] == str(pid) for line in Path("/proc/locks").read_text("ascii").splitlines())


async def _printed(repl: ProcessRepl, cell: str) -> str:
    seen = await repl.run(cell)
    assert seen.error is None, seen.error
    return seen.output


@pytest.mark.parametrize("tier", CONFINED)
async def test_a_lock_of_a_cell_costs_the_kernel_nothing(tier: str) -> None:
    """F19."""
    with interpreter_for(tier):
        async with repl_on(tier) as repl:
            assert await _printed(repl, LOCKS) == "done\n"
            assert _locks(repl.pid) == 0


async def test_the_count_of_locks_sees_those_of_an_open_tier() -> None:
    async with repl_on("s0") as repl:
        assert await _printed(repl, LOCKS) == "done\n"
        assert _locks(repl.pid) >= 1000


async def test_a_database_in_the_folder_of_a_repl_works_without_locks() -> None:
    async with repl_on("s3") as repl:
        assert await _printed(repl, DATABASE) == "1\n2\n"


@pytest.mark.parametrize("tier", CONFINED)
async def test_an_event_loop_works_without_epoll(tier: str) -> None:
    with interpreter_for(tier):
        async with repl_on(tier) as repl:
            assert await _printed(repl, EVENT_LOOP) == "asked and answered\n 3\n"


@pytest.mark.parametrize("tier", TIERS)
async def test_the_kernel_kills_processes_of_the_sandbox_first(tier: str) -> None:
    """F28."""
    with interpreter_for(tier):
        await skip_unless_built(tier)
        async with repl_on(tier) as repl:
            branch = await repl.fork(Host())
            sandbox = descendants(HostZygote.current()._process.pid) | {HostZygote.current()._process.pid}
            assert {repl.pid, branch.pid} <= sandbox
            assert {_adjustment(pid) for pid in sandbox} == {1000}
