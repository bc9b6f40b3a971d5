"""PAID CALLS: what was paid for once is never paid for again.

``reuse`` decides whether a call is known, ``store`` keeps calls from run to run in one SQLite file.
"""

from harlm.journal.reuse import KnownReply, Reuse
from harlm.journal.store import CallJournal, InMemoryCalls

__all__ = ["CallJournal", "InMemoryCalls", "KnownReply", "Reuse"]
