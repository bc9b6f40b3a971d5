"""Shows the progress of a run: a live tree of nodes on a terminal, plain lines elsewhere.

Writes to stderr only. Text from models and documents is never interpreted as markup or as terminal commands.
If writing fails, the display stops and the run continues.
"""

from __future__ import annotations

import io
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import TextIO, cast

from harlm import events
from harlm.tracing.area import DIM, YELLOW, Area, Ticker
from harlm.tracing.notes import Note, Notes, counted
from harlm.tracing.status import RunStatus
from harlm.tracing.terminal import Terminal
from harlm.tracing.tree import CallTree
from harlm.visible import harmless

__all__ = ["LiveTree", "PlainLines", "counted"]

_FRAME_S = 0.25  # between two frames
_LOOK_S = 1.0  # how often plain lines look whether a line is due
_PROGRESS_S = 5.0  # the least time between two plain lines of figures
_LONGEST_SILENCE_S = 60.0  # while nothing happens, the time between two lines doubles up to this


class PlainLines:
    """Writes one line for each important event, and one with the figures every few seconds, for logs and pipes. A
    ``TraceSink``.

    Args:
        out: the stream to write to, normally stderr.
        now: the clock, in seconds.
    """

    def __init__(self, out: TextIO, now: Callable[[], float] = time.monotonic) -> None:
        self._out = _UntilItFails(out)
        self._now = now
        self._status = RunStatus(now)
        self._notes = Notes()
        self._lock = threading.Lock()
        self._ticker: Ticker | None = None
        self._said = now()
        self._steps = 0
        self._silence_s = _PROGRESS_S

    def emit(self, event: events.Event) -> None:
        """Receive one event, and write a line if it is important."""
        with self._lock:
            self._status.add(event)
            if (note := self._notes.of(event)) is not None:
                self._say(note.text)
        if self._ticker is None and self._status.is_running:
            self._ticker = Ticker(self.tick, _LOOK_S)

    def tick(self) -> None:
        """Write the figures, or what the run waits for, if it is time."""
        with self._lock:
            status, quiet = self._status, self._now() - self._said
            if not status.is_running or self._out.has_failed:
                return
            if status.steps != self._steps:
                if quiet >= _PROGRESS_S:
                    self._silence_s = _PROGRESS_S
                    self._say(str(status.line()))
            elif quiet >= self._silence_s:
                self._silence_s = min(_LONGEST_SILENCE_S, 2 * self._silence_s)
                self._say(status.waiting())

    def close(self) -> None:
        """Write no more lines of figures."""
        if self._ticker is not None:
            self._ticker.close()

    def _say(self, line: str) -> None:
        self._said, self._steps = self._now(), self._status.steps
        print(harmless(line), file=cast(TextIO, self._out), flush=True)


class LiveTree:
    """Draws the status of a run and its tree of nodes, and updates them as the run progresses. A ``TraceSink``.

    A terminal that cannot be drawn on (``TERM=dumb``, no UTF-8, fewer than 20 columns), one that is to have no
    colours (``NO_COLOR``), and that of a build (``CI``) get plain lines.

    Events are only taken in: a thread writes, so that a terminal that is stopped does not stop the run.

    Args:
        out: the terminal to draw on.
        terminal: what it can do, if that is not to be found out.
        now: the clock, in seconds.
    """

    def __init__(
        self, out: TextIO, terminal: Terminal | None = None, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._out = _UntilItFails(out)
        self._terminal = terminal or Terminal(out)
        self._plain = None if self._terminal.can_be_drawn_on() else PlainLines(out, now)
        self._status = RunStatus(now)
        self._tree = CallTree()
        self._notes = Notes()
        self._pending: deque[Note] = deque()
        self._lock = threading.Lock()
        self._shown: tuple[int, int, int] | None = None  # size and second of the last frame
        self._has_stopped = False
        self._area: Area | None = None
        self._ticker: Ticker | None = None
        if self._plain is None:
            self._area = Area(cast(TextIO, self._out))
            self._ticker = Ticker(self.draw, _FRAME_S)

    def emit(self, event: events.Event) -> None:
        """Receive one event. The tree is redrawn on a timer."""
        if self._plain is not None:
            self._plain.emit(event)
            return
        try:
            with self._lock:
                self._status.add(event)
                self._tree.add(event)
                self._shown = None
            if (note := self._notes.of(event)) is not None:
                self._pending.append(note)
        except Exception as error:  # noqa: BLE001 - a paid run does not end for a fault of its display
            self._stop(error)

    def draw(self) -> None:
        """Write the notes, and draw the tree as it is now."""
        if self._area is None or self._out.has_failed:
            return
        self._say_pending(self._area)
        if self._has_stopped:
            return
        try:
            if (rows := self._rows()) is not None:
                self._area.draw(rows)
        except Exception as error:  # noqa: BLE001 - as in emit
            self._stop(error)
            self._say_pending(self._area)

    def close(self) -> None:
        """Remove the tree from the terminal."""
        if self._plain is not None:
            self._plain.close()
        if self._area is None or self._ticker is None:
            return
        try:
            self._ticker.close()
            self._say_pending(self._area)
        finally:
            self._area.close()

    def _rows(self) -> list[str] | None:
        """The rows of the next frame; ``None`` if neither events, the clock nor the size have changed them."""
        from harlm.tracing.rows import frame

        width, height = self._terminal.size
        with self._lock:
            what = width, height, int(self._status.seconds)
            if what == self._shown:
                return None
            self._shown = what
            return frame(self._status.line(), self._tree.root, width, height)

    def _say_pending(self, area: Area) -> None:
        with suppress(IndexError):
            while True:
                note = self._pending.popleft()
                area.say(note.text, YELLOW if note.is_warning else DIM)
                self._shown = None

    def _stop(self, error: Exception) -> None:
        if not self._has_stopped:
            self._has_stopped = True
            fault = harmless(f"{type(error).__name__}: {error}")
            self._pending.append(Note(f"note: the display has stopped ({fault}); the run continues"))


class _UntilItFails(io.TextIOBase):
    """A stream that writes until an error, and drops everything after it.

    Attributes:
        has_failed: whether there was an error.
    """

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self.has_failed = False

    @property
    def encoding(self) -> str:  # type: ignore[override] # a read-only property in truth
        return self._out.encoding

    def write(self, text: str, /) -> int:
        if not self.has_failed:
            try:
                self._out.write(text)
            except (OSError, ValueError):  # ValueError: the stream is closed
                self.has_failed = True
        return len(text)

    def flush(self) -> None:
        if not self.has_failed:
            try:
                self._out.flush()
            except (OSError, ValueError):  # as above
                self.has_failed = True
