"""Paying for vectors: a request that has input only. Knows what a request may take at most, and books what it took; refuses to
send it again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from harlm.budget.ledger import Account
from harlm.budget.metered import Till
from harlm.errors import ModelError
from harlm.types import Amounts, Message, Usage

_Value = TypeVar("_Value")


class EmbeddingMeter:
    """Reserves each request of an embedder before it leaves, and settles it when it is over, as ``Metered`` does for models.

    Args:
        model: its full name.
        account: that of the whole run; entries of all nodes are embedded together.
        till: prices and token counts.
    """

    def __init__(self, model: str, account: Account, till: Till) -> None:
        self._model = model
        self._account = account
        self._till = till

    async def pay(
        self, texts: Sequence[str], send: Callable[[], Awaitable[tuple[_Value, int | None]]]
    ) -> _Value:
        """What ``send`` returns, once it can be paid for.

        Args:
            texts: what is sent.
            send: one request; gives its reply, and the tokens that the server counted, or None.

        Raises:
            LimitExceeded: the budget does not cover it; nothing was sent.
        """
        price, counting = self._till.price_of(self._model), self._till.counting_of(self._model)
        size = counting.measure([Message(role="user", content=text) for text in texts])
        most = counting.bound(size)
        bound = Amounts(most, 0 if price is None else price.bound_micros(most, 0), 1)
        reservation = await self._account.reserve(bound)

        def settle(tokens: int, *, estimated: bool) -> None:
            usage = self._till.booked(
                price, Usage(calls=1, input_tokens=tokens, cost_micros=None, estimated=estimated)
            )
            reservation.settle(Amounts(tokens, usage.cost_micros or 0, 1), self._model, usage)

        try:
            value, reported = await send()
        except ModelError as error:
            if not error.perhaps_billed:
                reservation.refund()
            raise
        else:
            if reported is not None:
                counting.learn(size, reported)
            settle(most if reported is None else max(0, reported), estimated=reported is None)
            return value
        finally:
            if reservation.is_open:  # nobody knows whether it was served
                settle(most, estimated=True)
