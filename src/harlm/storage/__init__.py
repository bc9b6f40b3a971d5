"""Files that processes share: SQLite, written behind its callers and within a size; and small files, written whole."""

from harlm.storage.files import (
    Contents,
    FutureFormat,
    Held,
    copied,
    empty_wal,
    in_verb,
    least_used,
    opened,
    set_aside,
    shrink,
    transaction,
    used_bytes,
)
from harlm.storage.pending import Sized, WaitingItems
from harlm.storage.room import Behind, StoreRoom
from harlm.storage.whole_files import write_whole
from harlm.storage.write_behind import Table, WriteBehind

__all__ = [
    "Behind",
    "Contents",
    "FutureFormat",
    "Held",
    "Sized",
    "StoreRoom",
    "Table",
    "WaitingItems",
    "WriteBehind",
    "copied",
    "empty_wal",
    "in_verb",
    "least_used",
    "opened",
    "set_aside",
    "shrink",
    "transaction",
    "used_bytes",
    "write_whole",
]
