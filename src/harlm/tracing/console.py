"""Shows the progress of a run: a live tree of nodes on a terminal, plain lines elsewhere.

Writes to stderr only. Text from models and documents is never interpreted as markup or as terminal commands.
If writing fails, the display stops and the run continues.
"""

from __future__ import annotations

import io
import time
from typing import TYPE_CHECKING, TextIO, cast

from harlm import events
from harlm.tracing.tree import CallTree, NodeSummary, node_line
from harlm.visible import harmless

if TYPE_CHECKING:
    from rich.live import Live
    from rich.tree import Tree

_QUIET_S = 2.0  # the least time between two plain lines about calls
_MOST_NODES = 24  # children of the root that are drawn; each level below shows half as many
_NOTICED_S = 2.0  # a wait of this length is reported


def counted(count: int, noun: str) -> str:
    """A count with its noun: ``1 document``, ``2,247 documents``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


class PlainLines:
    """Writes one line for each important event, for logs and pipes. A ``TraceSink``.

    Args:
        out: the stream to write to, normally stderr.
    """

    def __init__(self, out: TextIO) -> None:
        self._out = _until_it_fails(out)
        self._tree = CallTree()
        self._said = time.monotonic()

    def emit(self, event: events.Event) -> None:
        """Receive one event, and write a line if it is important."""
        self._tree.add(event)
        match event:
            case events.RunStarted():
                self._say(_started(event))
            case events.Routed():
                self._say(_routed(event))
            case events.CallFinished() | events.CellFinished():
                if time.monotonic() - self._said > _QUIET_S and self._tree.root is not None:
                    self._say(node_line(self._tree.root))
            case _:
                if (note := _note(event)) is not None:
                    self._say(note)

    def close(self) -> None:
        """Do nothing: every line is already written."""

    def _say(self, line: str) -> None:
        print(harmless(line), file=self._out, flush=True)
        self._said = time.monotonic()


class LiveTree:
    """Draws a tree of nodes that is updated as the run progresses. A ``TraceSink``.

    Args:
        out: the terminal to draw on.
    """

    def __init__(self, out: TextIO) -> None:
        from rich.console import Console
        from rich.live import Live

        self._console = Console(file=_until_it_fails(out), highlight=False, markup=False, emoji=False)
        self._tree = CallTree()
        self._live: Live = Live(
            console=self._console,
            get_renderable=self._drawing,
            refresh_per_second=8,
            transient=True,
            redirect_stdout=False,  # else rich would send text for stdout to the terminal
            redirect_stderr=False,
        )
        self._live.start()

    def emit(self, event: events.Event) -> None:
        """Receive one event. The tree is redrawn on a timer."""
        self._tree.add(event)
        match event:
            case events.RunStarted():
                self._console.print(harmless(_started(event)), style="dim")
            case events.Routed():
                self._console.print(harmless(_routed(event)), style="dim")
            case _:
                if (note := _note(event)) is not None:
                    self._console.print(harmless(note), style="yellow")

    def close(self) -> None:
        """Remove the tree from the terminal."""
        self._live.stop()

    def _drawing(self) -> Tree | str:
        from rich.text import Text
        from rich.tree import Tree

        root = self._tree.root
        if root is None:
            return "…"
        tree = Tree(Text(harmless(node_line(root))))
        _add_children(tree, root, _MOST_NODES)
        return tree


def _add_children(branch: Tree, node: NodeSummary, room: int) -> None:
    from rich.text import Text

    running_first = sorted(node.children, key=lambda child: bool(child.status))
    for child in running_first[:room]:
        _add_children(branch.add(Text(harmless(node_line(child)))), child, room // 2)
    if len(running_first) > room:
        branch.add(Text(f"… {len(running_first) - room} more"))


def _started(event: events.RunStarted) -> str:
    skipped = f", {len(event.skipped)} skipped (harlm inspect shows why)" if event.skipped else ""
    models = (
        event.root_model if event.root_model == event.sub_model else f"{event.root_model}, {event.sub_model}"
    )
    return f"{counted(event.documents, 'document')}, about {event.tokens:,} tokens{skipped} · {models}"


def _note(event: events.Event) -> str | None:
    """A line for an event that the user should know of at once; ``None`` for others, such as a short wait."""
    match event:
        case events.Noted():
            return f"note: {event.message}"
        case events.TraceCut():
            return f"note: trace cut at {event.limit_mb:,} MB (tracing.run_mb); the run continues, and its end is stored"
        case events.LimitReached():
            return f"limit: {event.message}; finishing with the findings so far"
        case events.FellBack():
            return f"note: {event.error}; using {event.instead} instead"
        case events.Retried(wait_s=wait) if wait >= _NOTICED_S:
            return f"note: {event.error}; retrying in {wait:.0f} s"
    return None


def _routed(event: events.Routed) -> str:
    return f"mode {event.mode} ({event.probabilities[event.mode]:.0%}): {event.reasons[0] if event.reasons else ''}"


class _UntilItFails(io.TextIOBase):
    """A stream that writes until an error, and drops everything after it."""

    def __init__(self, out: TextIO) -> None:
        self._out: TextIO | None = out
        self._is_terminal = out.isatty()
        self._encoding = out.encoding

    @property
    def encoding(self) -> str:  # type: ignore[override] # a read-only property in truth
        return self._encoding

    def write(self, text: str, /) -> int:
        if self._out is not None:
            try:
                self._out.write(text)
            except (OSError, ValueError):  # ValueError: the stream is closed
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
    return cast(TextIO, _UntilItFails(out))  # it has everything that print and rich use
