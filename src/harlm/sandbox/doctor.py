"""What the sandbox on this machine protects from, found out by trying. Knows the tier at hand; refuses to promise what
it has not seen.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harlm.config import Limits
from harlm.errors import SandboxFailure
from harlm.protocols import ReplSetup
from harlm.sandbox.process import TIER, ProcessSandbox
from harlm.types import Context

_PROBES: Mapping[str, str] = {
    "inherited variables": "import os; print('REACHED' if 'HARLM_PROBE' in os.environ else '')",
    "the variables and keys of the process that started it": (
        "import os; open(f'/proc/{{os.getppid()}}/environ').read(); print('REACHED')"
    ),
    "endless cells": "while True: pass\nprint('REACHED')",
    "memory beyond the limit": "x = bytearray(1 << 40); print('REACHED')",
    "files of this user": "open({file}).read(); print('REACHED')",
    "writing anywhere this user may": "open({file} + '.new', 'w').write('x'); print('REACHED')",
    "network connections": "import socket; socket.socket(socket.AF_INET, socket.SOCK_STREAM); print('REACHED')",
    "starting programs": "import subprocess; subprocess.run(['true']); print('REACHED')",
    "signals to other processes of this user": "import os; os.kill({pid}, 0); print('REACHED')",
}
"""What a cell should not be able to do, and code that prints REACHED when it can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxCheck:
    """What was found out.

    Attributes:
        tier: of the sandbox that was built; None when none can be.
        error: why not.
        denied: what a cell could not do.
        reached: what it could.
    """

    tier: str | None
    error: str | None = None
    denied: tuple[str, ...] = ()
    reached: tuple[str, ...] = ()


class _NoCalls:
    async def call(self, function: str, arguments: Mapping[str, object]) -> object:
        """A probe has nothing to call."""
        raise AssertionError(f"a probe called {function}")


async def check_sandbox() -> SandboxCheck:
    """Build the sandbox that a run would use, and try to break out of it, harmlessly."""
    os.environ["HARLM_PROBE"] = "canary"
    denied: list[str] = []
    reached: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        canary = Path(folder) / "canary"
        canary.write_text("canary", encoding="utf-8")
        setup = ReplSetup(context=Context.of_text("probe"))
        try:
            repl = await ProcessSandbox(Limits(cell_seconds=0.2)).open(setup, _NoCalls())
        except SandboxFailure as error:
            return SandboxCheck(tier=None, error=str(error))
        finally:
            del os.environ["HARLM_PROBE"]
        try:
            for what, code in _PROBES.items():
                observation = await repl.run(code.format(file=repr(str(canary)), pid=os.getpid()))
                (reached if "REACHED" in observation.output else denied).append(what)
        finally:
            await repl.close()
    return SandboxCheck(tier=TIER, denied=tuple(denied), reached=tuple(reached))
