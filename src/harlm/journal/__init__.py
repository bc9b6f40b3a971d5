"""PAID CALLS: a call that was paid for once is reused, not made again.

``reuse`` decides whether a call is known; ``store`` keeps calls across runs, in one SQLite file.
"""

from harlm.journal.reuse import KnownReply, Reuse
from harlm.journal.store import CallJournal, InMemoryCalls

__all__ = ["CallJournal", "InMemoryCalls", "KnownReply", "Reuse"]
