"""SQLite files that processes share: written behind their callers, and within a size."""

from harlm.storage.files import (
    Contents,
    Held,
    empty_wal,
    in_verb,
    least_used,
    opened,
    set_aside,
    shrink,
    transaction,
    used_bytes,
)
from harlm.storage.room import Behind, StoreRoom
from harlm.storage.write_behind import Table, WriteBehind

__all__ = [
    "Behind",
    "Contents",
    "Held",
    "StoreRoom",
    "Table",
    "WriteBehind",
    "empty_wal",
    "in_verb",
    "least_used",
    "opened",
    "set_aside",
    "shrink",
    "transaction",
    "used_bytes",
]
