"""Handles the signals that ask a process to stop (``kill``, a closed terminal) like Ctrl-C: the run is
cancelled, cleans up, and reports what is stored.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = tuple(
    signal.Signals[name] for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)
)  # Windows has no SIGHUP
_first: list[Callable[[], None]] = []
"""What the first signal does while Ctrl-C is ignored."""


@contextmanager
def first_signal(does: Callable[[], None]) -> Iterator[None]:
    """In this block, the first signal calls ``does`` if Ctrl-C is ignored, as in a background job of a shell."""
    _first.append(does)
    try:
        yield
    finally:
        _first.clear()


@contextmanager
def first_ctrl_c(does: Callable[[], None]) -> Iterator[None]:
    """In this block, the first Ctrl-C, or another signal that is handled like it, calls ``does``; the second one acts as it did
    before the block.
    """
    before = signal.getsignal(signal.SIGINT)
    if not callable(before):  # Ctrl-C is ignored, and other signals are not
        with first_signal(does):
            yield
        return

    def at_ctrl_c(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, before)
        does()

    signal.signal(signal.SIGINT, at_ctrl_c)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


class _Stopped(KeyboardInterrupt):
    """A signal, handled like Ctrl-C. A plain ``KeyboardInterrupt`` that has passed through code in a string, which some imports
    run, has ``python -m harlm`` end by SIGINT whatever its exit code.
    """


class Stop:
    """Remembers the signal that asked the process to stop.

    Attributes:
        signal: the signal; ``None`` for Ctrl-C, and before any signal.
    """

    def __init__(self) -> None:
        self.signal: signal.Signals | None = None

    def listen(self) -> None:
        """Handle the signals from now on. A signal that is ignored (``nohup``) stays ignored."""
        for number in _SIGNALS:
            if signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, self._interrupt)

    def ignore(self) -> None:
        """Ignore the signals, and Ctrl-C, from now on: only clean-up remains."""
        for number in (signal.SIGINT, *_SIGNALS):
            signal.signal(number, signal.SIG_IGN)

    @property
    def exit_code(self) -> int:
        """The exit code that a shell expects of a process stopped by this signal."""
        return 128 + (self.signal or signal.SIGINT)

    def __str__(self) -> str:
        return "interrupted" if self.signal is None else f"stopped by {self.signal.name}"

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        self.signal = signal.Signals(number)
        as_ctrl_c = signal.getsignal(signal.SIGINT)  # asyncio's handler while a loop runs: it cancels the run
        if callable(as_ctrl_c) and as_ctrl_c is not signal.default_int_handler:
            as_ctrl_c(signal.SIGINT, frame)
        elif _first and not callable(as_ctrl_c):  # Ctrl-C is ignored
            _first.pop()()
        else:
            raise _Stopped
