"""The ways in which one text can be typeset: quotation marks, dashes, dots, blanks, ligatures, emphasis, hyphens.

Two forms of a text make typesetting disappear. The *skeleton* has no blanks and no marks at all, so that any text has one
that can be searched in linear time. The *canonical* characters keep them, in one form each, to compare two texts for good.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from harlm.patterns import lazy_pattern

SINGLE_QUOTES = "'‘’‚‛‹›`´ʼ＇′"
DOUBLE_QUOTES = '"“”„‟«»〝〞〟＂「」『』﹁﹂﹃﹄″'
DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
NO_WIDTH = "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
EMPHASIS = "*_`~"
SOFT_HYPHENS = "\u00ad\ufffe"
"""A hyphen that is shown at a line end only; U+FFFE is the one of PDFium."""

SOFT = "\0"
"""The canonical character of a hyphen that may be one of the line end only."""

Canonical = tuple[str, int, int]
"""A canonical character, and the span of what it stands for."""

_QUOTE = "'"
_FIXED = {"soft": SOFT, "dots": "…", "quote": _QUOTE, "dash": "-"}
_MOST_HIDDEN = 8  # characters without width in a row
_ONE = {
    **dict.fromkeys(map(ord, SINGLE_QUOTES + DOUBLE_QUOTES), _QUOTE),
    **dict.fromkeys(map(ord, DASHES), "-"),
    **{code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F) if chr(code) not in "＂＇－"},
}
_DROPPED = {
    ord(letter)
    for letter in SINGLE_QUOTES + DOUBLE_QUOTES + DASHES + NO_WIDTH + EMPHASIS + SOFT_HYPHENS + "….\0"
}
_ASCII_DROPPED = bytes(code for code in range(128) if code in _DROPPED or chr(code).isspace())
_UNSPACED = lazy_pattern("[\u2e80-\u303f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef]")
"""Chinese and Japanese, in which a line end inside a sentence stands for no blank."""

_TOKEN = lazy_pattern(
    rf"""(?P<soft>[{SOFT_HYPHENS}](?:[^\S\n]*+\n\s*+)?(?=\w)|(?<=[^\W\d_])[-\u2010][^\S\n]*+\n\s*+(?=[^\W\d_]))
       |(?P<blank>[{NO_WIDTH}]*+\s[\s{NO_WIDTH}]*+)
       |(?P<none>[{NO_WIDTH}{SOFT_HYPHENS}\ufe0e\ufe0f]++)
       |(?P<dots>…|\.[ \u00a0\u202f]?\.[ \u00a0\u202f]?\.)
       |(?P<quote>''|``)
       |(?P<dash>---?(?!-))
       |(?P<emphasis>[*_~]++|`)
       |(?P<letter>.)""",
    re.VERBOSE | re.DOTALL,
)


@lru_cache(maxsize=1 << 14)
def letters_of(letter: str) -> str:
    """A character as it is compared: ``ﬁ`` is ``fi``, ``é`` is ``e`` and its accent, ``’`` is ``'``."""
    same = _ONE.get(ord(letter))
    if same is not None:
        return same
    code = ord(letter)
    if code < 0x80 or 0xAC00 <= code < 0xD7A4:  # ASCII, Hangul
        return letter
    if 0xFB00 <= code <= 0xFB06 or 0xFF61 <= code <= 0xFF9F:  # ligatures, half-width Japanese
        return unicodedata.normalize("NFKD", letter)
    return unicodedata.normalize("NFD", letter)


class _Skeleton(dict[int, str]):
    """What ``str.translate`` makes of each character."""

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        bare = code in _DROPPED or letter.isspace() or unicodedata.category(letter) in ("Mn", "Cf")
        kept = (
            ""
            if bare
            else "".join(
                each
                for each in letters_of(letter)
                if ord(each) not in _DROPPED and unicodedata.category(each) != "Mn"
            )
        )
        self[code] = kept
        return kept


_SKELETON = _Skeleton()


def skeleton(text: str) -> str:
    """``text`` without blanks, quotation marks, dashes, dots, emphasis, accents. Each character alone decides what it
    becomes, so the skeleton of a text is those of its parts, joined.
    """
    if text.isascii():
        return text.encode("ascii").translate(None, _ASCII_DROPPED).decode("ascii")
    return text.translate(_SKELETON)


def canonical(text: str, start: int, end: int, *, is_marked: bool) -> Iterator[Canonical]:
    """The canonical characters of ``text[start:end]``.

    Args:
        text, start, end: the part of a text.
        is_marked: whether ``*``, ``_``, ``~`` and backticks at the edge of words are emphasis, which is no part of the text.
    """
    at = start
    while at < end:
        token = _TOKEN.match(text, at, end)
        if token is None:
            return
        kind, last = token.lastgroup or "", token.end()
        before, after = _seen(text, at - 1, -1), _seen(text, last, 1)
        if kind in _FIXED:
            yield _FIXED[kind], at, last
        elif kind == "blank":
            if not (_UNSPACED.match(before or " ") and _UNSPACED.match(after or " ")):
                yield " ", at, last
        elif kind == "letter" or (kind == "emphasis" and not (is_marked and _is_at_edge(before, after))):
            for offset in range(at, last):
                yield from ((each, offset, offset + 1) for each in letters_of(text[offset]))
        at = last


def _seen(text: str, at: int, step: int) -> str:
    """The character at ``at``, or the next one in the direction of ``step`` that has a width; empty at the end."""
    for _ in range(_MOST_HIDDEN):
        if not 0 <= at < len(text):
            return ""
        if text[at] not in NO_WIDTH:
            return text[at]
        at += step
    return ""


def _is_at_edge(before: str, after: str) -> bool:
    """Whether marks between two characters can be those of emphasis: they are neither inside a word nor apart from words."""
    is_inside = before.isalnum() and after.isalnum()
    is_apart = (not before or before.isspace()) and (not after or after.isspace())
    return not is_inside and not is_apart
