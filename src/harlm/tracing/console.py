"""Progress on a terminal while a run goes: a live tree of calls, or plain lines where nobody watches. Writes to stderr
only; text from models and documents is never taken for markup, nor for commands to the terminal. A display that cannot be
seen any more stops, and the run goes on.
"""

from __future__ import annotations

import io
import time
from typing import TYPE_CHECKING, TextIO, cast

from harlm import events
from harlm.tracing.tree import CallTree, Node, node_line

if TYPE_CHECKING:
    from rich.live import Live
    from rich.tree import Tree

_QUIET_S = 2.0  # plain lines: nothing is said of calls before this, and then every so often
_MOST_NODES = 24
_NOTICED_S = 2.0  # waits from which on a user wonders
_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0)) if code not in b"\n\t"}


def counted(count: int, noun: str) -> str:
    """``1 document``, ``2,247 documents``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def harmless(text: str) -> str:
    """Text that a terminal shows and does not obey: control characters are written as escapes, but for line feeds and tabs."""
    return text.replace("\r\n", "\n").translate(_CONTROLS)


class PlainLines:
    """One line for each thing worth knowing, for logs and pipes.

    Args:
        out: where to write, normally stderr.
    """

    def __init__(self, out: TextIO) -> None:
        self._out = _until_it_fails(out)
        self._tree = CallTree()
        self._said = time.monotonic()

    def emit(self, event: events.Event) -> None:
        """Take one event, and perhaps say something."""
        self._tree.add(event)
        match event:
            case events.RunStarted():
                self._say(_started(event))
            case events.Routed():
                self._say(_routed(event))
            case events.Noted() | events.LimitReached() | events.FellBack() | events.Retried():
                if (note := _note(event)) is not None:
                    self._say(note)
            case events.CallFinished() | events.CellFinished():
                if time.monotonic() - self._said > _QUIET_S and self._tree.root is not None:
                    self._say(node_line(self._tree.root))

    def close(self) -> None:
        """Nothing is left to do."""

    def _say(self, line: str) -> None:
        print(harmless(line), file=self._out, flush=True)
        self._said = time.monotonic()


class LiveTree:
    """A tree of nodes that is drawn anew as the run goes.

    Args:
        out: the terminal.
    """

    def __init__(self, out: TextIO) -> None:
        from rich.console import Console
        from rich.live import Live

        self._console = Console(file=_until_it_fails(out), highlight=False, markup=False, emoji=False)
        self._tree = CallTree()
        self._live: Live = Live(
            console=self._console,
            get_renderable=self._drawn,
            refresh_per_second=8,
            transient=True,
            redirect_stdout=False,  # it would take what belongs on stdout to the terminal
            redirect_stderr=False,
        )
        self._live.start()

    def emit(self, event: events.Event) -> None:
        """Take one event; the picture follows by itself."""
        self._tree.add(event)
        match event:
            case events.RunStarted():
                self._console.print(harmless(_started(event)), style="dim")
            case events.Routed():
                self._console.print(harmless(_routed(event)), style="dim")
            case events.Noted() | events.LimitReached() | events.FellBack() | events.Retried():
                if (note := _note(event)) is not None:
                    self._console.print(harmless(note), style="yellow")

    def close(self) -> None:
        """Take the picture away."""
        self._live.stop()

    def _drawn(self) -> Tree | str:
        from rich.text import Text
        from rich.tree import Tree

        root = self._tree.root
        if root is None:
            return "…"
        drawn = Tree(Text(harmless(node_line(root))))
        _grow(drawn, root, _MOST_NODES)
        return drawn


def _grow(branch: Tree, node: Node, room: int) -> None:
    from rich.text import Text

    busy = sorted(node.children, key=lambda child: bool(child.status))
    for child in busy[:room]:
        _grow(branch.add(Text(harmless(node_line(child)))), child, room // 2)
    if len(busy) > room:
        branch.add(Text(f"… {len(busy) - room} more"))


def _started(event: events.RunStarted) -> str:
    skipped = f", {len(event.skipped)} left out (harlm inspect says why)" if event.skipped else ""
    models = (
        event.root_model if event.root_model == event.sub_model else f"{event.root_model}, {event.sub_model}"
    )
    return f"{counted(event.documents, 'document')}, about {event.tokens:,} tokens{skipped} · {models}"


def _note(event: events.Noted | events.LimitReached | events.FellBack | events.Retried) -> str | None:
    """What the user should know at once; a wait that is hardly noticed is not told."""
    match event:
        case events.Noted():
            return f"note: {event.message}"
        case events.LimitReached():
            return f"limit: {event.message}; finishing with what is known"
        case events.FellBack():
            return f"note: {event.error}; asking {event.instead} instead"
        case events.Retried(wait_s=wait) if wait >= _NOTICED_S:
            return f"note: {event.error}; trying again in {wait:.0f} s"
    return None


def _routed(event: events.Routed) -> str:
    return f"mode {event.mode} ({event.probabilities[event.mode]:.0%}): {event.reasons[0] if event.reasons else ''}"


class _UntilItFails(io.TextIOBase):
    """A stream that is written to until that fails, and forgets the rest."""

    def __init__(self, out: TextIO) -> None:
        self._out: TextIO | None = out
        self._is_terminal = out.isatty()
        self._encoding = out.encoding

    @property
    def encoding(self) -> str:  # type: ignore[override] # the stubs have a variable there, which is read-only in truth
        return self._encoding

    def write(self, text: str, /) -> int:
        if self._out is not None:
            try:
                self._out.write(text)
            except (OSError, ValueError):  # ValueError: it is closed
                self._out = None
        return len(text)

    def flush(self) -> None:
        if self._out is not None:
            try:
                self._out.flush()
            except (OSError, ValueError):  # as above
                self._out = None

    def isatty(self) -> bool:
        return self._is_terminal


def _until_it_fails(out: TextIO) -> TextIO:
    return cast(TextIO, _UntilItFails(out))  # what print and rich need of one is there
