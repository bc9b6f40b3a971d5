"""Zygotes: their life, their failures, and the environment that they give to cells."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import socket

import pytest

from harlm.config import SandboxSettings
from harlm.errors import SandboxFailure
from harlm.protocols import ReplSetup
from harlm.sandbox.process.repl import ProcessRepl
from harlm.sandbox.process.sandbox import ProcessSandbox
from harlm.sandbox.process.zygote import HostZygote, RunZygote
from harlm.sandbox.process.zygote_socket import ZygoteSocket, frame_of
from harlm.types import Context
from tests.support.processes import descendants
from tests.support.sandboxes import Host, repl_on, sandbox_on


async def test_a_cell_sees_no_variables_and_no_descriptors_of_the_host(repl: ProcessRepl) -> None:
    seen = await repl.run(
        "import os; print(sorted(os.environ))\n"
        "def is_open(d):\n    try:\n        os.fstat(d)\n        return True\n    except OSError:\n        return False\n"
        "print([d for d in range(256) if is_open(d)])"
    )
    names, descriptors = seen.output.splitlines()
    assert "OPENAI" not in names
    assert "HARLM" not in names
    assert descriptors == "[0, 1, 2, 3]"


async def test_each_opened_repl_costs_one_process(tier: str) -> None:
    async with sandbox_on(tier) as sandbox:
        setup = ReplSetup(context=Context.of_text("x"))
        for number in range(60):
            repl = await sandbox.open(setup, Host())
            assert (await repl.run(f"print({number})")).output == f"{number}\n"
            await repl.close()
        assert sandbox._workers._zygote is not None
        assert sandbox._workers._zygote._talk.sender is not None
        await asyncio.sleep(0.1)
        assert len(descendants(sandbox._workers._zygote._talk.sender)) <= 1, "only the spare process"


async def test_an_interpreter_that_cannot_be_started_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harlm.sandbox.process.zygote.sys.executable", "/nowhere/python")
    monkeypatch.setattr("harlm.sandbox.process.zygote.HostZygote._current", {})
    sandbox = ProcessSandbox("s0", SandboxSettings())
    with pytest.raises(SandboxFailure, match="the sandbox cannot be started"):
        await sandbox.open(ReplSetup(context=Context.of_text("x")), Host())
    await sandbox.close()


async def test_a_zygote_that_ends_at_once_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harlm.sandbox.process.zygote._BOOT", "raise SystemExit(1)")
    monkeypatch.setattr("harlm.sandbox.process.zygote.HostZygote._current", {})
    sandbox = ProcessSandbox("s0", SandboxSettings())
    with pytest.raises(SandboxFailure, match=r"did not start|cannot be started"):
        await sandbox.open(ReplSetup(context=Context.of_text("x")), Host())
    await sandbox.close()


async def test_the_host_zygote_is_replaced_when_it_dies() -> None:
    async with repl_on("s0"):
        ours = HostZygote.current()
        ours._process.kill()
        ours._process.wait()
    async with repl_on("s0") as repl:
        assert (await repl.run("print(1)")).output == "1\n"


async def test_a_run_whose_zygote_dies_fails_and_leaves_no_worker(tier: str) -> None:
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


async def test_rules_whose_descriptor_the_kernel_dropped_fail_at_once() -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        zygote = RunZygote(ZygoteSocket(ours))
        listening = asyncio.create_task(zygote._listen())
        making = asyncio.create_task(zygote.rules("folder", may_write=False))
        await asyncio.to_thread(theirs.recv, 1)  # it has asked
        theirs.sendall(frame_of({"op": "made", "id": 1}))
        with pytest.raises(SandboxFailure, match="the kernel had to drop their descriptor"):
            await asyncio.wait_for(making, 10)
        zygote.end()
    listening.cancel()
    await asyncio.wait([listening])
