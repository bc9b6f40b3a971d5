"""Limits which system calls a process may make, with filters that the kernel runs. Everything that is not
named here is denied.

There are two filters. The *gate* is installed on a whole run before any model-written code arrives: each
start of a process waits for the host, which allows it if it ordered one (``seccomp_unotify(2)``). The
*allow-list* is installed on each REPL as the last step: a call that it does not name fails with EPERM, a call
newer than this file with ENOSYS, and a call by the conventions of another machine (i386, x32) ends the
process.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple

from .kernel import NUMBERS, KernelRefused, machine, prctl, syscall

_ALLOWED = """
read write futex poll ppoll readv writev pread64 pwrite64 preadv
pwritev lseek close dup dup2 dup3 pipe pipe2 select pselect6 eventfd
eventfd2 sendfile fsync fdatasync
stat fstat lstat newfstatat statx access faccessat faccessat2 getdents getdents64 getcwd
statfs fstatfs umask fadvise64
mmap munmap mprotect mremap madvise brk mincore msync membarrier
sched_yield nanosleep gettimeofday time times getitimer setitimer alarm pause
sched_get_priority_max sched_get_priority_min getcpu
getpid getppid gettid getuid geteuid getgid getegid getgroups getresuid getresgid getpgrp uname sysinfo
getrusage getrlimit
rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending rt_sigtimedwait rt_sigsuspend sigaltstack restart_syscall
set_robust_list set_tid_address rseq exit exit_group wait4 waitid getrandom
shutdown getsockname getpeername
""".split()
_WRITING = "mkdir mkdirat rmdir unlink unlinkat rename renameat renameat2 ftruncate fallocate".split()
# Where only Landlock or the user decides about files, these would tell what links outside lead to.
_IN_A_ROOT_OF_ITS_OWN = "readlink readlinkat chdir fchdir".split()
# answered as by a kernel without them, so that libc uses the older calls
_UNKNOWN = ("clone3", "openat2", "futex_waitv")
_NEWEST = 470  # numbers above it were assigned after this file was written

_ALLOW, _KILL, _ERRNO, _NOTIFY = 0x7FFF0000, 0x80000000, 0x00050000, 0x7FC00000
_EPERM, _ENOSYS = 1, 38
_DONE = _ERRNO  # with the error number 0: the call returns 0, and nothing is done
_LOAD, _AND, _EQUALS, _GREATER, _AT_LEAST, _JUMP, _RETURN = 0x20, 0x54, 0x15, 0x25, 0x35, 0x05, 0x06
_FEW = 3  # so few calls are compared one after another, without a search
_NUMBER_AT, _ARCH_AT, _ARGUMENTS_AT = 0, 4, 16
_ARCH = (0xC000003E, 0xC00000B7)  # AUDIT_ARCH of x86_64 and aarch64
_X32 = 0x40000000

# CLONE_THREAD, CLONE_VM, CLONE_FILES, CLONE_FS. A thread with descriptors of its own would have a limit of its own.
_THREAD = 0x00010700
_OWN_DESCRIPTORS = 1 << 1  # CLOSE_RANGE_UNSHARE
_SET_LOCK, _WAIT_FOR_LOCK = 6, 7  # F_SETLK, F_SETLKW
_NEW_NAMESPACES = 0x7E020080
_FORK = 0x01200011  # CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD, the flags of glibc's fork(2)
_BARE_FORK = 17  # SIGCHLD alone, the flags of musl's fork(2)
_ALL = 0xFFFFFFFF


class _Test(NamedTuple):
    """A condition on one argument of a call: its low 32 bits, masked with ``mask``, must equal ``value``.

    Attributes:
        argument: the number of the argument, from 0.
        value: what it must be.
        mask: the bits that are compared.
        high: whether the upper 32 bits are compared instead.
    """

    argument: int
    value: int
    mask: int = _ALL
    high: bool = False


_Rule = Sequence[Sequence[_Test]]
"""When a call is allowed: when all tests of at least one of these alternatives hold."""


def _one_of(argument: int, *values: int) -> _Rule:
    return [[_Test(argument, value)] for value in values]


_OF_ITSELF: _Rule = ((_Test(0, 0),),)
_ONLY_TO_READ = 0o1103  # O_ACCMODE | O_CREAT | O_TRUNC
_RULES: dict[str, _Rule] = {
    # No signals to other processes (F_SETOWN), no leases, no notifications, no larger pipes.
    "fcntl": _one_of(1, 0, 1, 2, 3, 4, 5, 1030, 1032),
    "close_range": [[_Test(2, 0, mask=_OWN_DESCRIPTORS)]],
    "ioctl": _one_of(1, 0x5401, 0x541B, 0x5421, 0x5450, 0x5451),  # TCGETS FIONREAD FIONBIO FIONCLEX FIOCLEX
    "prctl": _one_of(0, 15, 16, 38),  # the name of a thread; no new privileges
    "prlimit64": [[_Test(0, 0), _Test(2, 0), _Test(2, 0, high=True)]],  # to read the process's own limits
    "socketpair": [[_Test(0, 1), _Test(1, 1, mask=0xF)]],  # AF_UNIX, SOCK_STREAM
    # Not SO_PEERCRED, which tells who is at the other end.
    "getsockopt": [[_Test(1, 1), _Test(2, what)] for what in (3, 4, 30, 38, 39)],
    **dict.fromkeys(
        ("getpgid", "getsid", "sched_getaffinity", "sched_getparam", "sched_getscheduler"), _OF_ITSELF
    ),
    "getpriority": [[_Test(1, 0)]],
    # Not the clocks of other processes.
    **dict.fromkeys(("clock_gettime", "clock_getres", "clock_nanosleep"), ((_Test(0, 0, mask=1 << 31),),)),
    # To the connected end, never to an address; no out-of-band data, which exploits have used to leave
    # sandboxes.
    "sendto": [[_Test(4, 0), _Test(4, 0, high=True), _Test(3, 0, mask=1)]],
    "recvfrom": [[_Test(3, 0, mask=1)]],
    "recvmsg": [[_Test(2, 0, mask=1)]],
}
_LOCKS: _Rule = _one_of(1, _SET_LOCK, _WAIT_FOR_LOCK)
"""Locks of files are memory of the kernel that no limit counts, and belong to a process: among the threads of one
they exclude none. No other process writes to the folder of a REPL, so a lock that is not set is the same as one
that is (SQLite sets them).
"""
_OPEN_TO_READ: dict[str, _Rule] = {
    "open": [[_Test(1, 0, mask=_ONLY_TO_READ)]],
    "openat": [[_Test(2, 0, mask=_ONLY_TO_READ)]],
}


@cache
def allow_list(*, may_write: bool, may_fork: bool) -> bytes:
    """The filter of a REPL.

    Args:
        may_write: whether the process has a root folder of its own, in which it may make and change files;
            something else must then limit which.
        may_fork: whether ``fork`` is passed on to the gate; only if there is a gate.

    Returns:
        The program, in the kernel's format (``linux/filter.h``).
    """
    clone: list[list[_Test]] = [[_Test(0, _THREAD, mask=_THREAD | _NEW_NAMESPACES)]]
    if may_fork:
        clone += [[_Test(0, _FORK)], [_Test(0, _BARE_FORK)]]
    rules = {**_RULES, "clone": clone, **({} if may_write else _OPEN_TO_READ)}
    always = [*_ALLOWED]
    if may_write:  # the folder of a branch or a scout is narrowed by rules that were made before
        always += ["open", "openat", "landlock_restrict_self", *_WRITING, *_IN_A_ROOT_OF_ITS_OWN]
    by_argument = {name: _by_argument(rule) for name, rule in rules.items()}
    by_argument["fcntl"] = [*_answers(_LOCKS, _DONE), *by_argument["fcntl"]]
    return _program(
        {
            **{name: [_return(_ALLOW)] for name in always},
            **by_argument,
            **{name: [_return(_ERRNO | _ENOSYS)] for name in _UNKNOWN},
        },
        [(_GREATER, 0, 1, _NEWEST), _return(_ERRNO | _ENOSYS), _return(_ERRNO | _EPERM)],
    )


def _gate() -> bytes:
    """The filter of a run: the process that holds the listener decides about each start of a process."""
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
    """Install the gate on this process and all processes that it will start.

    Returns:
        The descriptor on which starts are announced and allowed; ``None`` if the kernel has no listeners
        (before 5.5).
    """
    program = _gate()
    for flags in (0x08 | 0x20, 0x08):  # NEW_LISTENER, and WAIT_KILLABLE_RECV since 5.19
        try:
            return _install(program, flags)
        except KernelRefused:
            continue
    return None


def confine(program: bytes) -> None:
    """Install a filter on this process, permanently.

    Raises:
        KernelRefused: the kernel has no seccomp filters, or this process may not install any.
    """
    _install(program, 0)


def _install(program: bytes, flags: int) -> int:
    prctl("no new privileges", 38, 1)
    buffer = ctypes.create_string_buffer(program, len(program))
    head = struct.pack("@HP", len(program) // 8, ctypes.addressof(buffer))
    return syscall("seccomp", "seccomp", 1, flags, ctypes.create_string_buffer(head, len(head)))


_Instruction = tuple[int, int, int, int]  # code, jump if true, jump if false, operand


def _program(answers: Mapping[str, Sequence[_Instruction]], otherwise: Sequence[_Instruction]) -> bytes:
    """A whole filter, which checks the machine first and then searches for the call's number.

    Args:
        answers: the instructions for each call, which end with a return.
        otherwise: the instructions for all other calls.
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
    """A binary search, because the kernel runs a filter for every call when the filter is installed."""
    if len(leaves) > _FEW:
        middle = len(leaves) // 2
        left, right = _search(leaves[:middle], otherwise), _search(leaves[middle:], otherwise)
        return [(_AT_LEAST, 0, 1, leaves[middle][0]), (_JUMP, 0, 0, len(left)), *left, *right]
    found = [each for number, answer in leaves for each in ((_EQUALS, 0, len(answer), number), *answer)]
    return [*found, *otherwise]


def _return(action: int) -> _Instruction:
    return (_RETURN, 0, 0, action)


def _by_argument(rule: _Rule) -> list[_Instruction]:
    """Allow the call if one alternative holds; else EPERM, which is the last instruction."""
    return [*_answers(rule, _ALLOW), _return(_ERRNO | _EPERM)]


def _answers(rule: _Rule, action: int) -> list[_Instruction]:
    """Return ``action`` if one alternative holds; else go on behind these instructions."""
    body: list[_Instruction] = []
    for alternative in rule:
        tests: list[_Instruction] = []
        for test in reversed(alternative):
            rest = len(tests) + 1  # instructions from the comparison to the next alternative
            load = (_LOAD, 0, 0, _ARGUMENTS_AT + 8 * test.argument + (4 if test.high else 0))
            mask = [] if test.mask == _ALL else [(_AND, 0, 0, test.mask)]
            tests = [load, *mask, (_EQUALS, 0, rest, test.value), *tests]
        body += [*tests, _return(action)]
    return body
