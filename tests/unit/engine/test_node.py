from __future__ import annotations

from harlm import events
from harlm.budget import Caps
from harlm.engine.prefix import PrefixGate
from harlm.testing import ScriptedModel
from tests.support.nodes import node_with, use_calls


def test_children_are_named_and_counted_below_their_parent() -> None:
    node, log = node_with(ScriptedModel([]))
    first, second = node.child(), node.child()
    below = second.child()
    assert (first.name, second.name, below.name) == ("0.0", "0.1", "0.1.0")
    assert (below.parent, below.depth) == ("0.1", 2)
    below.emit(events.Noted(message="x"))
    assert (log.events[0].node, log.events[0].parent) == ("0.1.0", "0.1")


async def test_a_branch_of_a_node_is_at_its_depth_and_within_its_caps() -> None:
    node, _ = node_with(ScriptedModel([]), caps=Caps(calls=9, depth=0))
    branch = node.fork(Caps(calls=3))
    assert (branch.name, branch.parent, branch.depth, branch.account.depth) == ("0.0", "0", 0, 0)
    assert branch.account.left.calls == 3
    await use_calls(branch, 2)
    assert (branch.account.left.calls, node.account.left.calls) == (1, 7)


def test_the_gate_of_a_branch_is_that_of_its_children() -> None:
    node, _ = node_with(ScriptedModel([]))
    gate = PrefixGate()
    branch = node.fork(prefix=gate)
    assert (node.prefix, branch.prefix, branch.child().prefix) == (None, gate, gate)
    assert node.child().prefix is None
