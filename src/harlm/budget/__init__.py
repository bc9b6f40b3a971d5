"""BUDGET ALLOCATOR: a ledger that cannot be overdrawn, prices, bounds, and how a remainder is divided."""

from harlm.budget.billing import Billing, Metered
from harlm.budget.ledger import UNLIMITED, Account, Caps, Reservation
from harlm.budget.pricing import PriceList

__all__ = ["UNLIMITED", "Account", "Billing", "Caps", "Metered", "PriceList", "Reservation"]
