"""``python -m tests.support.as_user ARGUMENTS``: run pytest as an ordinary user. Root starts it.

In a mount namespace of its own, the folders of the interpreter, of the environment and of the repository keep
their paths, and every user can enter them.
"""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

USER = 65534
ROOT = Path(__file__).parents[2]
_NEW_MOUNTS, _PRIVATE, _BIND = 0x00020000, 0x44000, 0x5000


def _mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(source.encode(), target.encode(), kind.encode(), flags, options.encode()) != 0:
        raise OSError(ctypes.get_errno(), f"mount {target}")


def _closed_folder(path: Path) -> Path | None:
    """The first folder of the path that other users cannot enter; ``None`` if they can enter all."""
    return next((each for each in reversed((path, *path.parents)) if not each.stat().st_mode & 0o001), None)


def main() -> None:
    """Open the folders, become the user, and run pytest."""
    needed = {Path(sys.prefix).resolve(), Path(sys.base_prefix).resolve(), ROOT}
    if ctypes.CDLL(None, use_errno=True).unshare(_NEW_MOUNTS) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    _mount("none", "/", "none", _PRIVATE)
    kept = {path: os.open(path, os.O_PATH) for path in needed}
    for path in kept:
        if (closed := _closed_folder(path)) is not None:
            _mount("tmpfs", str(closed), "tmpfs", 0, "mode=0755")
            for other, handle in kept.items():
                if closed in (other, *other.parents):
                    other.mkdir(parents=True, exist_ok=True)
                    _mount(f"/proc/self/fd/{handle}", str(other), "none", _BIND)
    os.setgroups([])
    os.setresgid(USER, USER, USER)
    os.setresuid(USER, USER, USER)
    os.environ.update(HOME="/tmp", PYTHONDONTWRITEBYTECODE="1")
    os.chdir(ROOT)
    os.execv(sys.executable, [sys.executable, "-m", "pytest", "-p", "no:xdist", *sys.argv[1:]])


if __name__ == "__main__":
    main()
