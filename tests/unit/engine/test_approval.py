"""Cells that run by the user's word only."""

from __future__ import annotations

import asyncio

import pytest

from harlm.engine.approval import REFUSED, Approval
from harlm.types import PendingCell

CELL = PendingCell(code="print(1)", turn=1, node="0", question="What?")


async def test_a_cell_runs_if_the_user_says_so() -> None:
    seen: list[PendingCell] = []

    def approve(cell: PendingCell) -> bool:
        seen.append(cell)
        return True

    assert await Approval(approve).refusal(CELL) is None
    assert seen == [CELL]


async def test_what_the_model_sees_of_a_refused_cell() -> None:
    async def approve(cell: PendingCell) -> bool:
        return False

    refusal = await Approval(approve).refusal(CELL)
    assert refusal is not None
    assert refusal.error == REFUSED


async def test_a_function_that_returns_what_is_awaited() -> None:
    async def later() -> bool:
        return True

    assert await Approval(lambda cell: later()).refusal(CELL) is None


async def test_the_user_is_asked_about_one_cell_at_a_time() -> None:
    open_now, most = 0, 0

    async def approve(cell: PendingCell) -> bool:
        nonlocal open_now, most
        open_now += 1
        most = max(most, open_now)
        await asyncio.sleep(0)
        open_now -= 1
        return True

    approval = Approval(approve)
    await asyncio.gather(*(approval.refusal(CELL) for _ in range(5)))
    assert most == 1


async def test_a_failure_of_the_users_function_is_raised() -> None:
    def approve(cell: PendingCell) -> bool:
        raise OSError("no terminal")

    with pytest.raises(OSError, match="no terminal"):
        await Approval(approve).refusal(CELL)
