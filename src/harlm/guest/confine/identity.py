"""Who a process is: a user that nobody else is, and no capabilities. Knows ids; refuses to know files."""

from __future__ import annotations

import ctypes
import os
import secrets
import struct
from contextlib import suppress

from .kernel import KernelRefused, prctl, syscall

_HIGH = (1 << 30, 1 << 31)  # user ids that no system gives out
_SET_DUMPABLE = 4  # PR_SET_DUMPABLE
_KEEP_CAPABILITIES = 8  # PR_SET_KEEPCAPS
_DROP_FROM_BOUNDING = 24  # PR_CAPBSET_DROP
_CAPABILITIES = 64  # more than there are


def free_user() -> int:
    """An id that no account and no process has, within the ids that this container may use."""
    ranges = [(first, first + count) for first, count in _mapped()]
    first, end = max(ranges, key=lambda each: each[1] - each[0], default=(0, 1 << 16))
    low, high = max(first, _HIGH[0]), min(end, _HIGH[1])
    if low >= high:  # a container with few ids
        low, high = max(first, 50_000), min(end, 65_000)
    if low >= high:
        raise KernelRefused("a free user", "this container has no user ids to spare")
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
    """Whether ``user`` could read these folders. Asked by root, who becomes that user for the question."""
    with suppress(OSError):
        os.setegid(user)
    os.seteuid(user)
    try:
        return all(os.access(path, os.R_OK | os.X_OK, effective_ids=True) for path in paths if path)
    finally:
        os.seteuid(0)
        os.setegid(0)


def become(user: int, *, reading_as_root: bool = False) -> None:
    """Be ``user`` and nobody else, for good.

    Args:
        reading_as_root: but for files, of which something else must say which: where only root can enter the folder of
            the interpreter. There is no privilege in it: root without capabilities is the owner of its files, no more.

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
            if syscall("reading as root", name, -1) != 0:  # it says who it was before, never that it failed
                raise KernelRefused("reading as root", f"{name} is not allowed")


def hide() -> None:
    """Keep other processes of the same user, and of the same run, from looking into this one through ``/proc``."""
    prctl("hide from others", _SET_DUMPABLE, 0)


def drop_capabilities() -> None:
    """Give up all privileges, for good; an ordinary user has none to begin with.

    Raises:
        KernelRefused: not allowed.
    """
    for capability in range(_CAPABILITIES):
        with suppress(KernelRefused):  # beyond the last, or an ordinary user
            prctl("capabilities", _DROP_FROM_BOUNDING, capability)
    _set_capabilities(0)


def _set_capabilities(wanted: int) -> None:
    head = struct.pack("=Ii", 0x20080522, 0)
    sets = struct.pack(
        "=6I", wanted, wanted, 0, 0, 0, 0
    )  # effective, permitted and inheritable, twice 32 of each
    syscall("capabilities", "capset", _buffer(head), _buffer(sets))


def _buffer(data: bytes) -> ctypes.Array[ctypes.c_char]:
    return ctypes.create_string_buffer(data, len(data))
