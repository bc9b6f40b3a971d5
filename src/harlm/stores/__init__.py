"""SHARED STORES: memory, paid calls, vectors and journals of runs in one place for several machines.

``opening`` chooses by the address of the settings. Without one, everything is in SQLite files of this machine.
"""

from harlm.stores.opening import open_stores, secrets_of, shown_store
from harlm.stores.sockets import KeepsRuns, KeepsVectors, SharedRun, SharedRuns, SharedVectors, StoreSet

__all__ = [
    "KeepsRuns",
    "KeepsVectors",
    "SharedRun",
    "SharedRuns",
    "SharedVectors",
    "StoreSet",
    "open_stores",
    "secrets_of",
    "shown_store",
]
