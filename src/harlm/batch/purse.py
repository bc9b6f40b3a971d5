"""The purse of a batch whose runs are all carried out in this process."""

from __future__ import annotations

from harlm.budget import Account, Caps
from harlm.budget.refusals import BATCH, refused_by_batch
from harlm.budget.reservation import Reservation
from harlm.errors import LimitExceeded
from harlm.types import Amounts, Usage

__all__ = ["BATCH", "BatchPurse"]


class BatchPurse:
    """Pays for all runs of a batch, and is never overdrawn; see ``harlm.budget.purse.Purse``.

    Args:
        caps: the limits of the batch.
    """

    def __init__(self, caps: Caps) -> None:
        self._account = Account(caps)

    @property
    def usage(self) -> Usage:
        """What was paid so far."""
        return self._account.usage

    def count(self, usage: Usage) -> None:
        """Count what an earlier attempt at the batch has paid."""
        self._account.count("", usage)

    async def reserve(self, want: Amounts) -> Reservation:
        """See ``Purse``.

        Raises:
            LimitExceeded: with the limit ``BATCH``, if the batch cannot pay for it.
        """
        try:
            return await self._account.reserve(want)
        except LimitExceeded as error:
            raise refused_by_batch(error) from error
