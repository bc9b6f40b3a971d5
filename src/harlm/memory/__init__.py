"""HIERARCHICAL MEMORY: every result of a run can be found again, whole, from any depth, and is shown in a
bounded view.

The *cold* tier holds every entry as it was, in SQLite. *Hot* and *warm* hold copies: the entries used last,
and summaries for the current questions. Handles entries and tokens. Does not depend on models.
"""

from harlm.memory.cold import ColdStore
from harlm.memory.hierarchy import Memory, Recalled
from harlm.memory.hot import HotStore
from harlm.memory.in_memory import InMemoryStore
from harlm.memory.view import Shown, view

__all__ = ["ColdStore", "HotStore", "InMemoryStore", "Memory", "Recalled", "Shown", "view"]
