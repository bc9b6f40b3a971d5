"""Shows in a notebook how a run comes along: one line that changes and is gone when the answer is there. Needs no widgets."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import copy_context
from html import escape
from typing import Protocol, cast

from harlm import events
from harlm.protocols import TraceSink
from harlm.tracing.area import Ticker
from harlm.tracing.notes import Notes
from harlm.tracing.status import RunStatus
from harlm.visible import harmless

_FRAME_S = 0.5  # between two versions of the line
_MOST_NOTES = 5  # warnings that are shown below it
_STYLE = "font-family:monospace;opacity:.75;white-space:pre-wrap"


class LiveCell(Protocol):
    """A place in a notebook that is shown and then shown anew."""

    def update(self, html: str) -> None:
        """Show other HTML in its place."""
        ...


class NotebookProgress:
    """Keeps a line of figures up to date while a run works. A ``TraceSink``; ``close`` it.

    If a notebook cannot show it, the display stops and the run continues.

    Args:
        page: makes the place for the line, with its first content.
        now: the clock, in seconds.
    """

    def __init__(self, page: Callable[[str], LiveCell], now: Callable[[], float] = time.monotonic) -> None:
        self._make_page = page
        self._status = RunStatus(now)
        self._notes = Notes()
        self._warnings: list[str] = []
        self._page: LiveCell | None = None
        self._shown = ""
        self._lock = threading.Lock()
        self._ticker: Ticker | None = None

    def emit(self, event: events.Event) -> None:
        """Take in one event; the line changes on a timer."""
        with self._lock:
            self._status.add(event)
            note = self._notes.of(event)
            if note is not None and note.is_warning and len(self._warnings) < _MOST_NOTES:
                self._warnings.append(note.text)
        if self._ticker is None and self._status.is_running:
            context = copy_context()  # a notebook finds the cell to show something in by it
            self._ticker = Ticker(lambda: context.run(self.draw), _FRAME_S)

    def draw(self) -> None:
        """Show the line as it is now."""
        with self._lock:
            if not self._status.is_running:
                return
            lines = [harmless(str(self._status.line())), *self._warnings]
        self._show(_block(lines))

    def close(self) -> None:
        """Remove the line. Warnings stay."""
        if self._ticker is not None:
            self._ticker.close()
        if self._page is not None:
            self._show(_block(self._warnings))

    def _show(self, html: str) -> None:
        if html == self._shown:
            return
        self._shown = html
        with suppress(Exception):  # a paid run does not end for a fault of its display
            if self._page is None:
                self._page = self._make_page(html)
            else:
                self._page.update(html)


def _block(lines: Sequence[str]) -> str:
    text = escape("\n".join(lines))
    return f'<div style="{_STYLE}">{text}</div>' if text else ""


@contextmanager
def notebook_progress(sinks: Sequence[TraceSink], *, is_wanted: bool) -> Iterator[Sequence[TraceSink]]:
    """The sinks of a run, with one that shows its progress if it is asked for in a notebook and its caller shows nothing.

    Args:
        sinks: of the caller; a caller with sinks shows what happens in its own way.
        is_wanted: the setting ``tracing.notebook``.
    """
    if sinks or not is_wanted or not _is_in_kernel():
        yield sinks
        return
    progress = NotebookProgress(_page_of_ipython)
    try:
        yield (progress,)
    finally:
        progress.close()


def _is_in_kernel() -> bool:
    """Whether this process is the kernel of a notebook. Imports nothing: in a kernel IPython has been imported."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else getattr(ipython, "get_ipython", lambda: None)()
    return getattr(shell, "kernel", None) is not None


class _Shown:
    """A place that IPython shows."""

    def __init__(self, html: str) -> None:
        from IPython.display import HTML, display  # type: ignore[import-not-found] # only in a notebook

        self._html = HTML
        self._handle = display(HTML(html), display_id=True)

    def update(self, html: str) -> None:
        self._handle.update(self._html(html))


def _page_of_ipython(html: str) -> LiveCell:
    return cast(LiveCell, _Shown(html))
