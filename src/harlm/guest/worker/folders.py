"""Removing a folder that hostile code has filled. Knows no depth: what lies deep is moved up before it is removed, so that
neither a path nor a stack can grow too long. Follows no links.
"""

from __future__ import annotations

import os
from contextlib import suppress


def remove(folder: str) -> None:
    """Remove ``folder`` and all that is in it, as far as that is allowed."""
    moved = 0
    waiting = [folder]
    while waiting:
        here = waiting.pop()
        with suppress(OSError), os.scandir(here) as entries:
            for entry in entries:
                with suppress(OSError):
                    if entry.is_dir(follow_symlinks=False):
                        up = f"{folder}.{moved}"
                        os.rename(entry.path, up)
                        moved += 1
                        waiting.append(up)
                    else:
                        os.unlink(entry.path)
        with suppress(OSError):
            os.rmdir(here)
