from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from harlm import events
from harlm.context import load
from harlm.engine import Node, solve
from harlm.engine.workspace import Workspace
from harlm.errors import SandboxFailure
from harlm.protocols import Repl, ReplHost, ReplSetup
from harlm.testing import EventLog, FakeSandbox, ScriptedModel
from harlm.types import Task
from tests.support.nodes import node_with

TASK = Task(question="?", context=load("The walrus is called Otto."))


class CountingSandbox(FakeSandbox):
    """Opens REPLs when ``may_open`` is set, and counts those that are open.

    Args:
        fails: raised instead of opening.
        can_fork: whether its REPLs can be forked.
    """

    def __init__(self, *, fails: Exception | None = None, can_fork: bool = True) -> None:
        self.may_open = asyncio.Event()
        self.may_open.set()
        self.open_repls = 0
        self._fails = fails
        self._can_fork = can_fork

    async def open(self, setup: ReplSetup, host: ReplHost) -> Repl:  # type: ignore[override] # wrapped
        await self.may_open.wait()
        if self._fails is not None:
            raise self._fails
        return self._counted(await super().open(setup, host))

    def _counted(self, repl: Repl) -> Repl:
        close, fork = repl.close, repl.fork
        self.open_repls += 1
        is_open = [True]

        async def closed() -> None:
            self.open_repls -= is_open[0]
            is_open[0] = False
            await close()

        async def forked(host: ReplHost, *, read_only: bool = False) -> Repl:
            if not self._can_fork:
                raise SandboxFailure("this REPL cannot be forked")
            return self._counted(await fork(host, read_only=read_only))

        async def twin(host: ReplHost) -> Repl | None:
            return await forked(host)

        repl.close, repl.fork, repl.twin = closed, forked, twin  # type: ignore[method-assign] # a wrapper
        return repl


def workspace(sandbox: FakeSandbox | None = None) -> tuple[Workspace, Node, EventLog]:
    """The workspace of a root node whose models reply in capitals."""
    node, log = node_with(ScriptedModel(lambda messages: messages[-1].content.upper()))
    node.run.sandbox = sandbox or FakeSandbox()
    return Workspace.open(TASK, node, "full", solve=solve), node, log


async def run(space: Workspace, cell: str) -> str:
    """What a cell prints, or its exception."""
    observation = await space.cells.run(await space.opening, cell, 1)
    return observation.output.strip() or (observation.error or "")


async def test_cells_find_the_context_and_what_earlier_cells_defined() -> None:
    space, _, _ = workspace()
    assert await run(space, "name = context[:10]") == ""
    assert await run(space, "print(name)") == "The walrus"
    await space.close()


async def test_opening_does_not_wait_for_the_repl() -> None:
    sandbox = CountingSandbox()
    sandbox.may_open.clear()
    space, _, _ = workspace(sandbox)
    await asyncio.sleep(0)
    assert not space.opening.done()
    sandbox.may_open.set()
    assert await run(space, "print(1)") == "1"
    await space.close()
    assert sandbox.open_repls == 0


async def test_a_fork_continues_from_the_same_state_and_is_independent_afterwards() -> None:
    space, node, _ = workspace()
    await run(space, "found = ['walrus']")
    twin = await space.fork(node.child())
    await run(space, "found.append('here')")
    await run(twin, "found.append('there')")
    assert await run(space, "print(found)") == "['walrus', 'here']"
    assert await run(twin, "print(found)") == "['walrus', 'there']"
    await twin.close()
    await space.close()


async def test_the_calls_of_a_fork_are_paid_and_traced_at_its_own_node() -> None:
    space, root, log = workspace()
    node = root.child()
    twin = await space.fork(node)
    assert await run(twin, "print(llm_query('from the fork'))") == "FROM THE FORK"
    assert (root.account.usage.calls, node.account.usage.calls) == (1, 1)
    assert await run(space, "print(llm_query('from the root'))") == "FROM THE ROOT"
    assert (root.account.usage.calls, node.account.usage.calls) == (2, 1)
    assert [each.node for each in log.of(events.CallStarted)] == ["0.0", "0"]
    await twin.close()
    await space.close()


async def test_a_fork_knows_what_was_learned_before_and_shares_nothing_after() -> None:
    space, node, _ = workspace()
    space.learned.said("before the fork")
    twin = await space.fork(node.child())
    twin.learned.replied("a question of the fork", "its reply")
    assert "before the fork" in twin.learned.text()
    assert "its reply" not in space.learned.text()
    await twin.close()
    await space.close()


@pytest.mark.parametrize("closes_the_fork", [True, False])
async def test_closing_either_leaves_the_other(closes_the_fork: bool) -> None:
    sandbox = CountingSandbox()
    space, node, _ = workspace(sandbox)
    await run(space, "x = 41")
    twin = await space.fork(node.child())
    closed, other = (twin, space) if closes_the_fork else (space, twin)
    await closed.close()
    assert sandbox.open_repls == 1
    assert await run(other, "print(x + 1, llm_query('y'))") == "42 Y"
    found = await other.api.call("search", {"query": "walrus", "k": 1})
    assert isinstance(found, dict)
    assert len(found["hits"]) == 1
    await other.close()
    assert sandbox.open_repls == 0


