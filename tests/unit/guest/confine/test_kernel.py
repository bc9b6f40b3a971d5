"""System calls by number, and how refusals are reported."""

from __future__ import annotations

import errno
import os
import platform
import sys
import threading

import pytest

from harlm.guest.confine import kernel
from harlm.guest.confine.kernel import MACHINES, NUMBERS, KernelRefused, machine, prctl, syscall

here = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in MACHINES,
    reason="numbers are for Linux on two machines",
)
_GET_DUMPABLE = 3


@pytest.mark.parametrize("column", MACHINES.values())
def test_no_two_calls_have_one_number(column: int) -> None:
    numbers = [pair[column] for pair in NUMBERS.values() if pair[column] is not None]
    assert len(numbers) == len(set(numbers))


def test_calls_newer_than_both_machines_have_one_number_on_them() -> None:
    assert all(pair[0] == pair[1] for pair in NUMBERS.values() if max(pair[0] or 0, pair[1] or 0) >= 424)


def test_an_unknown_machine_is_named_with_those_that_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "vax")
    with pytest.raises(
        KernelRefused, match="system calls: their numbers on 'vax' are not known, only on x86_64, aarch64"
    ):
        machine()


@here
def test_calls_reach_the_kernel() -> None:
    assert syscall("a test", "getpid") == os.getpid()
    assert syscall("a test", "gettid") == threading.get_native_id()
    assert prctl("a test", _GET_DUMPABLE) in (0, 1, 2)


@here
def test_a_call_that_fails_says_what_it_was_for_and_why() -> None:
    with pytest.raises(KernelRefused, match=f"closing a file: {os.strerror(errno.EBADF)}") as refused:
        syscall("closing a file", "close", -1)
    assert refused.value.step == "closing a file"


@here
def test_arguments_of_every_kind_are_passed() -> None:
    with pytest.raises(KernelRefused, match=os.strerror(errno.ENOENT)):
        syscall("opening", "openat", -100, b"/no/such/file", os.O_RDONLY)
    descriptor = syscall("opening", "openat", -100, os.fsencode(os.devnull), os.O_RDONLY)
    os.close(descriptor)


def test_a_call_that_the_machine_does_not_have_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel, "machine", lambda: MACHINES["aarch64"])
    with pytest.raises(KernelRefused, match="a step: this machine has no open"):
        syscall("a step", "open", b"/", 0)


def test_a_refusal_has_the_errno_of_its_reason() -> None:
    assert KernelRefused("a step", errno.EMFILE).errno == errno.EMFILE
    assert KernelRefused("a step", "it cannot be done").errno is None
