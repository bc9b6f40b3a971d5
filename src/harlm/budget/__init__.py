"""BUDGET ALLOCATOR: a ledger that cannot be overdrawn, prices, bounds, and how a remainder is divided."""

from harlm.budget.ledger import UNLIMITED, Account, Caps, Reservation
from harlm.budget.metered import Metered, Till
from harlm.budget.pricing import FREE, Price, PriceList

__all__ = ["FREE", "UNLIMITED", "Account", "Caps", "Metered", "Price", "PriceList", "Reservation", "Till"]
