"""Handles the signals that ask a process to stop (``kill``, a closed terminal) like Ctrl-C: the run is
cancelled, cleans up, and reports what is stored.
"""

from __future__ import annotations

import signal
from types import FrameType

_SIGNALS = (signal.SIGTERM, signal.SIGHUP)


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
        if callable(as_ctrl_c):
            as_ctrl_c(signal.SIGINT, frame)
        else:
            raise KeyboardInterrupt  # Ctrl-C is ignored, as in a background job of a shell
