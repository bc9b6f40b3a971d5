"""The identity of a process: a user id that no other process has, and no capabilities."""

from __future__ import annotations

import ctypes
import os
import secrets
import struct
from contextlib import suppress

from .kernel import KernelRefused, prctl, syscall

_HIGH = (1 << 30, 1 << 31)  # a range of user ids that systems do not assign
_SET_DUMPABLE = 4  # PR_SET_DUMPABLE
_KEEP_CAPABILITIES = 8  # PR_SET_KEEPCAPS
_DROP_FROM_BOUNDING = 24  # PR_CAPBSET_DROP
_CAPABILITIES = 64  # more than the kernel has


def free_user() -> int:
    """A random user id that no account and no process has, among the ids that this container may use.

    Raises:
        KernelRefused: the container has too few ids.
    """
    ranges = [(first, first + count) for first, count in _mapped()]
    first, end = max(ranges, key=lambda ids: ids[1] - ids[0], default=(0, 1 << 16))
    low, high = max(first, _HIGH[0]), min(end, _HIGH[1])
    if low >= high:  # a container with fewer ids
        low, high = max(first, 50_000), min(end, 65_000)
    if low >= high:
        raise KernelRefused(
            "a free user", "this container has no free user ids; map more ids into it, or use another tier"
        )
    taken = _taken()
    while (user := low + secrets.randbelow(high - low)) in taken:
        pass
    return user


def _mapped() -> list[tuple[int, int]]:
    try:
        with open("/proc/self/uid_map", encoding="ascii") as file:
            rows = [line.split() for line in file]
    except OSError:
        return []
    return [(int(row[0]), int(row[2])) for row in rows]


def _taken() -> set[int]:
    import pwd

    taken = {entry.pw_uid for entry in pwd.getpwall()}
    with suppress(OSError):
        for process in filter(str.isdigit, os.listdir("/proc")):
            with suppress(OSError):
                taken.add(os.stat(f"/proc/{process}").st_uid)
    return taken


def can_enter(user: int, paths: list[str]) -> bool:
    """Whether ``user`` can read these folders. Needs root, which becomes that user for the test."""
    with suppress(OSError):
        os.setegid(user)
    os.seteuid(user)
    try:
        return all(os.access(path, os.R_OK | os.X_OK, effective_ids=True) for path in paths if path)
    finally:
        os.seteuid(0)
        os.setegid(0)


def become(user: int, *, reading_as_root: bool = False) -> None:
    """Become ``user``, permanently.

    Args:
        user: the id of the user and of its group.
        reading_as_root: keep root's identity for opening files, for machines where only root can enter the
            folder of the interpreter; something else must then limit which files. This gives no privilege:
            root without capabilities is only the owner of its files.

    Raises:
        KernelRefused: not allowed.
    """
    if reading_as_root:
        prctl("a free user", _KEEP_CAPABILITIES, 1)
    try:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    except OSError as error:
        raise KernelRefused("a free user", error.errno or 0) from error
    if reading_as_root:
        _set_capabilities(1 << 6 | 1 << 7)  # CAP_SETGID, CAP_SETUID
        for name in ("setfsgid", "setfsuid"):
            syscall("reading as root", name, 0)
            if syscall("reading as root", name, -1) != 0:  # the call returns the previous id, never an error
                raise KernelRefused("reading as root", f"{name} is not allowed")


def hide() -> None:
    """Keep other processes of the same user or run from reading this one through ``/proc``."""
    prctl("hide from others", _SET_DUMPABLE, 0)


def drop_capabilities() -> None:
    """Give up all capabilities, permanently. An ordinary user has none.

    Raises:
        KernelRefused: not allowed.
    """
    for capability in range(_CAPABILITIES):
        with suppress(KernelRefused):  # no such capability, or an ordinary user
            prctl("capabilities", _DROP_FROM_BOUNDING, capability)
    _set_capabilities(0)


def _set_capabilities(wanted: int) -> None:
    head = struct.pack("=Ii", 0x20080522, 0)
    # effective, permitted and inheritable, first the low 32 of each, then the high 32
    sets = struct.pack("=6I", wanted, wanted, 0, 0, 0, 0)
    syscall("capabilities", "capset", _buffer(head), _buffer(sets))


def _buffer(data: bytes) -> ctypes.Array[ctypes.c_char]:
    return ctypes.create_string_buffer(data, len(data))
