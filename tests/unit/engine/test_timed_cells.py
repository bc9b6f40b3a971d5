"""Cells of a node, within its time."""

from __future__ import annotations

import time

from harlm import events
from harlm.budget import Caps
from harlm.context import load
from harlm.engine import solve
from harlm.engine.timed_cells import TimedCells
from harlm.engine.workspace import Workspace
from harlm.testing import EventLog, ScriptedModel
from harlm.types import Task
from tests.support.nodes import node_with


def cells_on(caps: Caps | None = None) -> tuple[TimedCells, Workspace, EventLog]:
    node, log = node_with(ScriptedModel(lambda _: "a reply"), caps=caps)
    workspace = Workspace.open(Task(question="What?", context=load("a text")), node, "full", solve=solve)
    return TimedCells(workspace), workspace, log


async def test_a_cell_has_its_events_and_what_it_printed_is_learned() -> None:
    cells, workspace, log = cells_on()
    observation = await cells.run("print(context)", 3)
    await cells.run("x = 1", 4)
    await workspace.close()
    assert observation.output == "a text\n"
    assert workspace.learned.has_results
    kinds = [event.kind for event in log.events]
    assert kinds == ["repl_opened", "cell_started", "cell_finished", "cell_started", "cell_finished"]
    assert [each.turn for each in log.of(events.CellFinished)] == [3, 4]


async def test_cells_that_change_what_memory_holds_say_how_many_entries_each_tier_has() -> None:
    cells, workspace, log = cells_on()
    await cells.run("one = llm_query('first')\ntwo = llm_query('second')", 1)
    await cells.run("x = 1", 2)
    await cells.run("three = llm_query('third')", 3)
    await workspace.close()
    kinds = [event.kind for event in log.events if event.kind in ("cell_finished", "tiers_changed")]
    assert kinds == ["cell_finished", "tiers_changed", "cell_finished", "cell_finished", "tiers_changed"]
    assert [(each.hot, each.cold) for each in log.of(events.TiersChanged)] == [(2, 2), (3, 3)]


async def test_a_cell_that_takes_longer_than_the_time_to_work_is_cancelled() -> None:
    cells, workspace, log = cells_on(Caps(ends=time.monotonic() + 0.3))
    observation = await cells.run("import time\ntime.sleep(2)", 1)
    await workspace.close()
    assert "time limit" in (observation.error or "")
    assert workspace.node.account.refused is not None
    assert not log.of(events.CellFinished)
    assert not workspace.learned.has_results
