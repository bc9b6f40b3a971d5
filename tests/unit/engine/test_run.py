from __future__ import annotations

import asyncio

from harlm.engine import new_run_id
from harlm.testing import ScriptedModel
from tests.support.nodes import node_with


def test_run_ids_sort_by_time_and_are_ulids() -> None:
    ids = [new_run_id() for _ in range(50)]
    assert all(len(each) == 26 and each.isalnum() for each in ids)
    assert len(set(ids)) == 50
    assert [each[:10] for each in ids] == sorted(each[:10] for each in ids)


def test_models_can_be_named_with_and_without_their_provider() -> None:
    node, _ = node_with(ScriptedModel([], name="openai/big"), ScriptedModel([], name="openai/org/small"))
    assert set(node.models.by_name()) == {"openai/big", "big", "openai/org/small", "org/small"}


async def test_calls_of_tools_that_nothing_waits_for_are_ended() -> None:
    node, _ = node_with(ScriptedModel([]))
    waiting = asyncio.ensure_future(asyncio.sleep(60, result=object()))
    done = asyncio.get_running_loop().create_future()
    done.set_result("kept")
    node.run.tool_values.update({b"a": waiting, b"b": done})
    await node.run.end_tools()
    assert waiting.cancelled()
    assert done.result() == "kept"
