"""Words that people write in more than one way: ``e-mail`` and ``email``, ``getUserProfile`` and ``user profile``.

Finds them in texts of any length in linear time; handles folded texts that keep their case.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from harlm.patterns import lazy_pattern

_LONGEST = 48  # characters of a word that is taken apart; longer ones are data
_SHAPES = bytes(
    ord("A" if chr(code).isupper() else "a" if chr(code).isalnum() else "-" if chr(code) == "-" else " ")
    if code < 128
    else 32
    for code in range(256)
)
"""Letters and digits as ``a``, capitals as ``A``."""

# As one expression they take five times as long.
_HUMP_SHAPES = lazy_pattern(rb"aA[aA-]*+"), lazy_pattern(rb"AAa[aA-]*+")
_HUMP = lazy_pattern(r"[A-Z](?:(?<=[a-z0-9][A-Z])|(?<=[A-Z][A-Z])(?=[a-z]))")
_HYPHEN = lazy_pattern(r"-(?<=[^\W_]-)(?:[ \t]{0,8}\n[ \t]{0,8})?([^\W_]{1,48}+)(?![^\W_])")
_PLUS = lazy_pattern(r"\+\+(?<=[a-zA-Z]\+\+)(?![\w#+])")
_SHARP = lazy_pattern(r"#(?<=[a-zA-Z]#)(?![\w#+])")
_DOT = lazy_pattern(r"\.(?:(?<=\d\.)\d{1,12}\.(?=\d)|NET\b)")
_VERSION = lazy_pattern(r"\d{1,12}(?:\.\d{1,12})+")
_PART = lazy_pattern(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_JOINT = lazy_pattern(r"[._](?<=[^\W_][._])(?=[^\W_])")
_WORD = lazy_pattern(r"[^\W_]+")


class Compound(NamedTuple):
    """A word that is written in parts, or a whole of letters and signs.

    Attributes:
        whole: the word in one piece, in lower case.
        parts: its parts, in lower case; empty for a whole of letters and signs (``c++``, ``1.0.21``).
        start, end: its span.
        is_written_whole: whether the text has it in one piece (``getUserProfile``).
    """

    whole: str
    parts: tuple[str, ...]
    start: int
    end: int
    is_written_whole: bool = False


def other_words(text: str) -> list[tuple[str, int]]:
    """The words by which the compounds of ``text`` can be found as well: the parts of wholes (``user``, ``profile`` for
    ``userProfile``), and the wholes of parts (``email`` for ``e-mail``).

    Returns:
        words in lower case, several of them divided by blanks, and the offset of each compound; unordered.
    """
    shape = text.encode("ascii", "replace").translate(_SHAPES)
    found: list[tuple[str, int]] = []
    for humps in _HUMP_SHAPES:
        for hump in humps.finditer(shape):
            at, end = hump.span()
            start = shape.rfind(b" ", 0, at) + 1
            if end - start <= _LONGEST:
                found.append((_parts_of(text[start:end]), start))
    if b"-" in shape:
        for hyphen in _HYPHEN.finditer(text):
            at, other = hyphen.start(), hyphen[1]
            one = text[_left(text, at) : at]
            if len(one) <= _LONGEST and not (other[0].isdigit() and one.isdigit() and other.isdigit()):
                found.append(((one + other).lower(), at))
    if "++" in text or "#" in text or "." in text:
        found += [(each.whole, each.start) for each in _signed(text)]
    return found


@lru_cache(maxsize=1 << 14)
def _parts_of(word: str) -> str:
    return " ".join(_PART.findall(word)).lower()


def compounds(text: str) -> list[Compound]:
    """All compounds of a question, also identifiers with dots and underscores."""
    return [*_humps(text), *_hyphenated(text), *_signed(text), *_jointed(text)]


def _humps(text: str) -> list[Compound]:
    found: list[Compound] = []
    seen = 0
    for hump in _HUMP.finditer(text):
        if hump.start() < seen:
            continue
        start, seen = _span(text, hump.start())
        parts = tuple(part.lower() for part in _PART.findall(text, start, seen))
        if len(parts) > 1 and seen - start <= _LONGEST:
            found.append(Compound(text[start:seen].lower(), parts, start, seen, is_written_whole=True))
    return found


def _hyphenated(text: str) -> list[Compound]:
    found: list[Compound] = []
    for hyphen in _HYPHEN.finditer(text):
        start, end = _left(text, hyphen.start()), hyphen.end()
        one, other = text[start : hyphen.start()], hyphen[1]
        if len(one) <= _LONGEST and not (one.isdigit() and other.isdigit()):
            found.append(Compound((one + other).lower(), (one.lower(), other.lower()), start, end))
    return found


def _signed(text: str) -> list[Compound]:
    found: list[Compound] = []
    for sign in (*(_PLUS.finditer(text) if "++" in text else ()), *_SHARP.finditer(text)):
        start = _left(text, sign.start())
        if sign.start() - start == 1:
            found.append(Compound(text[start : sign.end()].lower(), (), start, sign.end()))
    seen = 0
    for dot in _DOT.finditer(text):
        if dot.start() < seen:
            continue
        if dot[0] == ".NET":
            found.append(Compound(".net", (), *dot.span()))
        elif version := _VERSION.search(text, _left(text, dot.start())):
            seen = version.end()
            found.append(Compound(version[0], (), *version.span()))
    return found


def _jointed(text: str) -> list[Compound]:
    found: list[Compound] = []
    seen = 0
    for joint in _JOINT.finditer(text):
        if joint.start() < seen:
            continue
        start, parts = _left(text, joint.start()), []
        seen = start
        while word := _WORD.match(text, seen):
            parts.append(word[0].lower())
            seen = word.end()
            if _JOINT.match(text, seen) is None:
                break
            seen += 1
        if seen - start <= 2 * _LONGEST and not all(part.isdigit() for part in parts):
            found.append(Compound("".join(parts), tuple(parts), start, seen))
    return found


def _span(text: str, at: int) -> tuple[int, int]:
    return _left(text, at), _right(text, at)


def _left(text: str, at: int) -> int:
    backwards = text[at - 1 : at - _LONGEST - 2 : -1] if at > _LONGEST else text[:at][::-1]
    word = _WORD.match(backwards)
    return at - word.end() if word else at


def _right(text: str, at: int) -> int:
    word = _WORD.match(text, at)
    return word.end() if word else at
