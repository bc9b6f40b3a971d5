"""REPLs for tests, on every tier that this machine can build."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from harlm.config import SandboxSettings
from harlm.protocols import ReplHost, ReplSetup
from harlm.sandbox.process.repl import ProcessRepl
from harlm.sandbox.process.sandbox import ProcessSandbox
from harlm.sandbox.process.zygote import HostZygote
from harlm.sandbox.tiers import find
from harlm.types import Context

TIERS = ("s3", "s2", "s1", "s0")
FUNCTIONS = ("llm_query", "llm_query_batched", "rlm_query", "rlm_query_batched", "budget")


class Host:
    """Answers every call with ``reply``; the prompt ``slow`` takes ``seconds``."""

    def __init__(self, seconds: float = 0.6) -> None:
        self.seconds = seconds
        self.asked: list[tuple[str, Mapping[str, object]]] = []

    async def call(self, function: str, arguments: Mapping[str, object]) -> object:
        self.asked.append((function, arguments))
        if arguments.get("prompt") == "slow":
            await asyncio.sleep(self.seconds)
        return "reply"


async def skip_unless_built(tier: str) -> None:
    """Skip a test, with the reason, if this machine cannot build ``tier``."""
    found = await find(tier)
    if not found.is_built:
        pytest.skip(f"tier {tier} cannot be built here: {found.why_not}")


@asynccontextmanager
async def sandbox_on(tier: str, **limits: float) -> AsyncIterator[ProcessSandbox]:
    """A sandbox, which is closed with all its REPLs at the end of the block."""
    await skip_unless_built(tier)
    sandbox = ProcessSandbox(tier, SandboxSettings(**limits))  # type: ignore[arg-type] # numbers only
    try:
        yield sandbox
    finally:
        await sandbox.close()


@asynccontextmanager
async def repl_on(
    tier: str, context: Context | str = "x", host: ReplHost | None = None, **limits: float
) -> AsyncIterator[ProcessRepl]:
    """A REPL over a text or a context, in a sandbox of its own."""
    whole = Context.of_text(context) if isinstance(context, str) else context
    async with sandbox_on(tier, **limits) as sandbox:
        yield await sandbox.open(ReplSetup(context=whole, functions=FUNCTIONS), host or Host())


@contextmanager
def interpreter_for(tier: str) -> Iterator[None]:
    """Tier ``s1`` runs cells as another user, who must be able to read the interpreter. For root, whose
    interpreter may lie in a private folder, the system's Python runs the cells during the block: a worker
    needs only the standard library.
    """
    system = Path("/usr/bin/python3")
    if tier != "s1" or os.geteuid() != 0 or not _is_recent(system):
        yield
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("harlm.sandbox.process.zygote.sys.executable", str(system))
        patch.setattr(HostZygote, "_current", {})
        patch.setattr("harlm.sandbox.tiers._found", {})
        try:
            yield
        finally:
            for zygote in HostZygote._current.values():
                zygote.close()


def _is_recent(python: Path) -> bool:
    if not python.exists():
        return False
    ran = subprocess.run(
        [python, "-c", "import sys; print(sys.version_info >= (3, 11))"], capture_output=True
    )
    return ran.stdout.strip() == b"True"
