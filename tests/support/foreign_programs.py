"""Scripts that run with the packages of others, which live in an environment of their own: `.venv-clients`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
HOW = "packages of others are not installed here: `make clients` installs them where their wheels run"
_PATIENCE_S = 280.0  # importing some of them takes seconds, and more on a busy machine


def foreign_python() -> Path | None:
    """The Python that has them; ``None`` if they are not installed."""
    places = (Path(f"{sys.prefix}-clients"), ROOT / ".venv-clients")
    return next((place / "bin" / "python" for place in places if (place / ".clients").exists()), None)


def reported_by(script: str, *arguments: str) -> Any:
    """What a script of ``tests/flows/compat_scripts`` reports, as JSON on its last line. It finds HARLM on its path."""
    return json.loads(_ran([str(ROOT / "tests/flows/compat_scripts" / script), *arguments]).splitlines()[-1])


def printed_by(code: str) -> str:
    """What code prints."""
    return _ran(["-c", code])


def _ran(arguments: list[str]) -> str:
    python = foreign_python()
    assert python is not None, HOW
    done = subprocess.run(
        [str(python), "-W", "error::DeprecationWarning:harlm", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True, text=True, encoding="utf-8", timeout=_PATIENCE_S, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4_000:]
    return done.stdout
