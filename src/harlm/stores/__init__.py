"""SHARED STORES: memory, paid calls, vectors and journals of runs in one place for several machines.

``opening`` chooses by the address of the settings. Without one, everything is in SQLite files of this machine.
"""

from harlm.stores.opening import open_stores, runs_in, secrets_of, vectors_in
from harlm.stores.sockets import KeepsRuns, KeepsVectors, SharedRuns, SharedVectors, StoreSet

__all__ = [
    "KeepsRuns",
    "KeepsVectors",
    "SharedRuns",
    "SharedVectors",
    "StoreSet",
    "open_stores",
    "runs_in",
    "secrets_of",
    "vectors_in",
]
