"""What keeps code that runs at any moment away from half-sent frames: the host's interrupts, signal handlers,
finalizers and trace functions.
"""

from __future__ import annotations

import signal
import sys
import threading
from _signal import pthread_sigmask  # type: ignore[import-not-found] # ``signal``'s own makes an enum of each number
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_HELD_OFF = (
    signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM, signal.SIGTERM,
    signal.SIGCHLD, signal.SIGVTALRM, signal.SIGPROF, signal.SIGIO,
)  # fmt: skip


@contextmanager
def quiet() -> Iterator[None]:
    """Hold off signal handlers while a frame is sent or read: one that raises, such as that of an alarm, would tear
    it in two.
    """
    before = pthread_sigmask(signal.SIG_BLOCK, ())
    try:
        pthread_sigmask(signal.SIG_BLOCK, _HELD_OFF)
        yield
    finally:
        pthread_sigmask(signal.SIG_SETMASK, before)


def caller() -> FrameType:
    """The frame that called the method that calls this."""
    return sys._getframe(2)  # noqa: SLF001 - Python has no other way to it


def is_running(file: str, frame: FrameType | None) -> bool:
    """Whether code of ``file`` is being run below ``frame`` in its thread. A signal handler, a finalizer or a trace
    function runs on top of the code that it interrupted, which may hold a lock or have read half a frame.
    """
    while frame is not None:
        if frame.f_code.co_filename == file:
            return True
        frame = frame.f_back
    return False


class Shield:
    """Delays an interrupt of the main thread while a frame is being sent or read, so that no frame is torn in
    two.
    """

    def __init__(self) -> None:
        self._main = threading.get_ident()
        self._depth = 0
        self._held_off: BaseException | None = None

    def hit(self, error: BaseException) -> None:
        """Raise ``error`` now, or when the shield is released. Called by a signal handler, which runs in the
        main thread.
        """
        if self._depth:
            self._held_off = error
        else:
            raise error

    def __enter__(self) -> None:
        if threading.get_ident() == self._main:
            self._depth += 1

    def __exit__(self, *_: object) -> None:
        if threading.get_ident() == self._main:
            self._depth -= 1
            if not self._depth and self._held_off is not None:
                error, self._held_off = self._held_off, None
                raise error
