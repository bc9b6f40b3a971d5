"""Progress on a terminal while a run goes: a live tree of calls, or plain lines where nobody watches. Writes to stderr
only; text from models and documents is never taken for markup.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TextIO

from harlm import events
from harlm.tracing.tree import CallTree, Node, node_line

if TYPE_CHECKING:
    from rich.live import Live
    from rich.tree import Tree

_QUIET_S = 2.0  # plain lines: nothing is said of calls before this, and then every so often
_MOST_NODES = 24


class PlainLines:
    """One line for each thing worth knowing, for logs and pipes.

    Args:
        out: where to write, normally stderr.
    """

    def __init__(self, out: TextIO) -> None:
        self._out = out
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
            case events.Noted():
                self._say(f"note: {event.message}")
            case events.CallFinished() | events.CellFinished():
                if time.monotonic() - self._said > _QUIET_S and self._tree.root is not None:
                    self._say(node_line(self._tree.root))

    def close(self) -> None:
        """Nothing is left to do."""

    def _say(self, line: str) -> None:
        print(line, file=self._out, flush=True)
        self._said = time.monotonic()


class LiveTree:
    """A tree of nodes that is drawn anew as the run goes.

    Args:
        out: the terminal.
    """

    def __init__(self, out: TextIO) -> None:
        from rich.console import Console
        from rich.live import Live

        self._console = Console(file=out, highlight=False, markup=False)
        self._tree = CallTree()
        self._live: Live = Live(
            console=self._console, get_renderable=self._drawn, refresh_per_second=8, transient=True
        )
        self._live.start()

    def emit(self, event: events.Event) -> None:
        """Take one event; the picture follows by itself."""
        self._tree.add(event)
        match event:
            case events.RunStarted():
                self._console.print(_started(event), style="dim")
            case events.Routed():
                self._console.print(_routed(event), style="dim")
            case events.Noted():
                self._console.print(f"note: {event.message}", style="yellow")

    def close(self) -> None:
        """Take the picture away."""
        self._live.stop()

    def _drawn(self) -> Tree | str:
        from rich.text import Text
        from rich.tree import Tree

        root = self._tree.root
        if root is None:
            return "…"
        drawn = Tree(Text(node_line(root)))
        _grow(drawn, root, _MOST_NODES)
        return drawn


def _grow(branch: Tree, node: Node, room: int) -> None:
    from rich.text import Text

    busy = sorted(node.children, key=lambda child: bool(child.status))
    for child in busy[:room]:
        _grow(branch.add(Text(node_line(child))), child, room // 2)
    if len(busy) > room:
        branch.add(Text(f"… {len(busy) - room} more"))


def _started(event: events.RunStarted) -> str:
    skipped = f", {len(event.skipped)} left out (harlm inspect says why)" if event.skipped else ""
    models = (
        event.root_model if event.root_model == event.sub_model else f"{event.root_model}, {event.sub_model}"
    )
    return f"{event.documents:,} documents, about {event.tokens:,} tokens{skipped} · {models}"


def _routed(event: events.Routed) -> str:
    return f"mode {event.mode} ({event.probabilities[event.mode]:.0%}): {event.reasons[0] if event.reasons else ''}"
