"""Bytes to text, in whatever encoding they are. Knows encodings; refuses to know file formats."""

from __future__ import annotations

import codecs

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LOOKED_AT = 1 << 14
_SHORTEST_WIDE = 16  # bytes; in fewer, zeros on one side are no evidence
_CONTROL = bytes([*range(0x09), *range(0x0E, 0x1B), *range(0x1C, 0x20)])


def decode(data: bytes) -> str | None:
    """The text in ``data`` with a newline for every line end, or None when it is not text.

    Tried in order: a byte order mark, UTF-8, UTF-16 without a mark, then the encoding that charset-normalizer finds
    most plausible.
    """
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return _normal(data.decode(encoding, "replace"))
    head = data[:_LOOKED_AT]
    if b"\0" in head:
        wide = _wide_encoding(head)
        if wide is None or _is_mostly_control(
            data.decode(wide, "replace")[:_LOOKED_AT].encode("utf-8", "replace")
        ):
            return None
        return _normal(data.decode(wide, "replace"))
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start >= len(data) - 3 and error.reason == "unexpected end of data":
            return _normal(data.decode("utf-8", "replace"))  # cut in the middle of a character
        return _guess(data, head)
    return None if _is_mostly_control(head) else _normal(text)


def _guess(data: bytes, head: bytes) -> str | None:
    if _is_mostly_control(head):
        return None
    from charset_normalizer import from_bytes  # 25 ms to import, and most text is UTF-8

    match = from_bytes(head).best()
    if match is None:
        return None
    return _normal(data.decode(match.encoding, "replace"))


def _wide_encoding(head: bytes) -> str | None:
    """UTF-16 without a mark: text in it has its zeros on one side only."""
    if len(head) < _SHORTEST_WIDE:
        return None
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = max(len(head) // 2, 1)
    if odd / half > 0.4 and even / half < 0.05:
        return "utf-16-le"
    if even / half > 0.4 and odd / half < 0.05:
        return "utf-16-be"
    return None


def _is_mostly_control(head: bytes) -> bool:
    return len(head) - len(head.translate(None, _CONTROL)) > 0.02 * len(head)


def _normal(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
