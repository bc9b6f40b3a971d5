from __future__ import annotations

import signal

import pytest

from harlm.guest.worker.interrupts import INTERRUPTS, CellInterrupted, signal_for


@pytest.mark.parametrize("kind", INTERRUPTS.values())
def test_each_reason_has_one_signal_and_an_exception_that_no_loop_catches_by_accident(
    kind: type[CellInterrupted],
) -> None:
    assert INTERRUPTS[signal_for(kind)] is kind
    assert list(INTERRUPTS.values()).count(kind) == 1
    assert not issubclass(kind, Exception)


@pytest.mark.parametrize("number", INTERRUPTS)
def test_a_signal_raises_the_exception_of_its_reason_in_the_running_code(number: int) -> None:
    def raise_it(number: int, frame: object) -> None:
        raise INTERRUPTS[number]()

    before = signal.signal(number, raise_it)
    try:
        with pytest.raises(INTERRUPTS[number], match="the cell"):
            signal.raise_signal(number)
    finally:
        signal.signal(number, before)
