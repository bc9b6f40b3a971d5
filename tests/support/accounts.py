"""Accounts of the ledger in tests."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

from harlm.budget import Account, Reservation
from harlm.types import Amounts

NOTHING = Amounts()
ONE_CALL = Amounts(calls=1)


async def began(work: Awaitable[Reservation]) -> asyncio.Task[Reservation]:
    """A task that has run until its first wait."""
    task = asyncio.ensure_future(work)
    assert isinstance(task, asyncio.Task)
    await asyncio.sleep(0)
    return task


def all_of(account: Account) -> tuple[Amounts, Amounts, Amounts]:
    """What is committed, reserved and held."""
    return account.committed, account.reserved, account.held
