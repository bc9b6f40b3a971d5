"""The headers of mail as people read them: in one line, with encoded words decoded."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator

from harlm.context.decode import decode, decode_labelled
from harlm.patterns import lazy_pattern

_WORD = lazy_pattern(r"=\?([\w.:+-]{1,60})(?:\*[\w-]{0,60})?\?([BbQq])\?([^?\n]*)\?=")
_LONGEST_BLOCK = 1 << 20  # characters
_BLANKS_BETWEEN = lazy_pattern(r"(?<=\?=)\s++(?==\?)")


def decoded_words(value: str) -> str:
    """A header in one line, with its encoded words and its bytes beyond ASCII decoded.

    Args:
        value: the header as it was sent, with lone surrogates for bytes beyond ASCII.
    """
    text = " ".join(_BLANKS_BETWEEN.sub("", _as_text(value)).split())
    return " ".join("".join(_decoded(text)).split()) if "=?" in text else text


def _as_text(value: str) -> str:
    if value.isascii():
        return value
    return decode(value.encode("utf-8", "surrogateescape")) or value


def _decoded(text: str) -> Iterator[str]:
    """The pieces of a header. A character may be cut between words that follow each other, so their bytes are joined."""
    at, label, waiting = 0, "", b""
    for word in _WORD.finditer(text):
        data = _bytes_of(word)
        if data is None:
            continue
        if waiting and (word.start() > at or word[1].lower() != label):
            yield _shown(waiting, label)
            waiting = b""
        yield text[at : word.start()]
        at, label, waiting = word.end(), word[1].lower(), waiting + data
    yield _shown(waiting, label) if waiting else ""
    yield text[at:]


def _bytes_of(word: re.Match[str]) -> bytes | None:
    if word[2] in "Bb":
        try:
            return binascii.a2b_base64(word[3] + "=" * (-len(word[3]) % 4))
        except ValueError:
            return None
    return binascii.a2b_qp(word[3].encode(), header=True)


def _shown(data: bytes, label: str) -> str:
    found = decode_labelled(data, label)
    return data.decode("utf-8", "replace") if found is None else found.text


def internet_headers(block: str) -> dict[str, str]:
    """The first of each header in a block, by name in lower case, with its folded lines.

    Args:
        block: the lines before the text of a message; more than a million characters are not looked at.
    """
    found: dict[str, list[str]] = {}
    lines: list[str] = []
    for row in block[:_LONGEST_BLOCK].split("\n"):
        name, colon, value = row.partition(":")
        if row[:1] in (" ", "\t"):
            lines.append(row)
        elif colon:
            lines = [value]
            found.setdefault(name.lower(), lines)
    return {name: "\n".join(rows).strip() for name, rows in found.items()}
