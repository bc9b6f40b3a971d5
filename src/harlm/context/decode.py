"""Bytes to text, in whatever encoding they are. Knows encodings; refuses to know file formats."""

from __future__ import annotations

import codecs
import re
from collections import Counter

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LOOKED_AT = 1 << 14
_SHORTEST_WIDE = 16  # bytes; in fewer, zeros on one side are no evidence
_SCRIPT_LOOKED_AT = 1 << 12  # bytes; each character of them is looked at
_BETWEEN_WORDS = " \n\u3000、。"
_CONTROL = bytes([*range(0x09), *range(0x0E, 0x1B), *range(0x1C, 0x20)])
_BEYOND_ASCII = bytes(range(0x80, 0x100))
_BESIDE = re.compile(rb"[\x80-\xff]{2}")


def decode(data: bytes) -> str | None:
    """The text in ``data`` with a newline for every line end, or None when it is not text.

    Tried in order: a byte order mark, UTF-16 without a mark where there are zeros, UTF-8, UTF-8 with a few wrong bytes,
    then the encoding that charset-normalizer finds most plausible.
    """
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return _normal(data.decode(encoding, "replace"))
    head = data[:_LOOKED_AT]
    if b"\0" in head:
        wide = _wide_encoding(head)
        return _normal(data.decode(wide, "replace")) if wide else None
    if _is_mostly_control(head):
        return None
    try:
        return _normal(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data":  # cut in the middle of a character
            return _normal(data.decode("utf-8", "replace"))
        return _repaired(data) or _guess(data, error.start)


def _repaired(data: bytes) -> str | None:
    """UTF-8 with U+FFFD for its wrong bytes, or None when they are not rare among its characters beyond ASCII.

    Text in an older encoding has at least three wrong bytes for each character that comes out right by chance.
    """
    text = data.decode("utf-8", "replace")
    wrong = text.count("\ufffd") - data.count("\ufffd".encode())
    right = len(text) - wrong - len(data.translate(None, _BEYOND_ASCII))
    return _normal(text) if 2 * wrong <= right else None


def _guess(data: bytes, first_wrong: int) -> str | None:
    """The text in the encoding that fits best where the bytes stop being UTF-8."""
    start = max(0, first_wrong - _LOOKED_AT // 2)
    looked_at = data[start : start + _LOOKED_AT]
    if not _BESIDE.search(
        looked_at
    ):  # too little to guess by, and a wrong guess would join letters to their neighbours
        return _normal(data.decode("cp1252", "replace"))
    from charset_normalizer import from_bytes  # 25 ms to import, and most text is UTF-8

    match = from_bytes(looked_at).best()
    return None if match is None else _normal(data.decode(match.encoding, "replace"))


def _wide_encoding(head: bytes) -> str | None:
    """UTF-16 without a mark: mostly ASCII, which has its zeros on one side only, or mostly one other script, and that
    in one of the two byte orders only.

    Text without a single zero (no blank, no line end) is not looked for: its bytes could be anything.
    """
    if len(head) < _SHORTEST_WIDE:
        return None
    half = len(head) // 2
    even, odd = head[0::2].count(0) / half, head[1::2].count(0) / half
    for encoding, zeros, others in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        if zeros > 0.4 and others < 0.05:
            shown = head.decode(encoding, "replace").encode("utf-8", "replace")
            return None if _is_mostly_control(shown) else encoding
    start = head[:_SCRIPT_LOOKED_AT]
    fitting = [each for each in ("utf-16-le", "utf-16-be") if _is_one_script(start.decode(each, "replace"))]
    return fitting[0] if len(fitting) == 1 else None


def _is_one_script(text: str) -> bool:
    """Whether it is words of one script, other than Latin, with something between them."""
    gaps = sum(map(text.count, _BETWEEN_WORDS))
    wrong = text.count("\ufffd")
    if gaps * 200 < len(text) or wrong * 50 > len(text):
        return False
    wrong += sum(not each.isprintable() and each not in "\n\r\t\u3000" for each in text)
    scripts = Counter(_script_of(each) for each in text if each > "\xff" and not "\u2000" <= each < "\u2100")
    most = max(scripts.values(), default=0)
    return wrong * 50 <= len(text) and most > 0.3 * len(text) and most > 0.9 * scripts.total()


def _script_of(letter: str) -> int:
    """Letters of one script share a page of 256; those of East Asia share several."""
    page = ord(letter) >> 8
    return 0x30 if page in (0x30, 0x31, 0xFF) or 0x34 <= page <= 0x9F or 0xAC <= page <= 0xD7 else page


def _is_mostly_control(head: bytes) -> bool:
    return len(head) - len(head.translate(None, _CONTROL)) > 0.02 * len(head)


def _normal(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
