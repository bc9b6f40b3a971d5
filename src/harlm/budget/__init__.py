"""BUDGET ALLOCATOR: a ledger that cannot be overdrawn, prices, bounds, and the division of a remaining
budget.
"""

from harlm.budget.billing import Billing, Metered
from harlm.budget.caps import UNLIMITED, Caps
from harlm.budget.ledger import Account
from harlm.budget.pricing import PriceList
from harlm.budget.reservation import Reservation

__all__ = ["UNLIMITED", "Account", "Billing", "Caps", "Metered", "PriceList", "Reservation"]
