"""Grants: what each child of a node may use of the budget that remains.

Collects the children that are requested together; ``harlm.budget.allocator`` divides the budget among them.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Sequence

from harlm.budget import UNLIMITED, Caps
from harlm.budget.allocator import share
from harlm.context import profile_in
from harlm.engine.node import Node
from harlm.types import Amounts, Context

_OF_A_NODE = 10_000  # tokens that a node takes in addition to its context: rules, turns, reply
_CALLS_OF_A_NODE = 6
_TOKENS_OF_A_CALL = 8_000


class Grants:
    """Gives each child of a node its caps.

    Children of one batch arrive in the same tick of the event loop and share the remaining budget by what
    their contexts need. Their parent has a share as well, so that it can work with their answers. A child
    that arrives alone may use all except the parent's share. What a child does not use returns to its parent
    by itself, since an account is a view on its parent's.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        self._arrived: list[tuple[int, asyncio.Future[Caps]]] = []

    async def caps(self, context: Context) -> Caps:
        """The most that a child over ``context`` may use. Waits for the other children of its batch."""
        account = self._node.account
        known = await profile_in(self._node.run.threads, context)
        granted: asyncio.Future[Caps] = asyncio.get_running_loop().create_future()
        self._arrived.append((known.tokens + _OF_A_NODE, granted))
        if len(self._arrived) == 1:
            asyncio.get_running_loop().call_later(0, self._divide)
        caps = await granted
        seconds = self._node.seconds_to_work
        ends = math.inf if math.isinf(account.ends) else time.monotonic() + seconds
        return Caps(tokens=caps.tokens, micros=caps.micros, calls=caps.calls, ends=ends)

    def _divide(self) -> None:
        arrived, self._arrived = self._arrived, []
        needs = [_OF_A_NODE, *(need for need, _ in arrived)]
        prospect = self._node.account.prospect
        tokens, micros = _shares(prospect.tokens, needs), _shares(prospect.micros, needs)
        calls = _shares(prospect.calls, [_CALLS_OF_A_NODE + need // _TOKENS_OF_A_CALL for need in needs])
        for at, (_, granted) in enumerate(arrived, start=1):
            if not granted.done():
                granted.set_result(Caps(tokens=tokens[at], micros=micros[at], calls=calls[at]))


def branch_caps(prospect: Amounts, needs: Sequence[Amounts]) -> list[Caps]:
    """The most that each branch of a node may use, for as many of the branches as the budget covers together, and at
    least for the first. What no branch needs is divided among them.

    Args:
        prospect: what the node could still reserve.
        needs: what each branch is expected to take at most, in the order in which they start.
    """
    granted = 1
    for count in range(2, len(needs) + 1):
        total = [sum(need[at] for need in needs[:count]) for at in range(3)]
        if all(want <= left for want, left in zip(total, prospect, strict=True)):
            granted = count
    if granted == 1:
        return [Caps()]
    shares = [_shares(prospect[at], [need[at] for need in needs[:granted]]) for at in range(3)]
    return [
        Caps(tokens=tokens, micros=micros, calls=calls) for tokens, micros, calls in zip(*shares, strict=True)
    ]


def _shares(amount: int, needs: list[int]) -> list[int]:
    """``amount`` divided by ``needs``; if it is unlimited, every share is unlimited."""
    if amount > UNLIMITED // 2:
        return [UNLIMITED] * len(needs)
    return list(share(max(0, amount), needs))
