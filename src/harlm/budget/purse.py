"""The socket for money that several runs share: it pays for their requests, besides the budget of each."""

from __future__ import annotations

from typing import Protocol

from harlm.budget.reservation import Reservation
from harlm.types import Amounts


class Purse(Protocol):
    """Pays for the requests of several runs, and is never overdrawn. An ``Account`` is a purse for runs of one process;
    ``harlm.budget.leasing`` has one for runs on several machines.
    """

    async def reserve(self, want: Amounts) -> Reservation:
        """Set aside ``want``, the most that a request uses; waits as long as that would fit without the requests of others.

        Raises:
            LimitExceeded: it can never fit.
        """
        ...
