"""What the first bytes of a file say about it: whether they are text, and whether they only stand for the file."""

from __future__ import annotations

import codecs

from harlm.patterns import lazy_pattern

_CONTROL = bytes([*range(0x09), 0x0B, *range(0x0E, 0x1B), *range(0x1C, 0x20), 0x7F])
_BEYOND_ASCII = bytes(range(0x80, 0x100))
_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_BINARY_BEGINS = (
    b"!<arch>\n",
    b"\x89PNG",
    b"GIF8",
    b"\xff\xd8\xff",
    b"BZh",
    b"PK\x03\x04",
    b"SQLite format 3",
)
_LFS = lazy_pattern(
    rb"version https://(?:git-lfs\.github\.com/spec|hawser\.github\.com/spec)/v1\r?\n"
    rb"(?:ext-[^\n]{1,200}\r?\n){0,8}+oid sha256:[0-9a-f]{64}\r?\nsize \d{1,19}\s{0,8}"
)
_LONGEST_POINTER = 1024  # bytes, as git LFS has it


def looks_like_text(head: bytes) -> bool:
    """Whether the first bytes of a file are text, judged strictly: for files whose name says that they are not.

    Text has no control characters, and is UTF-8, UTF-16 with its mark, or mostly ASCII.
    """
    if not head or head.startswith(_BINARY_BEGINS):
        return False
    if head.startswith(_MARKS):
        return True
    if len(head) - len(head.translate(None, _CONTROL)) > len(head) // 500:
        return False
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return 4 * (len(head) - len(head.translate(None, _BEYOND_ASCII))) < len(head)
    return True


def is_lfs_pointer(data: bytes) -> bool:
    """Whether a file is what git LFS leaves in the place of a file that it has not fetched."""
    return len(data) <= _LONGEST_POINTER and _LFS.fullmatch(data) is not None
