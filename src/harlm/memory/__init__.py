"""HIERARCHICAL MEMORY: what was found out once is found again, whole, from any depth, within a bounded view.

*Cold* holds every entry as it was, in SQLite. *Hot* and *warm* are views of it: the texts used last, and summaries for the
questions known so far. Knows entries and tokens; refuses to know what a model is.
"""

from harlm.memory.cold import ColdStore
from harlm.memory.hierarchy import Memory, Recalled
from harlm.memory.hot import HotStore
from harlm.memory.in_memory import InMemoryStore
from harlm.memory.view import Shown, view

__all__ = ["ColdStore", "HotStore", "InMemoryStore", "Memory", "Recalled", "Shown", "view"]
