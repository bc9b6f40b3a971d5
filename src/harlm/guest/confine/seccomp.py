"""Which system calls a process may still make, as filters that the kernel runs. Knows calls and their arguments; refuses
everything that is not named here.

Two filters. The *gate* is put on a whole run before any model-written code is there: starting a process waits for the
host, which lets it through when it ordered one (``seccomp_unotify(2)``). The *allow-list* is put on each REPL last:
what it does not name fails with EPERM, calls newer than this file with ENOSYS, and calls in the manner of another
machine (i386, x32) end the process.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple

from .kernel import NUMBERS, KernelRefused, machine, prctl, syscall

_ALLOWED = """
read write futex poll ppoll epoll_wait epoll_pwait epoll_pwait2 readv writev pread64 pwrite64 preadv
pwritev lseek close close_range dup dup2 dup3 pipe pipe2 select pselect6 epoll_create epoll_create1 epoll_ctl eventfd
eventfd2 timerfd_create timerfd_settime timerfd_gettime signalfd4 sendfile fsync fdatasync
stat fstat lstat newfstatat statx access faccessat faccessat2 readlink readlinkat getdents getdents64 getcwd chdir fchdir
statfs fstatfs umask fadvise64
mmap munmap mprotect mremap madvise brk mincore msync membarrier
sched_yield nanosleep gettimeofday time times getitimer setitimer alarm pause
sched_get_priority_max sched_get_priority_min getcpu
getpid getppid gettid getuid geteuid getgid getegid getgroups getresuid getresgid getpgrp uname sysinfo
getrusage getrlimit
rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending rt_sigtimedwait rt_sigsuspend sigaltstack restart_syscall
set_robust_list set_tid_address rseq exit exit_group wait4 waitid getrandom
shutdown getsockname getpeername
landlock_create_ruleset landlock_add_rule landlock_restrict_self
""".split()
_WRITING = "mkdir mkdirat rmdir unlink unlinkat rename renameat renameat2 ftruncate fallocate".split()
_UNKNOWN = ("clone3", "openat2", "futex_waitv")  # as on a kernel without them: libc then takes the older way
_NEWEST = 470  # numbers beyond it were given after this file was written

_ALLOW, _KILL, _ERRNO, _NOTIFY = 0x7FFF0000, 0x80000000, 0x00050000, 0x7FC00000
_EPERM, _ENOSYS = 1, 38
_LOAD, _AND, _EQUALS, _GREATER, _AT_LEAST, _JUMP, _RETURN = 0x20, 0x54, 0x15, 0x25, 0x35, 0x05, 0x06
_FEW = 3  # calls that are compared one after another
_NUMBER_AT, _ARCH_AT, _ARGUMENTS_AT = 0, 4, 16
_ARCH = (0xC000003E, 0xC00000B7)  # AUDIT_ARCH of x86_64 and aarch64
_X32 = 0x40000000

_THREAD = 0x00010100  # CLONE_THREAD | CLONE_VM
_NEW_NAMESPACES = 0x7E020080
_FORK = 0x01200011  # CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD, as glibc's fork(2) asks
_BARE_FORK = 17  # SIGCHLD alone, as musl's does
_ALL = 0xFFFFFFFF


class _Test(NamedTuple):
    """One argument of a call: its low 32 bits, of which those in ``mask`` must be ``value``. ``high`` is its upper half."""

    argument: int
    value: int
    mask: int = _ALL
    high: bool = False


_Rule = Sequence[Sequence[_Test]]
"""When a call is allowed: one of these holds, each with all its tests."""


def _one_of(argument: int, *values: int) -> _Rule:
    return [[_Test(argument, value)] for value in values]


_OF_ITSELF: _Rule = ((_Test(0, 0),),)
_ONLY_TO_READ = 0o1103  # O_ACCMODE | O_CREAT | O_TRUNC
_RULES: dict[str, _Rule] = {
    # No owner of signals, no leases, no notification.
    "fcntl": _one_of(1, 0, 1, 2, 3, 4, 5, 6, 7, 1030, 1032),
    "ioctl": _one_of(1, 0x5401, 0x541B, 0x5421, 0x5450, 0x5451),  # TCGETS FIONREAD FIONBIO FIONCLEX FIOCLEX
    "prctl": _one_of(0, 15, 16, 38),  # the name of a thread; no new privileges
    "prlimit64": [[_Test(0, 0), _Test(2, 0), _Test(2, 0, high=True)]],  # to read one's own
    "socketpair": [[_Test(0, 1), _Test(1, 1, mask=0xF)]],  # AF_UNIX, SOCK_STREAM
    # Not who is at the other end.
    "getsockopt": [[_Test(1, 1), _Test(2, what)] for what in (3, 4, 30, 38, 39)],
    **dict.fromkeys(
        ("getpgid", "getsid", "sched_getaffinity", "sched_getparam", "sched_getscheduler"), _OF_ITSELF
    ),
    "getpriority": [[_Test(1, 0)]],
    # Of no other process.
    **dict.fromkeys(("clock_gettime", "clock_getres", "clock_nanosleep"), ((_Test(0, 0, mask=1 << 31),),)),
    # To the other end, never to an address; and nothing out of band, which has been a way out of sandboxes.
    "sendto": [[_Test(4, 0), _Test(4, 0, high=True), _Test(3, 0, mask=1)]],
    "recvfrom": [[_Test(3, 0, mask=1)]],
    "recvmsg": [[_Test(2, 0, mask=1)]],
}
_OPEN_TO_READ: dict[str, _Rule] = {
    "open": [[_Test(1, 0, mask=_ONLY_TO_READ)]],
    "openat": [[_Test(2, 0, mask=_ONLY_TO_READ)]],
}


@cache
def allow_list(*, may_write: bool, may_fork: bool) -> bytes:
    """The filter of a REPL.

    Args:
        may_write: whether files can be made and changed (where something else says which).
        may_fork: whether ``fork`` is let through to the gate; only where a gate stands.
    """
    clone: list[list[_Test]] = [[_Test(0, _THREAD, mask=_THREAD | _NEW_NAMESPACES)]]
    if may_fork:
        clone += [[_Test(0, _FORK)], [_Test(0, _BARE_FORK)]]
    rules = {**_RULES, "clone": clone, **({} if may_write else _OPEN_TO_READ)}
    always = [*_ALLOWED, *(["open", "openat", *_WRITING] if may_write else [])]
    return _program(
        {
            **{name: [_return(_ALLOW)] for name in always},
            **{name: _by_argument(rule) for name, rule in rules.items()},
            **{name: [_return(_ERRNO | _ENOSYS)] for name in _UNKNOWN},
        },
        [(_GREATER, 0, 1, _NEWEST), _return(_ERRNO | _ENOSYS), _return(_ERRNO | _EPERM)],
    )


def _gate() -> bytes:
    """The filter of a run: what starts a process is decided by whoever holds the listener."""
    starts_a_thread = _by_argument([[_Test(0, 0x10000, mask=0x10000)]])[:-1]
    return _program(
        {
            "clone": [*starts_a_thread, _return(_NOTIFY)],
            "fork": [_return(_ERRNO | _EPERM)],
            "vfork": [_return(_ERRNO | _EPERM)],
            "clone3": [_return(_ERRNO | _ENOSYS)],
        },
        [_return(_ALLOW)],
    )


def close_gate() -> int | None:
    """Put the gate on this process and all that it will start.

    Returns:
        the descriptor on which starts are announced and allowed; None where the kernel knows no such (before 5.5).
    """
    program = _gate()
    for flags in (0x08 | 0x20, 0x08):  # NEW_LISTENER, and WAIT_KILLABLE_RECV since 5.19
        try:
            return _install(program, flags)
        except KernelRefused:
            continue
    return None


def confine(program: bytes) -> None:
    """Put a filter on this process, for good.

    Raises:
        KernelRefused: the kernel has no seccomp filters, or something above does not allow them.
    """
    _install(program, 0)


def _install(program: bytes, flags: int) -> int:
    prctl("no new privileges", 38, 1)
    buffer = ctypes.create_string_buffer(program, len(program))
    head = struct.pack("@HP", len(program) // 8, ctypes.addressof(buffer))
    return syscall("seccomp", "seccomp", 1, flags, ctypes.create_string_buffer(head, len(head)))


_Instruction = tuple[int, int, int, int]  # code, jump if true, jump if false, operand


def _program(answers: Mapping[str, Sequence[_Instruction]], otherwise: Sequence[_Instruction]) -> bytes:
    """A whole filter: the machine is checked first, then the call's number is looked for.

    Args:
        answers: for each call, what ends with a return.
        otherwise: for all others.
    """
    column = machine()
    start: list[_Instruction] = [
        (_LOAD, 0, 0, _ARCH_AT),
        (_EQUALS, 1, 0, _ARCH[column]),
        _return(_KILL),
        (_LOAD, 0, 0, _NUMBER_AT),
    ]
    if column == 0:
        start += [(_AT_LEAST, 0, 1, _X32), _return(_KILL)]
    numbered = [(NUMBERS[name][column], answer) for name, answer in answers.items()]
    leaves = sorted((number, answer) for number, answer in numbered if number is not None)
    return b"".join(struct.pack("=HBBI", *each) for each in [*start, *_search(leaves, otherwise)])


def _search(
    leaves: Sequence[tuple[int, Sequence[_Instruction]]], otherwise: Sequence[_Instruction]
) -> list[_Instruction]:
    """A binary search, since the kernel runs a filter once for every call that there is when it is installed."""
    if len(leaves) > _FEW:
        middle = len(leaves) // 2
        left, right = _search(leaves[:middle], otherwise), _search(leaves[middle:], otherwise)
        return [(_AT_LEAST, 0, 1, leaves[middle][0]), (_JUMP, 0, 0, len(left)), *left, *right]
    found = [each for number, answer in leaves for each in ((_EQUALS, 0, len(answer), number), *answer)]
    return [*found, *otherwise]


def _return(action: int) -> _Instruction:
    return (_RETURN, 0, 0, action)


def _by_argument(rule: _Rule) -> list[_Instruction]:
    """Allow when one alternative holds; else EPERM, as the last instruction."""
    body: list[_Instruction] = []
    for alternative in rule:
        tests: list[_Instruction] = []
        for test in reversed(alternative):
            past = len(tests) + 1  # where the next alternative begins, counted from the comparison
            load = (_LOAD, 0, 0, _ARGUMENTS_AT + 8 * test.argument + (4 if test.high else 0))
            mask = [] if test.mask == _ALL else [(_AND, 0, 0, test.mask)]
            tests = [load, *mask, (_EQUALS, 0, past, test.value), *tests]
        body += [*tests, _return(_ALLOW)]
    return [*body, _return(_ERRNO | _EPERM)]
