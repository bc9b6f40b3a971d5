"""The filters, run by a small interpreter of the kernel's instruction set, so that both machines are tested."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.guest.confine import kernel, seccomp
from harlm.guest.confine.kernel import MACHINES, NUMBERS

ALLOW, KILL, NOTIFY = 0x7FFF0000, 0x80000000, 0x7FC00000
DONE = 0x00050000
EPERM, ENOSYS = 0x00050000 | 1, 0x00050000 | 38
ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
WORD = st.integers(0, 2**64 - 1)


def verdict(program: bytes, number: int, arguments: tuple[int, ...] = (), arch: int = ARCH["x86_64"]) -> int:
    """What the kernel would do, see ``seccomp(2)`` and ``linux/filter.h``."""
    padded = (*arguments, 0, 0, 0, 0, 0, 0)[:6]
    data = struct.pack("=IIQ6Q", number & 0xFFFFFFFF, arch, 0, *padded)
    at, value = 0, 0
    while True:
        code, if_true, if_false, operand = struct.unpack_from("=HBBI", program, 8 * at)
        at += 1
        match code:
            case 0x20:
                value = struct.unpack_from("=I", data, operand)[0]
            case 0x54:
                value &= operand
            case 0x05:
                at += operand
            case 0x15:
                at += if_true if value == operand else if_false
            case 0x25:
                at += if_true if value > operand else if_false
            case 0x35:
                at += if_true if value >= operand else if_false
            case 0x06:
                return int(operand)
            case _:
                raise AssertionError(f"instruction {code:#x}")


@pytest.fixture(params=MACHINES)
def machine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    column = MACHINES[request.param]
    monkeypatch.setattr(seccomp, "machine", lambda: column)
    seccomp.allow_list.cache_clear()
    yield request.param
    seccomp.allow_list.cache_clear()


def called(machine: str, name: str, *arguments: int, may_write: bool = True, may_fork: bool = True) -> int:
    number = NUMBERS[name][MACHINES[machine]]
    if number is None:
        pytest.skip(f"{machine} has no {name}")
    program = seccomp.allow_list(may_write=may_write, may_fork=may_fork)
    return verdict(program, number, arguments, ARCH[machine])


@pytest.mark.parametrize(
    "name", ["read", "write", "mmap", "futex", "recvmsg", "exit_group", "landlock_restrict_self"]
)
def test_what_python_needs_is_allowed(machine: str, name: str) -> None:
    assert called(machine, name, 3, 4, 4) == ALLOW


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("unshare", (0x10000000,), EPERM),
        ("mount", (), EPERM),
        ("seccomp", (1, 0, 0), EPERM),
        ("setfsuid", (0,), EPERM),
        ("clone3", (), ENOSYS),
        ("openat2", (), ENOSYS),
        ("clone", (0x3D0F00,), ALLOW),  # a thread, as glibc starts one
        ("clone", (0x3D0F00 | 0x10000000,), EPERM),  # the same with a user namespace
        ("clone", (0x3D0F00 & ~0x400,), EPERM),  # the same with descriptors of its own
        ("clone", (0x3D0F00 & ~0x200,), EPERM),  # and with a folder of its own
        ("close_range", (3, 2**32 - 1, 0), ALLOW),
        ("close_range", (3, 2**32 - 1, 4), ALLOW),  # CLOSE_RANGE_CLOEXEC
        ("close_range", (3, 2**32 - 1, 2), EPERM),  # CLOSE_RANGE_UNSHARE
        ("close_range", (3, 2**32 - 1, 6), EPERM),
        ("landlock_create_ruleset", (0, 8, 0), EPERM),
        ("landlock_add_rule", (5, 1, 0, 0), EPERM),
        ("clone", (0x01200011,), ALLOW),  # fork(2): the gate decides
        ("clone", (0x4111,), EPERM),  # vfork
        ("clone", (0x01200011 | 0x8000,), EPERM),  # with CLONE_PARENT
        ("socketpair", (1, 1, 0), ALLOW),
        ("recvmsg", (3, 0, 1), EPERM),  # MSG_OOB
        ("recvfrom", (3, 0, 9, 0x40), ALLOW),
        ("sendto", (3, 0, 9, 1, 0, 0), EPERM),
        ("socketpair", (1, 1 | 0o2000000 | 0o4000, 0), ALLOW),
        ("socketpair", (1, 2, 0), EPERM),
        ("socketpair", (2, 1, 0), EPERM),
        ("sendto", (3, 0, 0, 0, 0, 0), ALLOW),
        ("sendto", (3, 0, 0, 0, 0x7000, 16), EPERM),
        ("sendto", (3, 0, 0, 0, 1 << 40, 16), EPERM),
        ("ioctl", (1, 0x5412), EPERM),
        ("ioctl", (1, 0x5421), ALLOW),
        ("prctl", (4, 1), EPERM),
        ("prctl", (15,), ALLOW),
        ("prlimit64", (0, 7, 0), ALLOW),
        ("prlimit64", (0, 7, 1 << 40), EPERM),
        ("prlimit64", (17, 7, 0), EPERM),
        ("fcntl", (3, 8, 17), EPERM),  # F_SETOWN
        ("fcntl", (3, 1030, 10), ALLOW),
        ("fcntl", (3, 6, 0), DONE),  # F_SETLK: succeeds, and sets no lock
        ("fcntl", (3, 7, 0), DONE),
        ("fcntl", (3, 5, 0), ALLOW),
        ("fcntl", (3, 37, 0), EPERM),  # F_OFD_SETLK
        ("fcntl", (3, 1024, 0), EPERM),  # F_SETLEASE
        ("fcntl", (3, 1031, 1 << 20), EPERM),  # F_SETPIPE_SZ
        ("getsockopt", (3, 1, 17), EPERM),  # SO_PEERCRED
        ("getsockopt", (3, 1, 3), ALLOW),
        ("clock_gettime", (1,), ALLOW),
        ("clock_gettime", (0xFFFFFFFFFFFFFF82,), EPERM),
        ("sched_getaffinity", (0,), ALLOW),
        ("sched_getaffinity", (17,), EPERM),
        ("getpriority", (0, 17), EPERM),
    ],
)
def test_arguments_decide(machine: str, name: str, arguments: tuple[int, ...], expected: int) -> None:
    assert called(machine, name, *arguments) == expected


def test_without_a_gate_nothing_forks(machine: str) -> None:
    assert called(machine, "clone", 0x01200011, may_fork=False) == EPERM
    assert called(machine, "clone", 0x3D0F00, may_fork=False) == ALLOW


@pytest.mark.parametrize("flags", [1, 2, 0o100, 0o1000, 0o2 | 0o20200000])
def test_where_nothing_may_be_written_files_open_to_read(machine: str, flags: int) -> None:
    assert called(machine, "openat", 0, 0, flags, may_write=False) == EPERM
    assert called(machine, "openat", 0, 0, 0o2000000, may_write=False) == ALLOW
    assert called(machine, "openat", 0, 0, flags, may_write=True) == ALLOW
    assert called(machine, "unlinkat", 0, 0, may_write=False) == EPERM


@pytest.mark.parametrize(
    "name", ["readlink", "readlinkat", "chdir", "fchdir", "landlock_restrict_self", "mkdirat"]
)
def test_what_belongs_to_a_root_folder_of_its_own(machine: str, name: str) -> None:
    assert called(machine, name, may_write=True) == ALLOW
    assert called(machine, name, may_write=False) == EPERM


def test_other_machines_and_x32_end_the_process(machine: str) -> None:
    program = seccomp.allow_list(may_write=True, may_fork=True)
    assert verdict(program, 1, arch=0x40000003) == KILL
    other = next(each for each in ARCH.values() if each != ARCH[machine])
    assert verdict(program, 1, arch=other) == KILL
    if machine == "x86_64":
        assert verdict(program, 0x40000000 | 1) == KILL
        assert verdict(program, -1) == KILL


@pytest.mark.parametrize("machine", MACHINES)
@given(
    number=st.integers(0, 600),
    arguments=st.tuples(*[WORD] * 6),
    may_write=st.booleans(),
    may_fork=st.booleans(),
)
def test_only_what_is_named_is_allowed(
    machine: str, number: int, arguments: tuple[int, ...], may_write: bool, may_fork: bool
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(seccomp, "machine", lambda: MACHINES[machine])
        seccomp.allow_list.cache_clear()
        program = seccomp.allow_list(may_write=may_write, may_fork=may_fork)
    seccomp.allow_list.cache_clear()
    names = {numbers[MACHINES[machine]]: name for name, numbers in NUMBERS.items()}
    named = {*seccomp._ALLOWED, *seccomp._RULES, *seccomp._WRITING, *seccomp._IN_A_ROOT_OF_ITS_OWN}
    named |= {"open", "openat", "clone", "landlock_restrict_self"}
    said = verdict(program, number, arguments, ARCH[machine])
    if names.get(number) not in named:
        assert said in (EPERM, ENOSYS)
    else:
        assert said in (ALLOW, EPERM, *([DONE] if names.get(number) == "fcntl" else []))


@given(number=st.integers(0, 600), flags=WORD)
def test_the_gate_asks_about_every_start_of_a_process_and_not_of_a_thread(number: int, flags: int) -> None:
    said = verdict(
        seccomp._gate(), number, (flags,), ARCH["x86_64"] if kernel.machine() == 0 else ARCH["aarch64"]
    )
    clone = NUMBERS["clone"][kernel.machine()]
    if number == clone:
        assert said == (ALLOW if flags & 0x10000 else NOTIFY)
    elif kernel.machine() == 0 and number in (57, 58):
        assert said == EPERM
    elif number == 435:
        assert said == ENOSYS
    else:
        assert said == ALLOW


def test_a_filter_fits_into_the_kernel() -> None:
    for may_write in (True, False):
        assert len(seccomp.allow_list(may_write=may_write, may_fork=True)) // 8 <= 4096
