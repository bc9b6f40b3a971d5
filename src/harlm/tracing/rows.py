"""The rows of one frame of the live display: the status of the run and its tree of nodes, cut to the terminal.

A frame takes time in proportion to its rows, however many nodes the run has. Does not draw: ``harlm.tracing.area``
does.
"""

from __future__ import annotations

from itertools import islice

from harlm.tracing.cells import cells, cut
from harlm.tracing.status import StatusLine
from harlm.tracing.tree import NodeSummary, node_figures, one_line
from harlm.visible import harmless

_MOST_ROWS = 32  # on a tall terminal
_LEAST_REASON = 12  # cells; in less room a reason says nothing
_LEAST_QUESTION = 8  # cells
_LONGEST_QUESTION = 60  # characters
_ROOMY = 60  # columns from which the guides of the tree are wide
_SHARE_OF_ENDED = 3  # one row in three at most, while running nodes have nodes below them

_WIDE = ("├─ ", "└─ ", "│  ", "   ")
_NARROW = ("├", "└", "│", " ")


def frame(status: StatusLine, root: NodeSummary | None, width: int, height: int) -> list[str]:
    """The rows for a terminal: at most ``height - 1``, and at least one, each in at most ``width - 1`` cells.

    Args:
        status: the figures of the run; the first row.
        root: the tree below it; ``None`` before it begins.
        width, height: of the terminal, in cells and rows.
    """
    width = max(1, width - 1)  # in the last column some terminals would wrap
    room = min(_MOST_ROWS, height - 1) - 1
    rows = [status_row(status, width)]
    if root is not None and room > 0:
        rows.append(_row(root, "", width))
        rows += _below(root, room - 1, "", width)
    return rows


def status_row(status: StatusLine, width: int) -> str:
    """The status in at most ``width`` cells: the reason for retries is cut or left out first."""
    head, reason, tail = map(_plain, (status.head, status.reason, status.tail))
    room = width - cells(head) - cells(tail) - 2
    if reason and room >= min(cells(reason), _LEAST_REASON):
        head = f"{head}: {cut(reason, room)}"
    return cut(f"{head}{tail}", width)


def _below(node: NodeSummary, room: int, guides: str, width: int) -> list[str]:
    """The rows of the nodes below ``node``: those that run first, and one row for all that have no row."""
    last_running, last_ended = node.later
    all_of_them = len(node.running) + len(node.ended) + last_running + last_ended
    if room <= 0 or not all_of_them:
        return []
    listed = room if all_of_them <= room else room - 1
    running = list(islice(node.running.values(), listed))
    most_ended = listed - len(running)
    if any(child.running or child.ended for child in running):
        most_ended = min(most_ended, room // _SHARE_OF_ENDED)
    ended = node.ended[-most_ended:][::-1] if most_ended > 0 else []
    more = _more(node, running, ended)
    spare = room - len(running) - len(ended) - bool(more)
    branch, end, line, blank = _WIDE if width >= _ROOMY else _NARROW
    rows: list[str] = []
    for left, child in zip(range(len(running) + len(ended), 0, -1), [*running, *ended], strict=True):
        is_end = left == 1 and not more
        rows.append(_row(child, guides + (end if is_end else branch), width))
        if not child.status and spare > 0:
            still_running = max(1, left - len(ended))
            inner = _below(child, -(-spare // still_running), guides + (blank if is_end else line), width)
            spare -= len(inner)
            rows += inner
    if more:
        rows.append(cut(f"{guides}{end}{more}", width))
    return rows


def _more(node: NodeSummary, running: list[NodeSummary], ended: list[NodeSummary]) -> str:
    """The row for the nodes below ``node`` that have none: ``29 more: 12 running, 17 done``."""
    later_running, later_ended = node.later
    failed = node.failed_below - sum(child.has_failed for child in ended)
    parts = {
        "running": len(node.running) - len(running) + later_running,
        "done": len(node.ended) - len(ended) + later_ended - failed,
        "failed": failed,
    }
    total = sum(parts.values())
    counts = ", ".join(f"{count:,} {name}" for name, count in parts.items() if count > 0)
    return f"{total:,} more: {counts}" if total > 0 else ""


def _row(node: NodeSummary, guides: str, width: int) -> str:
    """A node in at most ``width`` cells: its question is cut first."""
    in_flight = f"{node.in_flight} in flight · " if node.in_flight and not node.status else ""
    before, after = f"{guides}{node.mode or '?'} “", f"” · {in_flight}{node_figures(node)}"
    question = _plain(one_line(node.question, _LONGEST_QUESTION))
    room = width - cells(before) - cells(after)
    shown = cut(question, max(room, _LEAST_QUESTION))
    return cut(_plain(f"{before}{shown}{after}"), width)


def _plain(text: str) -> str:
    """Text on one line without anything that a terminal would obey."""
    return harmless(text).replace("\n", " ").replace("\t", " ")
