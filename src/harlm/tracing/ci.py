"""Whether this process works for a build: its output is kept as a log, even if it looks like a terminal."""

from __future__ import annotations

import os

_NO = ("", "0", "false", "no", "off")


def in_ci() -> bool:
    """Whether the variable ``CI`` says so."""
    return os.environ.get("CI", "").strip().lower() not in _NO
