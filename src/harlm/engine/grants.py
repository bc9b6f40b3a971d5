"""Grants: what each child of a node may use of the budget that remains.

Collects the children that are requested together; ``harlm.budget.allocator`` divides the budget among them.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

from harlm.budget import UNLIMITED, Caps
from harlm.budget.allocator import Option, allocate, share
from harlm.context import profile_in
from harlm.engine.node import Node
from harlm.retrieval.terms import content_terms
from harlm.threads import StopFlag
from harlm.types import Context

_OF_A_NODE = 10_000  # tokens that a node takes in addition to its context: rules, turns, reply
_CALLS_OF_A_NODE = 6
_TOKENS_OF_A_CALL = 8_000
_STEPS = (0.25, 0.5, 1.0)  # shares of its need that a child may get
_LOOKED_AT = 400_000  # characters of a child's context in which words of its question are counted
_WORDS = 2_000  # characters of a question whose words count
_LEAST = 0.05  # the relevance of a context that holds none of the words


@dataclass(frozen=True, slots=True)
class _Request:
    """A child that waits for its grant.

    Attributes:
        context, question: of the child.
        need: tokens that it takes to read all of its context.
        granted: gets its caps.
    """

    context: Context
    question: str
    need: int
    granted: asyncio.Future[Caps]

    @property
    def calls(self) -> int:
        """Calls that it takes."""
        return _CALLS_OF_A_NODE + self.need // _TOKENS_OF_A_CALL


class Grants:
    """Gives each child of a node its caps.

    Children of one batch arrive in the same tick of the event loop and share the remaining budget. If it covers what all of
    their contexts need, each gets its need and a share of the rest; if not, it goes where a token is worth most: by the size
    of each context and by how dense it is with what its question asks for. Their parent has a share as well, so that it can
    work with their answers. A child that arrives alone may use all except the parent's share. What a child does not use
    returns to its parent by itself, since an account is a view on its parent's.

    Args:
        node: the parent.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        self._arrived: list[_Request] = []

    async def caps(self, context: Context, question: str = "") -> Caps:
        """The most that a child over ``context`` may use. Waits for the other children of its batch.

        Args:
            context: of the child.
            question: of the child; without it all contexts are alike relevant.
        """
        account = self._node.account
        known = await profile_in(self._node.run.threads, context)
        request = _Request(
            context, question, known.tokens + _OF_A_NODE, asyncio.get_running_loop().create_future()
        )
        self._arrived.append(request)
        if len(self._arrived) == 1:
            asyncio.get_running_loop().call_later(0, self._begin)
        caps = await request.granted
        seconds = self._node.seconds_to_work
        ends = math.inf if math.isinf(account.ends) else time.monotonic() + seconds
        return Caps(tokens=caps.tokens, micros=caps.micros, calls=caps.calls, ends=ends)

    def _begin(self) -> None:
        arrived, self._arrived = self._arrived, []
        prospect = self._node.account.prospect.tokens
        is_scarce = prospect < UNLIMITED // 2 and sum(each.need for each in arrived) + _OF_A_NODE > prospect
        if not is_scarce or len(arrived) < 2 or not any(each.question for each in arrived):
            self._divide(arrived, [1.0] * len(arrived))
            return
        weighing = asyncio.ensure_future(
            self._node.run.threads.do(lambda stop: [_relevance(each, stop) for each in arrived])
        )
        weighing.add_done_callback(lambda done: self._divide(arrived, _result(done, len(arrived))))

    def _divide(self, arrived: Sequence[_Request], relevance: Sequence[float]) -> None:
        prospect = self._node.account.prospect
        needs = [each.need for each in arrived]
        tokens = _shares(prospect.tokens, _OF_A_NODE, needs, relevance)
        micros = _shares(prospect.micros, _OF_A_NODE, needs, relevance)
        calls = _shares(prospect.calls, _CALLS_OF_A_NODE, [each.calls for each in arrived], relevance)
        for at, request in enumerate(arrived):
            if not request.granted.done():
                request.granted.set_result(Caps(tokens=tokens[at], micros=micros[at], calls=calls[at]))


def _result(done: asyncio.Future[list[float]], count: int) -> list[float]:
    """The relevances; all alike if they were not found, because the run ends."""
    failed = done.cancelled() or done.exception() is not None
    return [1.0] * count if failed else done.result()


def _shares(amount: int, own: int, needs: Sequence[int], relevance: Sequence[float]) -> Sequence[int]:
    """The shares of the children; their parent keeps one as well. If the amount is unlimited, every share is."""
    if amount > UNLIMITED // 2:
        return [UNLIMITED] * len(needs)
    parent, *children = share(max(0, amount), [own, *needs])
    if len(set(relevance)) < 2 or sum(needs) + own <= amount:
        return children
    options = [_options(need, weight) for need, weight in zip(needs, relevance, strict=True)]
    return allocate(amount - parent, options)


def _options(need: int, weight: float) -> list[Option]:
    """What parts of a need are worth: the more, the more relevant the context; the first parts more than the last."""
    return [Option(cost=int(need * part), utility=weight * need * (1 - (1 - part) ** 2)) for part in _STEPS]


def _relevance(request: _Request, stop: StopFlag) -> float:
    """The words of a child's question that its context holds, in a thousand characters: above 0."""
    wanted = set(content_terms(request.question[:_WORDS]))
    found = characters = 0
    for document in request.context.documents:
        stop.check()
        text = document.text[: _LOOKED_AT - characters].casefold()
        characters += len(text)
        found += sum(map(text.count, wanted))
        if characters >= _LOOKED_AT:
            break
    return max(_LEAST, 1_000 * found / max(1_000, characters))
