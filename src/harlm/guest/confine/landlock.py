"""Limits which files a process may open, with Landlock, which needs no privilege (Linux 5.13 and newer).
Denies everything except what is named, and also connections and signals if the kernel's version of Landlock
covers them.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterable

from .kernel import KernelRefused, prctl, syscall

_READ = 1 << 2 | 1 << 3  # files, folders
_READ_FILE = 1 << 2
# also write, remove, make, move and truncate
_CHANGE = _READ | 1 << 1 | 1 << 4 | 1 << 5 | 1 << 7 | 1 << 8 | 1 << 13 | 1 << 14
# how many rights on files each version has; later ones have as many as version 5
_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
_VERSION = 1  # LANDLOCK_CREATE_RULESET_VERSION
_BENEATH = 1  # LANDLOCK_RULE_PATH_BENEATH


def version() -> int:
    """The version of Landlock in this kernel; 0 if it has none.

    Each version can deny more: 2 moving files, 3 truncating them, 4 TCP, 5 device commands, 6 signals and
    abstract sockets outside.
    """
    try:
        return syscall("Landlock", "landlock_create_ruleset", None, 0, _VERSION)
    except KernelRefused:
        return 0


def confine(*, read: Iterable[str], change: Iterable[str] = ()) -> None:
    """Deny this process, permanently, all files except those below ``read`` and ``change``.

    Args:
        read, change: see ``rules``.

    Raises:
        KernelRefused: this kernel has no Landlock, or it is switched off.
    """
    made = rules(read=read, change=change)
    try:
        enter(made)
    finally:
        os.close(made)


def enter(made: int) -> None:
    """Deny this process, permanently, what a set of rules denies.

    Args:
        made: the descriptor that ``rules`` returned.

    Raises:
        KernelRefused: this was done 16 times already, which is the most that Landlock allows.
    """
    prctl("no new privileges", 38, 1)
    syscall("Landlock", "landlock_restrict_self", made, 0)


def rules(*, read: Iterable[str], change: Iterable[str] = ()) -> int:
    """Make a set of rules that denies all files except those below ``read`` and ``change``. Paths that do not
    exist are skipped.

    Args:
        read: files and folders that may be read.
        change: folders in which files may be read, written and removed.

    Returns:
        The descriptor of the rules, which the caller owns.

    Raises:
        KernelRefused: this kernel has no Landlock, or it is switched off.
    """
    known = version()
    if not known:
        raise KernelRefused(
            "Landlock",
            "not available; it needs Linux 5.13 or newer, and 'landlock' in the kernel's `lsm=` list",
        )
    files = (1 << _RIGHTS[min(known, 5)]) - 1
    network = 0b11 if known >= 4 else 0
    scopes = 0b11 if known >= 6 else 0
    attributes = struct.pack("=QQQ", files, network, scopes)[: 8 if known < 4 else 16 if known < 6 else 24]
    made = syscall("Landlock", "landlock_create_ruleset", attributes, len(attributes), 0)
    try:
        for paths, rights in ((read, _READ), (change, _CHANGE)):
            for path in paths:
                _allow(made, path, rights & files)
    except BaseException:
        os.close(made)
        raise
    return made


def _allow(made: int, path: str, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not os.path.isdir(path):
            rights &= _READ_FILE
        rule = struct.pack("=Qi", rights, place)
        syscall(
            "Landlock", "landlock_add_rule", made, _BENEATH, ctypes.create_string_buffer(rule, len(rule)), 0
        )
    finally:
        os.close(place)
