"""No key of the host is in any process that runs model-written code, or in the processes that it was forked
from: not in memory, not in the environment, not in an open file. The test reads the processes from outside,
so it trusts no cell.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
from pathlib import Path

import pytest

from harlm.sandbox.process.zygote import HostZygote
from tests.support.processes import descendants
from tests.support.sandboxes import Host, interpreter_for, repl_on, skip_unless_built

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0, reason="only root may read the memory of confined processes"
)


def _memory(pid: int) -> bytes:
    found = []
    with Path(f"/proc/{pid}/maps").open() as maps, Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in maps:
            where, rights = line.split()[:2]
            start, end = (int(each, 16) for each in where.split("-"))
            if "r" in rights and not line.rstrip().endswith(("[vvar]", "[vsyscall]", "[vvar_vclock]")):
                with contextlib.suppress(OSError, ValueError):
                    memory.seek(start)
                    found.append(memory.read(end - start))
    return b"".join(found)


def _environment(pid: int) -> bytes:
    return Path(f"/proc/{pid}/environ").read_bytes()


def _behind_descriptors(pid: int) -> bytes:
    found = []
    for each in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            if each.is_file():
                found.append(each.read_bytes())
    return b"".join(found)


@pytest.mark.parametrize("tier", ["s3", "s2", "s1"])
async def test_no_key_is_found_in_any_worker(tier: str, monkeypatch: pytest.MonkeyPatch) -> None:
    key = f"sk-{secrets.token_hex(20)}"
    monkeypatch.setenv("OPENAI_API_KEY", key)
    with interpreter_for(tier):
        await skip_unless_built(tier)
        async with repl_on(tier, "a context with a needle", cell_seconds=20) as repl:
            await repl.run("x = llm_query('hello'); y = 'the needle of a cell'")
            branch = await repl.fork(Host())
            running = asyncio.create_task(repl.run("llm_query('slow')"))
            await asyncio.sleep(0.1)
            zygote = HostZygote.current()._process.pid
            run_zygote = repl._workers._zygote._talk.sender  # type: ignore[union-attr] # it is open
            looked_at = {zygote, run_zygote, repl.pid, branch.pid}
            assert None not in looked_at
            assert looked_at - {zygote} <= descendants(zygote)
            for pid in descendants(zygote) | {zygote}:
                memory = _memory(pid)
                assert len(memory) > 5_000_000, "the scan must read the whole memory"
                assert key.encode() not in memory
                assert key.encode() not in _environment(pid)
                assert key.encode() not in _behind_descriptors(pid)
            assert repl.pid is not None
            assert b"the needle of a cell" in _memory(repl.pid), "the scan must find what is in memory"
            await running
