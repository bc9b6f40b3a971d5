"""Opening and closing sandboxes."""

from __future__ import annotations

import asyncio

import pytest

from harlm.errors import SandboxFailure
from harlm.protocols import ReplSetup
from harlm.sandbox.process.repl import ProcessRepl
from harlm.types import Context
from tests.support.sandboxes import Host, sandbox_on


async def test_closing_the_sandbox_ends_repls_that_are_being_opened(tier: str) -> None:
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
