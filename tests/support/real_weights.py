"""Weights of real models that this machine happens to have; tests never download any."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

from harlm.models.local.known import KNOWN

_FOLDERS = [
    Path(each)
    for each in (
        os.environ.get("WEIGHTS", ""),
        f"{os.environ['HARLM_HOME']}/models" if os.environ.get("HARLM_HOME") else "",
        str(platformdirs.user_state_path("harlm", appauthor=False) / "models"),
    )
    if each
]
"""Read before a test gets a home of its own."""


def real_weights(name: str) -> Path | None:
    """The file of a known model, from the folder ``WEIGHTS`` or the one that ``harlm local fetch`` fills; else ``None``."""
    known = KNOWN[name]
    files = (folder / known.file for folder in _FOLDERS)
    return next((each for each in files if each.is_file() and each.stat().st_size == known.size), None)


def how_to_get(name: str) -> str:
    """Why a test is skipped, and what makes it run."""
    return (
        f"the weights are not here: `harlm local fetch {name}` downloads them, or WEIGHTS names their folder"
    )
