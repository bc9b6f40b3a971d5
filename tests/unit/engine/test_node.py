from __future__ import annotations

from harlm import events
from harlm.testing import ScriptedModel
from tests.support.nodes import node_with


def test_children_are_named_and_counted_below_their_parent() -> None:
    node, log = node_with(ScriptedModel([]))
    first, second = node.child(), node.child()
    below = second.child()
    assert (first.name, second.name, below.name) == ("0.0", "0.1", "0.1.0")
    assert (below.parent, below.depth) == ("0.1", 2)
    below.emit(events.Noted(message="x"))
    assert (log.events[0].node, log.events[0].parent) == ("0.1.0", "0.1")
