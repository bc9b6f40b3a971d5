"""Running the command line as a user does: as a process."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


def harlm(
    *arguments: str | Path,
    stdin: bytes | None = None,
    environment: dict[str, str] | None = None,
    timeout: float = 60,
) -> Ran:
    """``harlm ARGUMENTS`` in the current folder, with the environment of the test."""
    done = subprocess.run(
        [sys.executable, "-m", "harlm", *map(str, arguments)],
        input=b"" if stdin is None else stdin,
        capture_output=True,
        env={**os.environ, **(environment or {})},
        timeout=timeout,
        check=False,
    )
    return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())
