"""Interrupts and signal handlers stay away from half-sent frames."""

from __future__ import annotations

import signal

import pytest

from harlm.guest.worker.shield import Shield, caller, is_running, quiet


def test_an_interrupt_is_raised_when_the_shield_is_released() -> None:
    shield = Shield()
    with pytest.raises(KeyboardInterrupt):
        shield.hit(KeyboardInterrupt())
    reached = []
    with pytest.raises(KeyboardInterrupt):  # noqa: PT012 - where it is raised is what is tested
        with shield:
            with shield:
                shield.hit(KeyboardInterrupt())
            reached.append("the end of the inner block")
        reached.append("after the shield")
    assert reached == ["the end of the inner block"]


def test_a_signal_handler_runs_when_the_quiet_ends() -> None:
    seen: list[str] = []
    before = signal.signal(signal.SIGALRM, lambda *_: seen.append("handled"))
    try:
        with quiet(), quiet():
            signal.raise_signal(signal.SIGALRM)
            assert seen == []
    finally:
        signal.signal(signal.SIGALRM, before)
    assert seen == ["handled"]
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == set()


def test_code_that_runs_on_top_of_a_file_is_told_from_code_that_does_not() -> None:
    def here() -> bool:
        return is_running(__file__, caller())

    assert here()
    assert not is_running("another file", caller())
