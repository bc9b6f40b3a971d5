"""Asks a run to stop, from a signal handler or another thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Interruption:
    """A request to stop, for whichever runs are under way.

    >>> stop = Interruption()
    >>> threading.Timer(60, stop.request).start()
    >>> HARLM().ask(question, context, interruption=stop)  # raises Interrupted, with the partial answer, if it takes longer
    """

    def __init__(self) -> None:
        self._runs: list[Callable[[], None]] = []

    def request(self) -> None:
        """Let the runs that are under way finish with what they have. May be called in any thread."""
        for stop in list(self._runs):
            stop()

    @contextmanager
    def heard_by(self, stop: Callable[[], None]) -> Iterator[None]:
        """In this block, a run is told of requests.

        Args:
            stop: called with each request, in the thread that makes it.
        """
        self._runs.append(stop)
        try:
            yield
        finally:
            self._runs.remove(stop)
