"""Makes system calls that Python has no function for, by their numbers on two machines (x86_64, aarch64), and
reports refusals.

Numbers: the kernel's ``unistd_64.h`` and ``asm-generic/unistd.h``.
"""

from __future__ import annotations

import ctypes
import os
import platform
from typing import Any

MACHINES = {"x86_64": 0, "aarch64": 1}
"""The index of each machine in the pairs of ``NUMBERS``."""

NUMBERS: dict[str, tuple[int | None, int | None]] = {
    "read": (0, 63), "write": (1, 64), "futex": (202, 98), "recvmsg": (47, 212), "recvfrom": (45, 207),
    "poll": (7, None), "ppoll": (271, 73),
    "readv": (19, 65), "writev": (20, 66), "pread64": (17, 67), "pwrite64": (18, 68),
    "preadv": (295, 69), "pwritev": (296, 70), "lseek": (8, 62), "close": (3, 57), "close_range": (436, 436),
    "dup": (32, 23), "dup2": (33, None), "dup3": (292, 24), "pipe": (22, None), "pipe2": (293, 59),
    "select": (23, None), "pselect6": (270, 72),
    "eventfd": (284, None), "eventfd2": (290, 19),
    "sendfile": (40, 71),
    "fsync": (74, 82), "fdatasync": (75, 83), "stat": (4, None), "fstat": (5, 80),
    "lstat": (6, None), "newfstatat": (262, 79), "statx": (332, 291), "access": (21, None), "faccessat": (269, 48),
    "faccessat2": (439, 439), "readlink": (89, None), "readlinkat": (267, 78), "getdents": (78, None),
    "getdents64": (217, 61), "getcwd": (79, 17), "chdir": (80, 49), "fchdir": (81, 50), "statfs": (137, 43),
    "fstatfs": (138, 44), "umask": (95, 166), "fadvise64": (221, 223), "mmap": (9, 222), "munmap": (11, 215),
    "mprotect": (10, 226), "mremap": (25, 216), "madvise": (28, 233), "brk": (12, 214), "mincore": (27, 232),
    "msync": (26, 227), "membarrier": (324, 283), "sched_yield": (24, 124), "nanosleep": (35, 101),
    "clock_nanosleep": (230, 115), "clock_gettime": (228, 113), "clock_getres": (229, 114),
    "gettimeofday": (96, 169), "time": (201, None), "times": (100, 153), "getitimer": (36, 102),
    "setitimer": (38, 103), "alarm": (37, None), "pause": (34, None), "sched_getaffinity": (204, 123),
    "sched_getparam": (143, 121), "sched_getscheduler": (145, 120), "sched_get_priority_max": (146, 125),
    "sched_get_priority_min": (147, 126), "getpriority": (140, 141), "getcpu": (309, 168), "getpid": (39, 172),
    "getppid": (110, 173), "gettid": (186, 178), "getuid": (102, 174), "geteuid": (107, 175), "getgid": (104, 176),
    "getegid": (108, 177), "getgroups": (115, 158), "getresuid": (118, 148), "getresgid": (120, 150),
    "getpgid": (121, 155), "getpgrp": (111, None), "getsid": (124, 156), "uname": (63, 160), "sysinfo": (99, 179),
    "getrusage": (98, 165), "getrlimit": (97, 163), "rt_sigaction": (13, 134), "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139), "rt_sigpending": (127, 136), "rt_sigtimedwait": (128, 137),
    "rt_sigsuspend": (130, 133), "sigaltstack": (131, 132), "restart_syscall": (219, 128),
    "set_robust_list": (273, 99), "set_tid_address": (218, 96), "rseq": (334, 293), "exit": (60, 93),
    "exit_group": (231, 94), "wait4": (61, 260), "waitid": (247, 95), "getrandom": (318, 278),
    "shutdown": (48, 210), "getsockopt": (55, 209), "getsockname": (51, 204), "getpeername": (52, 205),
    "mkdir": (83, None), "mkdirat": (258, 34), "rmdir": (84, None), "unlink": (87, None), "unlinkat": (263, 35),
    "rename": (82, None), "renameat": (264, 38), "renameat2": (316, 276), "ftruncate": (77, 46),
    "fallocate": (285, 47), "open": (2, None), "openat": (257, 56), "fcntl": (72, 25), "ioctl": (16, 29),
    "prctl": (157, 167), "prlimit64": (302, 261), "socketpair": (53, 199), "sendto": (44, 206), "clone": (56, 220),
    "clone3": (435, 435), "openat2": (437, 437), "futex_waitv": (449, 449), "fork": (57, None), "vfork": (58, None),
    "setfsuid": (122, 151), "setfsgid": (123, 152), "seccomp": (317, 277), "landlock_create_ruleset": (444, 444), "landlock_add_rule": (445, 445),
    "landlock_restrict_self": (446, 446), "unshare": (272, 97), "mount": (165, 40), "umount2": (166, 39),
    "pivot_root": (155, 41), "open_tree": (428, 428), "move_mount": (429, 429), "mount_setattr": (442, 442),
    "capset": (126, 91),
}  # fmt: skip
"""Each system call with its number on x86_64 and on aarch64; ``None`` if the machine has no such call."""


class KernelRefused(Exception):
    """The kernel does not allow a step of the confinement, or does not have it.

    Args:
        step: what was tried, in a few words.
        why: the reason, or an ``errno``.

    Attributes:
        step: what was tried.
        errno: the ``errno``; ``None`` if the reason is none.
    """

    def __init__(self, step: str, why: str | int) -> None:
        super().__init__(f"{step}: {os.strerror(why) if isinstance(why, int) else why}")
        self.step = step
        self.errno = why if isinstance(why, int) else None


def machine() -> int:
    """The index of this machine in the pairs of ``NUMBERS``.

    Raises:
        KernelRefused: the numbers of this machine are not known.
    """
    name = platform.machine()
    if name not in MACHINES:
        raise KernelRefused(
            "system calls", f"their numbers on {name!r} are not known, only on {', '.join(MACHINES)}"
        )
    return MACHINES[name]


_libc = ctypes.PyDLL(None, use_errno=True)  # unlike CDLL, lets no other thread run during a call
_libc.syscall.restype = ctypes.c_long


def syscall(step: str, name: str, *arguments: Any) -> int:
    """Make a system call.

    Args:
        step: what the call is for, for the message.
        name: of the call, as in ``NUMBERS``.
        arguments: integers, bytes (passed as a C string), ctypes objects (passed by reference), or ``None``.

    Returns:
        What the call returned, at least 0.

    Raises:
        KernelRefused: the call failed, or this machine does not have it.
    """
    number = NUMBERS[name][machine()]
    if number is None:
        raise KernelRefused(step, f"this machine has no {name}")
    result = int(_libc.syscall(ctypes.c_long(number), *map(_argument, arguments)))
    if result < 0:
        raise KernelRefused(step, ctypes.get_errno())
    return result


def _argument(value: Any) -> Any:
    return ctypes.c_long(value) if isinstance(value, int) else value


def prctl(step: str, option: int, *arguments: int) -> int:
    """Call ``prctl(2)``; missing arguments are 0.

    Raises:
        KernelRefused: the call failed.
    """
    return syscall(step, "prctl", option, *arguments, *[0] * (4 - len(arguments)))
