"""Frames over a real socket."""

from __future__ import annotations

import pytest

from harlm.errors import SandboxFailure
from harlm.sandbox.process.repl import ProcessRepl


async def test_a_frame_that_announces_too_many_bytes_is_a_violation(repl: ProcessRepl) -> None:
    with pytest.raises(SandboxFailure, match="are allowed"):
        await repl.run("import os; os.write(3, b'\\xff\\xff\\xff\\xff')")
