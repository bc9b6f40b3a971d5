"""PAID CALLS: a call that was paid for once is reused, not made again.

``reuse`` decides whether a call is known; ``store`` keeps calls across runs, in one SQLite file. ``run_journal`` keeps what one run
asks for, and what comes back, so that it can be resumed and replayed; ``rebuilding`` opens one that is damaged.
"""

from harlm.journal.rebuilding import Recovered, RecoveredCall, RecoveredReply, opened_journal
from harlm.journal.reuse import KnownReply, Reuse, call_key
from harlm.journal.run_journal import JOURNAL, KeptReply, KeptValue, RunJournal
from harlm.journal.store import CallJournal, InMemoryCalls

__all__ = [
    "JOURNAL",
    "CallJournal",
    "InMemoryCalls",
    "KeptReply",
    "KeptValue",
    "KnownReply",
    "Recovered",
    "RecoveredCall",
    "RecoveredReply",
    "Reuse",
    "RunJournal",
    "call_key",
    "opened_journal",
]
