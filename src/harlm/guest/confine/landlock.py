"""Which files a process may still open: Landlock, which needs no privilege (Linux 5.13 and newer). Knows folders and what
may be done below them; refuses everything else, also connections and signals where the kernel's version of it covers them.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterable

from .kernel import KernelRefused, prctl, syscall

_READ = 1 << 2 | 1 << 3  # files, folders
_READ_FILE = 1 << 2
_CHANGE = (
    _READ | 1 << 1 | 1 << 4 | 1 << 5 | 1 << 7 | 1 << 8 | 1 << 13 | 1 << 14
)  # write, remove, make, move, cut
_RIGHTS = {
    1: 13,
    2: 14,
    3: 15,
    4: 15,
    5: 16,
}  # version to how many rights on files it knows; the same since 5
_VERSION = 1  # LANDLOCK_CREATE_RULESET_VERSION
_BENEATH = 1  # LANDLOCK_RULE_PATH_BENEATH


def version() -> int:
    """What this kernel knows: 0 for nothing.

    Each version can refuse more: 2 moving files, 3 cutting them short, 4 TCP, 5 device commands, 6 signals and abstract
    sockets outside.
    """
    try:
        return syscall("Landlock", "landlock_create_ruleset", None, 0, _VERSION)
    except KernelRefused:
        return 0


def confine(*, read: Iterable[str], change: Iterable[str] = ()) -> None:
    """Leave this process, for good, no files but those below ``read`` and ``change``. Paths that are not there are skipped.

    Raises:
        KernelRefused: this kernel has no Landlock, or it is switched off.
    """
    known = version()
    if not known:
        raise KernelRefused(
            "Landlock", "not there; it came with Linux 5.13, and may be missing from the kernel's `lsm=` list"
        )
    files = (1 << _RIGHTS[min(known, 5)]) - 1
    network = 0b11 if known >= 4 else 0
    scopes = 0b11 if known >= 6 else 0
    attributes = struct.pack("=QQQ", files, network, scopes)[: 8 if known < 4 else 16 if known < 6 else 24]
    rules = syscall("Landlock", "landlock_create_ruleset", attributes, len(attributes), 0)
    try:
        for paths, rights in ((read, _READ), (change, _CHANGE)):
            for path in paths:
                _allow(rules, path, rights & files)
        prctl("no new privileges", 38, 1)
        syscall("Landlock", "landlock_restrict_self", rules, 0)
    finally:
        os.close(rules)


def _allow(rules: int, path: str, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not os.path.isdir(path):
            rights &= _READ_FILE
        rule = struct.pack("=Qi", rights, place)
        syscall(
            "Landlock", "landlock_add_rule", rules, _BENEATH, ctypes.create_string_buffer(rule, len(rule)), 0
        )
    finally:
        os.close(place)
