"""The processes of this machine, as ``/proc`` lists them."""

from __future__ import annotations

import os
from pathlib import Path


def descendants(pid: int) -> set[int]:
    """The running processes below ``pid``: its children, their children, and so on."""
    parents: dict[int, int] = {}
    for entry in os.listdir("/proc"):  # noqa: PTH208 - only names are needed
        if entry.isdigit() and (read := _stat(int(entry))) is not None and read[0] not in "ZX":
            parents[int(entry)] = read[1]
    found: set[int] = set()
    level = {pid}
    while level := {child for child, parent in parents.items() if parent in level} - found:
        found |= level
    return found


def state(pid: int) -> str:
    """The state of a process in one letter, such as ``T`` for stopped; ``X`` if it is gone."""
    read = _stat(pid)
    return "X" if read is None else read[0]


def is_running(pid: int) -> bool:
    """Whether a process exists and has not ended."""
    return state(pid) not in "ZX"


def _stat(pid: int) -> tuple[str, int] | None:
    """The state of a process and the id of its parent; ``None`` if it is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    letter, parent = text.rpartition(")")[2].split()[:2]
    return letter, int(parent)
