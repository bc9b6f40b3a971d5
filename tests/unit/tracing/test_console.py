from __future__ import annotations

import io

import pytest

from harlm.tracing import console
from harlm.tracing.console import LiveTree, PlainLines
from harlm.tracing.tree import CallTree, node_line
from tests.contracts.test_trace_sink import STORY


def test_the_tree_counts_calls_where_they_were_made() -> None:
    root = CallTree(STORY).root
    assert root is not None
    assert (root.root_calls, root.sub_calls, root.cells, root.status) == (1, 0, 1, "ok")
    (child,) = root.children
    assert (child.name, child.failed, child.in_flight, child.status) == ("0.0", 1, 0, "ok")
    assert node_line(root).startswith("full “")
    assert "1 failed" in node_line(child)


def test_plain_lines_say_what_matters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "_QUIET_S", 0.0)
    out = io.StringIO()
    lines = PlainLines(out)
    for event in STORY:
        lines.emit(event)
    lines.close()
    said = out.getvalue()
    assert said.startswith("2 documents, about 3 tokens · a/b\nmode full (70%)")
    assert "note: [bold]not markup[/]" in said


def test_the_live_tree_takes_no_text_for_markup() -> None:
    out = io.StringIO()
    tree = LiveTree(out)
    for event in STORY:
        tree.emit(event)
    tree._live.refresh()
    tree.close()
    assert "[bold]not markup[/]" in out.getvalue()


def test_no_events_are_no_tree() -> None:
    assert CallTree().root is None
