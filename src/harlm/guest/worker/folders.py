"""Removes a folder that hostile code may have filled. Works at any depth: a folder inside is moved up before
it is emptied, so that neither paths nor the stack grow too long. Does not follow links.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress


def remove(folder: str, *, within: int | None = None) -> None:
    """Remove ``folder`` and everything in it that may be removed. A folder that does not exist is not an
    error.

    Args:
        folder: its path.
        within: the descriptor of the folder that the path starts from; ``None`` for the current one.
    """
    moved = 0
    waiting = [folder]
    while waiting:
        here = waiting.pop()
        with suppress(OSError):
            opened = _opened(here, within)
            try:
                with os.scandir(opened) as entries:
                    for entry in entries:
                        with suppress(OSError):
                            if entry.is_dir(follow_symlinks=False):
                                up = f"{folder}.{moved}"
                                os.chmod(entry.name, 0o700, dir_fd=opened)  # or it could not be moved
                                os.rename(entry.name, up, src_dir_fd=opened, dst_dir_fd=within)
                                moved += 1
                                waiting.append(up)
                            else:
                                os.unlink(entry.name, dir_fd=opened)
            finally:
                os.close(opened)
        with suppress(OSError):
            os.rmdir(here, dir_fd=within)


def _opened(folder: str, within: int | None) -> int:
    """A descriptor of a folder, which is not a link."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        return os.open(folder, flags, dir_fd=within)
    except PermissionError:
        if not stat.S_ISDIR(os.lstat(folder, dir_fd=within).st_mode):
            raise
        os.chmod(folder, 0o700, dir_fd=within)
        return os.open(folder, flags, dir_fd=within)
