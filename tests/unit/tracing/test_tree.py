"""The tree of nodes that events describe."""

from __future__ import annotations

from harlm import events
from harlm.tracing.tree import CallTree, NodeSummary, node_figures, node_line, one_line
from harlm.types import Usage
from tests.support.story import STORY


def test_the_tree_counts_calls_where_they_were_made() -> None:
    root = CallTree(STORY).root
    assert root is not None
    assert (root.root_calls, root.sub_calls, root.cells, root.status) == (1, 1, 1, "ok")
    assert root.reused == 1
    (child,) = root.children
    assert (child.name, child.failed, child.in_flight, child.status) == ("0.0", 1, 0, "ok")
    assert node_line(root).startswith("full “")
    assert "1 failed" in node_line(child)


def test_without_events_there_is_no_tree() -> None:
    assert CallTree().root is None


def test_a_long_line_is_cut() -> None:
    assert one_line(" a\n b ") == "a b"
    assert one_line("x" * 20, 10) == "x" * 9 + "…"


def test_a_node_is_never_its_own_parent() -> None:
    tree = CallTree(
        [
            events.NodeStarted(
                node="0", parent="0", depth=0, question="q", mode="repl", documents=1, characters=1
            )
        ]
    )
    assert tree.root is not None
    assert tree.root.children == []


def test_a_summary_is_a_sub_call_and_a_failed_call_is_no_call() -> None:
    tree = CallTree()
    roles: tuple[events.Role, ...] = ("root", "sub", "summary")
    for number, role in enumerate(roles, start=1):
        tree.add(events.CallStarted(node="0", call=number, role=role, model="m", messages=()))
    tree.add(events.CallFinished(node="0", call=1, text="", usage=Usage(calls=1), stop="end", latency_s=0))
    tree.add(events.CallFinished(node="0", call=3, text="", usage=Usage(calls=1), stop="end", latency_s=0))
    tree.add(events.CallFailed(node="0", call=2, error="boom"))
    assert tree.root is not None
    assert (tree.root.root_calls, tree.root.sub_calls, tree.root.failed) == (1, 1, 1)
    assert tree.root.in_flight == 0


def test_a_child_whose_parent_is_unknown_is_not_in_the_tree() -> None:
    tree = CallTree(
        [events.NodeFinished(node=node, parent="9", status="ok", text="x") for node in ("0", "9.9")]
    )
    assert tree.root is not None
    assert (tree.root.name, tree.root.children) == ("0", [])


def test_the_line_of_a_node_has_only_the_figures_that_are_not_zero() -> None:
    assert (
        node_line(NodeSummary("0", question="q", mode="direct", root_calls=1))
        == "direct “q” · 1 call · 0 tokens · …"
    )
    busy = NodeSummary(
        "0", question="q", mode="full", status="ok", root_calls=2, sub_calls=3, failed=1, reused=4
    )
    busy.early, busy.wasted, busy.faster = 5, 6, 1.5
    assert node_line(busy) == (
        "full “q” · 2 turns, 3 sub-calls, 4 reused, 5 early, 1.5 at once, 6 wasted, 1 failed · 0 tokens · ok"
    )


def test_calls_of_tools_are_counted_with_those_that_failed() -> None:
    tree = CallTree()
    tree.add(events.NodeStarted(node="0", depth=0, question="q", mode="full", documents=1, characters=1))
    for error in ("", "no such row", ""):
        tree.add(events.ToolCalled(node="0", tool="sql", arguments="{}", value="", seconds=0.1, error=error))
    assert tree.root is not None
    assert (tree.root.tool_calls, tree.root.tool_failures) == (3, 1)
    assert "0 turns, 3 tool calls (1 failed) · 0 tokens" in node_figures(tree.root)