async def test_the_search_is_closed_with_the_last_workspace_that_uses_it(tmp_path: Path) -> None:
    node, _ = node_with(ScriptedModel([]))
    node.run.index_file = tmp_path / "index.db"
    write_ahead_log = tmp_path / "index.db-wal"  # SQLite removes it with the last connection
    task = Task(question="?", context=load("The walrus is called Otto. " * 4_000))
    space = Workspace.open(task, node, "full", solve=solve)
    twin = await space.fork(node.child())
    await space.api.call("search", {"query": "walrus", "k": 1})
    await space.close()
    assert write_ahead_log.exists()
    await twin.api.call("search", {"query": "walrus", "k": 1})
    await twin.close()
    assert not write_ahead_log.exists()


async def test_closing_is_safe_if_the_repl_could_not_be_opened() -> None:
    space, _, _ = workspace(CountingSandbox(fails=SandboxFailure("no namespaces here")))
    with pytest.raises(SandboxFailure, match="no namespaces here"):
        await space.opening
    await space.close()
    unawaited, _, _ = workspace(CountingSandbox(fails=SandboxFailure("no namespaces here")))
    await unawaited.close()


async def test_closing_cancels_an_opening_that_has_not_ended() -> None:
    sandbox = CountingSandbox()
    sandbox.may_open.clear()
    space, _, _ = workspace(sandbox)
    await space.close()
    assert space.opening.cancelled()
    await space.close()
    assert sandbox.open_repls == 0


async def test_closing_twice_is_safe() -> None:
    sandbox = CountingSandbox()
    space, node, _ = workspace(sandbox)
    twin = await space.fork(node.child())
    for each in (twin, twin, space, space, twin):
        await each.close()
    assert sandbox.open_repls == 0


async def test_a_fork_that_is_cancelled_does_not_cancel_the_opening() -> None:
    sandbox = CountingSandbox()
    sandbox.may_open.clear()
    space, node, _ = workspace(sandbox)
    forking = asyncio.create_task(space.fork(node.child()))
    await asyncio.sleep(0)
    forking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await forking
    sandbox.may_open.set()
    assert await run(space, "print('still here')") == "still here"
    await space.close()


async def test_a_repl_that_cannot_be_forked_stays_usable() -> None:
    sandbox = CountingSandbox(can_fork=False)
    space, node, _ = workspace(sandbox)
    with pytest.raises(SandboxFailure, match="cannot be forked"):
        await space.fork(node.child())
    assert await run(space, "print('still here')") == "still here"
    await space.close()
    assert sandbox.open_repls == 0


async def test_a_fork_of_a_fork_has_the_state_of_both() -> None:
    space, node, _ = workspace()
    await run(space, "a = 1")
    twin = await space.fork(node.child())
    await run(twin, "b = 2")
    third = await twin.fork(node.child())
    await twin.close()
    assert await run(third, "print(a, b)") == "1 2"
    assert "NameError" in await run(space, "print(b)")
    for each in (third, space):
        await each.close()


# -- adopting ------------------------------------------------------------------------------------------------


async def test_a_workspace_goes_on_in_the_state_of_the_fork_that_it_adopts() -> None:
    sandbox = CountingSandbox()
    space, root, log = workspace(sandbox)
    await run(space, "found = ['walrus']")
    space.learned.said("before the fork")
    node = root.child()
    twin = await space.fork(node)
    await run(twin, "found.append(llm_query('there'))")
    twin.learned.replied("a question of the fork", "its reply")
    twin.queries.bursts.save(2.0)
    await space.adopt(twin)
    await twin.close()
    assert sandbox.open_repls == 1
    assert await run(space, "print(found, llm_query('here'))") == "['walrus', 'THERE'] HERE"
    assert log.of(events.CallStarted)[-1].node == root.name, "it pays itself"
    assert (root.account.usage.calls, node.account.usage.calls) == (2, 1)
    assert "its reply" in space.learned.text()
    assert space.learned.text().count("before the fork") == 1
    assert space.queries.bursts.saved >= 2.0
    await space.close()
    assert sandbox.open_repls == 0


async def test_a_workspace_that_cannot_adopt_keeps_its_own_state() -> None:
    sandbox = CountingSandbox()
    space, node, _ = workspace(sandbox)
    await run(space, "found = 1")
    twin = await space.fork(node.child())
    await run(twin, "found = 2")
    (await twin.opening).fork = _cannot_fork  # type: ignore[method-assign] # a REPL that has become unable to
    with pytest.raises(SandboxFailure, match="threads of an earlier cell"):
        await space.adopt(twin)
    assert (await run(space, "print(found)"), await run(twin, "print(found)")) == ("1", "2")
    for each in (twin, space):
        await each.close()
    assert sandbox.open_repls == 0


async def _cannot_fork(host: ReplHost, *, read_only: bool = False) -> Repl:
    raise SandboxFailure("threads of an earlier cell still run")


async def test_a_twin_takes_the_place_of_a_repl_whose_cells_do_not_count() -> None:
    sandbox = CountingSandbox()
    space, _, _ = workspace(sandbox)
    await run(space, "found = ['walrus']")
    twin = await space.twin()
    assert twin is not None
    await run(space, "found.append('in vain')")
    await space.go_back_to(twin)
    assert await run(space, "print(found, llm_query('who'))") == "['walrus'] WHO"
    await space.close()
    assert sandbox.open_repls == 0
