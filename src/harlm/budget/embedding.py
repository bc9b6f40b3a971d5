"""Pays for embedding requests, which have input only.

Reserves the most that a request can use, and settles what it really used. Never sends a request a second
time, and never spends on vectors what models need: see ``EmbeddingMeter.pay``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from harlm.budget.billing import Billing
from harlm.budget.ledger import Account
from harlm.errors import LimitExceeded, ModelError
from harlm.types import Amounts, Message, Usage

_Value = TypeVar("_Value")
# One request may use at most a tenth of the remaining budget: word search also finds entries, and models have
# priority.
_TENTH = 10


class EmbeddingMeter:
    """Reserves each request of an embedder before it is sent and settles it when it ends, as ``Metered`` does
    for models.

    Args:
        model: the full name of the embedding model.
        account: the account of the whole run, because entries of all nodes are embedded together.
        billing: prices and token counts.
    """

    def __init__(self, model: str, account: Account, billing: Billing) -> None:
        self._model = model
        self._account = account
        self._billing = billing

    async def pay(
        self, texts: Sequence[str], send: Callable[[], Awaitable[tuple[_Value, int | None]]]
    ) -> _Value:
        """Sends one request that is paid for, and returns its reply.

        Args:
            texts: the texts that are sent.
            send: sends the request; returns the reply and the tokens that the server counted, or ``None`` if
                it reported none.

        Raises:
            LimitExceeded: the request would use more than a tenth of the remaining budget; nothing was sent.
            ModelError: the request failed. It is refunded, unless the provider may have billed it.
        """
        account, price = self._account, self._billing.price_of(self._model)
        counting = self._billing.counting_of(self._model)
        is_limited = account.limits_tokens or (price is not None and account.limits_money)
        size = counting.measure(_messages(texts)) if is_limited else None
        most = 0 if size is None else counting.bound(size)
        bound = Amounts(most, 0 if price is None else price.bound_micros(most, 0), 1)
        self._refuse_scarce(bound)
        reservation = await account.reserve(bound)

        def settle(reported: int | None) -> None:
            tokens = reported
            if tokens is None:  # not reported: book the most that it may have been
                tokens = most or counting.bound(counting.measure(_messages(texts)))
            usage = Usage(calls=1, input_tokens=tokens, cost_micros=None, estimated=reported is None)
            usage = self._billing.booked(price, usage)
            reservation.settle(Amounts(tokens, usage.cost_micros or 0, 1), self._model, usage)

        try:
            value, reported = await send()
        except ModelError as error:
            if not error.perhaps_billed:
                reservation.refund()
            raise
        else:
            if reported is not None and size is not None:
                counting.learn(size, reported)
            settle(reported)
            return value
        finally:
            if reservation.is_open:  # it is unknown whether it was served
                settle(None)

    def _refuse_scarce(self, bound: Amounts) -> None:
        """Raises ``LimitExceeded`` if the request would take too much of what models need."""
        for name, want, left in zip(("tokens", "usd", "calls"), bound, self._account.left, strict=True):
            if _TENTH * want > left:
                unit = 1_000_000 if name == "usd" else 1
                raise LimitExceeded(
                    f"vectors of entries may take {want / unit:g} {name}, more than a tenth of the {left / unit:g} left",
                    limit=name,
                    used=want / unit,
                    allowed=left / unit,
                )


def _messages(texts: Sequence[str]) -> list[Message]:
    return [Message(role="user", content=text) for text in texts]
