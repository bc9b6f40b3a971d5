"""Isolates a run in its own namespaces: no other processes, no network, no IPC, and a root folder that holds
only Python.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterable, Mapping

from .kernel import KernelRefused, syscall

WORK = "/w"
"""The folder that cells may write to: 64 MB in 4,096 files, in memory, shared by all REPLs of a run."""

_WORK_SIZE = "size=64m,nr_inodes=4096"
_DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")
_NEW_MOUNTS, _NEW_CGROUPS, _NEW_NAMES, _NEW_IPC = 0x00020000, 0x02000000, 0x04000000, 0x08000000
_NEW_USERS, _NEW_PROCESSES, _NEW_NETWORK = 0x10000000, 0x20000000, 0x40000000
_WORLD = _NEW_MOUNTS | _NEW_CGROUPS | _NEW_NAMES | _NEW_IPC | _NEW_PROCESSES | _NEW_NETWORK
_AT_CWD = -100
_RECURSIVE, _EMPTY_PATH, _CLONE = 0x8000, 0x1000, 1
_NO_SUID, _NO_DEVICES = 2, 4
_READ_ONLY_ATTRIBUTES = 1 | 2 | 4  # MOUNT_ATTR_RDONLY, NOSUID, NODEV
_PRIVATE = 1 << 18 | 0x4000  # MS_PRIVATE | MS_REC
_DETACH = 2


def leave_the_world() -> None:
    """Move this process into new namespaces, and the processes that it will start into a new process tree. An
    ordinary user does that as the owner of a new user namespace; root needs none.

    Raises:
        KernelRefused: not allowed here (Docker's default profile, Ubuntu's AppArmor, a sysctl), or not in
            this kernel.
    """
    user, group = os.geteuid(), os.getegid()
    syscall("namespaces", "unshare", _WORLD if user == 0 else _WORLD | _NEW_USERS)
    if user != 0:
        for file, text in (
            ("setgroups", "deny"),
            ("uid_map", f"{user} {user} 1"),
            ("gid_map", f"{group} {group} 1"),
        ):
            _write(f"/proc/self/{file}", text)


def _write(path: str, text: str) -> None:
    try:
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
    except OSError as error:
        raise KernelRefused(f"user namespace ({path})", error.errno or 0) from error


def build_root(*, folders: Iterable[str], links: Mapping[str, str], owner: int) -> None:
    """Replace the root folder by one that holds only ``folders`` (read-only, at the same paths), a few
    devices and ``WORK``.

    Args:
        folders: files and folders to keep; none may be below another.
        links: symbolic links to make, as path to target.
        owner: the id of the user who owns ``WORK``.

    Raises:
        KernelRefused: not allowed here.
    """
    kept = {path: _take(path) for path in (*folders, *filter(os.path.exists, _DEVICES))}
    syscall("private mounts", "mount", None, b"/", None, _PRIVATE, None)
    base = b"/tmp"
    syscall("new root", "mount", b"tmpfs", base, b"tmpfs", _NO_SUID | _NO_DEVICES, b"size=1m,mode=0755")
    os.chdir(base)
    for path, tree in kept.items():
        _put(tree, path)
    for path, target in links.items():
        os.makedirs(os.path.dirname(f".{path}"), exist_ok=True)
        os.symlink(target, f".{path}")
    os.makedirs(f".{WORK}")
    options = (
        f"{_WORK_SIZE},mode=0755,uid={owner},gid={owner if os.geteuid() == 0 else os.getegid()}".encode()
    )
    syscall("work folder", "mount", b"tmpfs", b"." + WORK.encode(), b"tmpfs", 14, options)
    syscall("new root", "pivot_root", b".", b".")
    syscall("new root", "umount2", b".", _DETACH)
    os.chdir("/")
    _restrict(_AT_CWD, b"/", 1, flags=0)


def _take(path: str) -> int:
    """A descriptor of the mounted tree at ``path``, read-only unless it is a device."""
    tree = syscall(
        f"mount {path}", "open_tree", _AT_CWD, os.fsencode(path), _CLONE | _RECURSIVE | os.O_CLOEXEC
    )
    if path not in _DEVICES:
        _restrict(tree, b"", _READ_ONLY_ATTRIBUTES, flags=_RECURSIVE | _EMPTY_PATH)
    return tree


def _restrict(place: int, path: bytes, attributes: int, *, flags: int) -> None:
    setting = struct.pack("=QQQQ", attributes, 0, 0, 0)
    buffer = ctypes.create_string_buffer(setting, len(setting))
    syscall("read-only mount", "mount_setattr", place, path, flags, buffer, len(setting))


def _put(tree: int, path: str) -> None:
    """Mount a tree at ``path`` below the current folder, which becomes the root, and close its descriptor."""
    target = f".{path}"
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if os.path.isdir(f"/proc/self/fd/{tree}"):
        os.makedirs(target, exist_ok=True)
    else:
        with open(target, "w", encoding="ascii"):
            pass
    try:
        syscall(f"mount {path}", "move_mount", tree, b"", _AT_CWD, os.fsencode(target), 0x04)  # F_EMPTY_PATH
    finally:
        os.close(tree)
