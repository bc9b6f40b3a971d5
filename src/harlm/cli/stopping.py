"""Signals that ask a process to stop (``kill``, a terminal that is closed), taken as Ctrl-C is: what runs is cancelled,
cleans up after itself, and says what is kept.
"""

from __future__ import annotations

import signal
from types import FrameType

_SIGNALS = (signal.SIGTERM, signal.SIGHUP)


class Stop:
    """Which signal has asked to stop.

    Attributes:
        signal: None for Ctrl-C, or while nothing has.
    """

    def __init__(self) -> None:
        self.signal: signal.Signals | None = None

    def listen(self) -> None:
        """Take the signals from here on; those that are ignored (``nohup``) stay so."""
        for number in _SIGNALS:
            if signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, self._interrupt)

    @property
    def exit_code(self) -> int:
        """What a shell expects of a process that was stopped so."""
        return 128 + (self.signal or signal.SIGINT)

    def __str__(self) -> str:
        return "interrupted" if self.signal is None else f"stopped by {self.signal.name}"

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        self.signal = signal.Signals(number)
        as_ctrl_c = signal.getsignal(signal.SIGINT)  # while a loop runs, asyncio's: it cancels the run
        if callable(as_ctrl_c):
            as_ctrl_c(signal.SIGINT, frame)
        else:
            raise KeyboardInterrupt  # Ctrl-C is ignored, as in a shell's background job
