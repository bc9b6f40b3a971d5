"""Folding: one spelling for texts that a reader takes for the same.

Case, accents of Latin, Greek and Cyrillic letters, ligatures, full-width letters and invisible characters do not
count; vowel signs of other scripts do, since they are parts of words. Search compares texts in this form.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator
from functools import lru_cache
from unicodedata import category, normalize

from harlm.patterns import lazy_pattern

_LETTERS = {
    "ł": "l", "ø": "o", "ß": "ss", "đ": "d", "ð": "d", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ħ": "h", "ŧ": "t",
    "ŋ": "n", "ĸ": "k", "ǥ": "g", "ƶ": "z", "ɖ": "d", "ɗ": "d", "ɓ": "b", "ƙ": "k", "ɨ": "i", "ʉ": "u", "ȷ": "j", "ə": "e",
    "Ł": "L", "Ø": "O", "ẞ": "SS", "Đ": "D", "Ð": "D", "Æ": "AE", "Œ": "OE", "Þ": "TH", "Ħ": "H", "Ŧ": "T", "Ŋ": "N",
    "Ǥ": "G", "Ƶ": "Z", "Ɖ": "D", "Ɗ": "D", "Ɓ": "B", "Ƙ": "K", "Ɨ": "I", "Ʉ": "U", "Ə": "E",
    "ς": "σ", "‐": "-", "⁃": "-", "﹘": "-",
}  # fmt: skip
"""Letters that Unicode does not take apart, and what people without that key type for them."""

_UNSEEN = (
    "\xad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufffe"  # take no place
    "\u0640\u2120\u2122"  # a stretched line inside Arabic words; ℠ and ™, which would become letters
)
_ACCENTS = "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u064b-\u065f\u0670\u06d6-\u06dc\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20f0\ufe20-\ufe2f"
_LEFT_OUT = lazy_pattern(f"[{_UNSEEN}{_ACCENTS}]+")
_TAKES_NO_PLACE = lazy_pattern(f"[{_UNSEEN}]+")
_OWN = lazy_pattern(f"[{''.join(_LETTERS)}]")
_CHANGED = lazy_pattern(
    "[^\x00-\x7f\xa7\xa9\xab\xae\xb0\xb1\xb6\xb7\xbb\xd7\xf7\u2012-\u2015\u2018-\u201f\u2020-\u2023\u20ac\u2190-\u2199\u21d0-\u21d5"
    "\u2200-\u2203\u2205-\u2208\u2264\u2265\u2500-\u27bf\U0001f300-\U0001faff]"
)
"""A character that may fold to another one."""

_MOST_MARKS = 64  # of one letter; to put more into their order takes quadratic time
_MANY_MARKS = lazy_pattern(rf"([^\w\s\x00-\x7f]{{{_MOST_MARKS}}})")
_MOSTLY = 1.2  # bytes of UTF-8 for each character of a text that is mostly ASCII
_SHORT = 16  # characters of a run whose folding is kept
_RUN = lazy_pattern("[^\x00-\x7f]+")
_MARKS = frozenset({"Mn", "Mc", "Me"})
_JOINED = lazy_pattern(
    "[\u1160-\u11ff\uff9e\uff9f]"
)  # later parts of Hangul syllables, voicing of narrow kana


def is_folded(text: str) -> bool:
    """Whether ``fold`` changes nothing in ``text`` but its case: it has only ASCII and usual punctuation."""
    return text.isascii() or _CHANGED.search(text) is None


def fold(text: str, *, keep_case: bool = False) -> str:
    """``text`` as it is compared: NFKC, without case, without accents.

    Args:
        text: any text.
        keep_case: leave capitals as they are.
    """
    if not is_folded(text):
        is_mostly_ascii = len(text.encode("utf-8", "surrogatepass")) < _MOSTLY * len(text)
        text = _RUN.sub(_folded_run, text) if is_mostly_ascii else _folded(text)
    if keep_case:
        return text
    return text.lower() if text.isascii() else _OWN.sub(_own, text.casefold())


def _folded_run(run: re.Match[str]) -> str:
    return _folded(run[0]) if len(run[0]) > _SHORT else _folded_letters(run[0])


@lru_cache(maxsize=1 << 12)
def _folded_letters(text: str) -> str:
    return _folded(text)


def _folded(text: str) -> str:
    """``text`` without accents and with ASCII letters where there are such, but with its case."""
    text = _LEFT_OUT.sub("", text)
    return "".join(map(_normalized, filter(None, _MANY_MARKS.split(text))))


def _normalized(text: str) -> str:
    text = normalize("NFKD", text)
    return normalize("NFC", _OWN.sub(_own, _LEFT_OUT.sub("", text)))


def _own(letter: re.Match[str]) -> str:
    return _LETTERS[letter[0]]


def fold_with_offsets(text: str, *, keep_case: bool = False) -> tuple[str, array[int]]:
    """As ``fold``, and where each character of the result comes from.

    Args:
        text, keep_case: as for ``fold``.

    Returns:
        the folded text, and for each of its characters the offset in ``text`` of the character that it stands
        for; one more number, the length of ``text``, ends the array.
    """
    offsets = array("Q")
    if text.isascii():
        offsets.extend(range(len(text) + 1))
        return (text if keep_case else text.lower()), offsets
    folded = []
    for start, end in _clusters(text):
        part = text[start:end]
        if end - start > 1 and part.isascii():
            offsets.extend(range(start, end))
            folded.append(part if keep_case else part.lower())
        else:
            part = fold(part, keep_case=keep_case)
            offsets.extend([start] * len(part))
            folded.append(part)
    offsets.append(len(text))
    return "".join(folded), offsets


_PLAIN = lazy_pattern("[\x00-\x7f]+")


def _clusters(text: str) -> Iterator[tuple[int, int]]:
    """Spans that can be folded one by one: plain runs, and letters with the marks behind them."""
    at, size = 0, len(text)
    while at < size:
        if plain := _PLAIN.match(text, at):
            end = plain.end()
            if end < size and _belongs_to_letter(text[end]):
                end -= 1  # the last letter carries a mark
                if end > at:
                    yield at, end
                    at = end
                end += 1
            else:
                yield at, end
                at = end
                continue
        else:
            end = at + 1
        most = min(size, end + _MOST_MARKS)
        while end < most and _belongs_to_letter(text[end]):
            end += 1
        yield at, end
        at = end


def _belongs_to_letter(letter: str) -> bool:
    return letter > "\x7f" and (
        category(letter) in _MARKS or bool(_JOINED.match(letter) or _TAKES_NO_PLACE.match(letter))
    )
