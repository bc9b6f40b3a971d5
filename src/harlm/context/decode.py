"""Decodes bytes to text in any encoding. Does not depend on file formats."""

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
_SAMPLE = 1 << 14  # bytes by which an encoding is judged
_SHORTEST_WIDE = 16  # bytes; in fewer, zeros on one side are not evidence
_SCRIPT_SAMPLE = 1 << 12  # bytes; every character of them is examined
_BETWEEN_WORDS = " \n\u3000、。"
_CONTROL = bytes([*range(0x09), *range(0x0E, 0x1B), *range(0x1C, 0x20)])
_BEYOND_ASCII = bytes(range(0x80, 0x100))
_ADJACENT = re.compile(rb"[\x80-\xff]{2}")


def decode(data: bytes) -> str | None:
    """The text in ``data`` with a newline for every line end; ``None`` if it is not text.

    Tried in order: a byte order mark; UTF-16 without a mark, if there are zeros; UTF-8; UTF-8 with a few
    wrong bytes; the encoding that charset-normalizer finds most plausible.
    """
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return _normal(data.decode(encoding, "replace"))
    head = data[:_SAMPLE]
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
    """UTF-8 with U+FFFD for wrong bytes; ``None`` if these are not rare among the non-ASCII characters.

    Text in an older encoding has at least three wrong bytes for each character that is valid UTF-8 by chance.
    """
    text = data.decode("utf-8", "replace")
    wrong = text.count("\ufffd") - data.count("\ufffd".encode())
    right = len(text) - wrong - len(data.translate(None, _BEYOND_ASCII))
    return _normal(text) if 2 * wrong <= right else None


def _guess(data: bytes, first_wrong: int) -> str | None:
    """The text in the encoding that fits best around the first byte that is not UTF-8."""
    start = max(0, first_wrong - _SAMPLE // 2)
    sample = data[start : start + _SAMPLE]
    if not _ADJACENT.search(sample):
        # Too little to guess from; a wrong guess of a wide encoding would merge letters with neighbours.
        return _normal(data.decode("cp1252", "replace"))
    from charset_normalizer import from_bytes  # 25 ms to import, and most text is UTF-8

    match = from_bytes(sample).best()
    return None if match is None else _normal(data.decode(match.encoding, "replace"))


def _wide_encoding(head: bytes) -> str | None:
    """The byte order of UTF-16 without a mark; ``None`` if the bytes are not UTF-16.

    Mostly ASCII text has its zeros on one side only. Text of another script is recognised if it is words of
    one script in exactly one of the two byte orders. Text without a single zero (no blank, no line end) is
    never tried, since its bytes could be anything.
    """
    if len(head) < _SHORTEST_WIDE:
        return None
    half = len(head) // 2
    even, odd = head[0::2].count(0) / half, head[1::2].count(0) / half
    for encoding, zeros, others in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        if zeros > 0.4 and others < 0.05:
            shown = head.decode(encoding, "replace").encode("utf-8", "replace")
            return None if _is_mostly_control(shown) else encoding
    start = head[:_SCRIPT_SAMPLE]
    orders = ("utf-16-le", "utf-16-be")
    fitting = [order for order in orders if _is_one_script(start.decode(order, "replace"))]
    return fitting[0] if len(fitting) == 1 else None


def _is_one_script(text: str) -> bool:
    """Whether a text consists of separated words of one script other than Latin."""
    gaps = sum(map(text.count, _BETWEEN_WORDS))
    wrong = text.count("\ufffd")
    if gaps * 200 < len(text) or wrong * 50 > len(text):
        return False
    wrong += sum(not letter.isprintable() and letter not in "\n\r\t\u3000" for letter in text)
    beyond_latin = (letter for letter in text if letter > "\xff" and not "\u2000" <= letter < "\u2100")
    scripts = Counter(map(_script_of, beyond_latin))
    most = max(scripts.values(), default=0)
    return wrong * 50 <= len(text) and most > 0.3 * len(text) and most > 0.9 * scripts.total()


def _script_of(letter: str) -> int:
    """The script of a letter, as a number: its page of 256 characters.

    The pages of East Asia count as one.
    """
    page = ord(letter) >> 8
    return 0x30 if page in (0x30, 0x31, 0xFF) or 0x34 <= page <= 0x9F or 0xAC <= page <= 0xD7 else page


def _is_mostly_control(head: bytes) -> bool:
    return len(head) - len(head.translate(None, _CONTROL)) > 0.02 * len(head)


def _normal(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
