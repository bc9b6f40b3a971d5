"""Removes a folder that hostile code may have filled. Works at any depth: a folder inside is moved up before
it is emptied, so that neither paths nor the stack grow too long. Does not follow links.
"""

from __future__ import annotations

import os
from contextlib import suppress


def remove(folder: str) -> None:
    """Remove ``folder`` and everything in it that may be removed. A folder that does not exist is not an
    error.
    """
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
