"""Scripts that run with the packages of others, which live in an environment of their own: `.venv-clients`."""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any

from tests.support.clients import NO_CLIENTS, clients_python
from tests.support.started import ROOT

_PATIENCE_S = 280.0  # importing some of them takes seconds, and more on a busy machine


def reported_by(script: str, *arguments: str) -> Any:
    """What a script of ``tests/flows/compat_scripts`` reports, as JSON on its last line. It finds HARLM on its path."""
    return json.loads(_ran([str(ROOT / "tests/flows/compat_scripts" / script), *arguments]).splitlines()[-1])


def printed_by(code: str) -> str:
    """What code prints."""
    return _ran(["-c", code])


def _ran(arguments: list[str]) -> str:
    python = clients_python()
    assert python is not None, NO_CLIENTS
    done = subprocess.run(
        [str(python), "-W", "error::DeprecationWarning:harlm", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True, text=True, encoding="utf-8", timeout=_PATIENCE_S, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4_000:]
    return done.stdout
