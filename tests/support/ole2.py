"""Writes OLE2 files: a tree of folders and streams, in sectors of 512 bytes, with short streams in sectors of 64."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

Tree: TypeAlias = "Mapping[str, bytes | Tree]"

NONE, END, FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
SECTOR, SHORT, CUTOFF = 512, 64, 4096
_STORAGE, _STREAM, _ROOT = 1, 2, 5
_MOST_TABLES = 109


@dataclass(slots=True)
class _Entry:
    name: str
    kind: int
    start: int = 0
    size: int = 0
    left: int = NONE
    right: int = NONE
    child: int = NONE

    def packed(self) -> bytes:
        name = (self.name + "\0").encode("utf-16-le")
        links = (self.left, self.right, self.child)
        return struct.pack(
            "<64sHBB3I16sI2Q2II",
            name,
            len(name),
            self.kind,
            1,
            *links,
            b"",
            0,
            0,
            0,
            self.start,
            self.size,
            0,
        )


@dataclass(slots=True)
class _Sectors:
    """Sectors of one size, and the chain that each belongs to."""

    size: int
    data: bytearray = field(default_factory=bytearray)
    chain: list[int] = field(default_factory=list)

    def add(self, data: bytes) -> int:
        if not data:
            return END
        first, count = len(self.chain), -(-len(data) // self.size)
        self.data += data.ljust(count * self.size, b"\0")
        self.chain += [*range(first + 1, first + count), END]
        return first


def ole2(tree: Tree) -> bytes:
    """An OLE2 file with these folders and streams."""
    long, short = _Sectors(SECTOR), _Sectors(SHORT)
    entries = [_Entry("Root Entry", _ROOT)]
    entries[0].child = _added(tree, entries, long, short)
    entries[0].size = len(short.data)
    entries[0].start = long.add(bytes(short.data))
    short_table = struct.pack(f"<{len(short.chain)}I", *short.chain)
    short_table += b"\xff" * (-len(short_table) % SECTOR)
    short_at = long.add(short_table)
    directory = b"".join(entry.packed() for entry in entries)
    directory += _Entry("", 0).packed() * (-len(entries) % 4)
    directory_at = long.add(directory)
    tables = 1
    while tables * (SECTOR // 4) < len(long.chain) + tables:
        tables += 1
    assert tables <= _MOST_TABLES, "this writer makes files of up to 7 MB"
    table_at = len(long.chain)
    chain = long.chain + [FAT] * tables
    table = struct.pack(f"<{len(chain)}I", *chain).ljust(tables * SECTOR, b"\xff")
    places = [*range(table_at, table_at + tables)] + [NONE] * (_MOST_TABLES - tables)
    header = struct.pack(
        "<8s16s6H10I109I",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"", 0x3E, 3, 0xFFFE, 9, 6, 0, 0, 0, tables, directory_at, 0, CUTOFF, short_at,
        len(short_table) // SECTOR, END, 0, *places,
    )  # fmt: skip
    return header + bytes(long.data) + table


def _added(tree: Tree, entries: list[_Entry], long: _Sectors, short: _Sectors) -> int:
    """Add what a folder holds; returns the number of the entry at the top of its search tree."""
    numbers = []
    for name in sorted(tree, key=lambda each: (len(each), each.upper())):
        value = tree[name]
        numbers.append(len(entries))
        if isinstance(value, bytes):
            start = (short if len(value) < CUTOFF else long).add(value)
            entries.append(_Entry(name, _STREAM, start, len(value)))
        else:
            entries.append(entry := _Entry(name, _STORAGE))
            entry.child = _added(value, entries, long, short)
    return _balanced(numbers, entries)


def _balanced(numbers: Sequence[int], entries: list[_Entry]) -> int:
    if not numbers:
        return NONE
    middle = len(numbers) // 2
    entry = entries[numbers[middle]]
    entry.left = _balanced(numbers[:middle], entries)
    entry.right = _balanced(numbers[middle + 1 :], entries)
    return numbers[middle]


def entry_at(file: bytes, name: str) -> int:
    """Where the directory entry of a name begins, for tests that damage it."""
    return file.index((name + "\0").encode("utf-16-le"))


def with_number(file: bytes, at: int, number: int) -> bytes:
    """``file`` with four of its bytes replaced."""
    return file[:at] + struct.pack("<I", number) + file[at + 4 :]


def with_size(file: bytes, name: str, size: int) -> bytes:
    """``file`` with another length of a stream."""
    return with_number(file, entry_at(file, name) + 120, size)


def in_a_circle(file: bytes, name: str) -> bytes:
    """``file`` with the chain of a long stream led back to its first sector."""
    start = int.from_bytes(file[entry_at(file, name) + 116 :][:4], "little")
    table_at = SECTOR * (1 + int.from_bytes(file[76:80], "little"))
    return with_number(file, table_at + 4 * (start + 1), start)
