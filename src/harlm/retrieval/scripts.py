"""Scripts that need more than blanks to find their words, and how words are written for a full-text index.

Chinese, Japanese, Korean, Thai, Lao, Burmese and Khmer are cut into overlapping pairs of letters, which needs no
dictionary. Vowel signs are parts of words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from harlm.patterns import lazy_pattern

_UNSPACED = (
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ecf\u0edc-\u0edf"  # Thai, Lao
    "\u1000-\u103f\u1050-\u108f\u1780-\u17d3\u17dc"  # Burmese, Khmer
    "\u1100-\u11ff\uac00-\ud7a3"  # Hangul; its words carry particles
    "\u3005-\u3007\u3021-\u3029\u3041-\u309a\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff"  # kana
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd"  # Han
)
_SIGNS = (
    "\u0900-\u0903\u093a-\u094f\u0951-\u0957\u0962\u0963\u0981-\u0983\u09bc-\u09d7\u09e2\u09e3\u0a01-\u0a03\u0a3c-\u0a51"
    "\u0a70\u0a71\u0a75\u0a81-\u0a83\u0abc-\u0acd\u0ae2\u0ae3\u0b01-\u0b03\u0b3c-\u0b57\u0b62\u0b63\u0b82\u0bbe-\u0bd7"
    "\u0c00-\u0c04\u0c3c-\u0c56\u0c62\u0c63\u0c81-\u0c83\u0cbc-\u0cd6\u0ce2\u0ce3\u0d00-\u0d03\u0d3b-\u0d57\u0d62\u0d63"
    "\u0d82\u0d83\u0dca-\u0ddf\u0df2\u0df3"
    "\u0f18\u0f19\u0f35-\u0f3f\u0f71-\u0f84\u0f86\u0f87\u0f8d-\u0fbc\u1b00-\u1b04\u1b34-\u1b44\ua8e0-\ua8f1"
)
"""Vowel signs and other marks that are parts of words."""

_UNSPACED_SIGNS = "\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ecf\u102b-\u103e\u1056-\u1059\u105e-\u108d\u17b4-\u17d3"

WORD = lazy_pattern(rf"(?P<unspaced>[{_UNSPACED}]+)|(?:[^\W_{_UNSPACED}]++|[{_SIGNS}]++)++")
"""A word of a folded text, or a stretch of letters without blanks between words."""

_UNSPACED_RUN = lazy_pattern(f"[{_UNSPACED}]+")
_SIGN = lazy_pattern(f"[{_SIGNS}{_UNSPACED_SIGNS}]")
_HELD = {"+": "\ua840", "#": "\ua841", ".": "\ua842"}
_HELD_SIGN = lazy_pattern("[+#.]")
_AS_LETTERS = str.maketrans(_HELD)
_ABOVE = 0x20000


def pairs_of(run: str) -> list[str]:
    """The overlapping pairs of letters of ``run``; the letter itself if there is only one."""
    return [run[at : at + 2] for at in range(max(1, len(run) - 1))]


def words_in(text: str) -> Iterator[tuple[str, int, int]]:
    """The words of a folded text, each with its span; of unspaced scripts the pairs of letters."""
    for match in WORD.finditer(text):
        start, end = match.span()
        if match.lastgroup is None:
            yield match[0], start, end
        else:
            for at, pair in enumerate(pairs_of(match[0]), start):
                yield pair, at, at + len(pair)


def single_letters(text: str) -> list[tuple[str, int]]:
    """Each letter of unspaced scripts that stands in a pair, with its offset: one letter may be a word as well."""
    return [
        (letter, at)
        for run in _UNSPACED_RUN.finditer(text)
        if len(run[0]) > 1
        for at, letter in enumerate(run[0], run.start())
    ]


def as_letters(word: str) -> str:
    """A word as a full-text index takes it: of letters and digits only.

    Signs inside of words stand as rare letters, since an index would cut the word there.
    """
    if word.isalnum():
        return word
    if _HELD_SIGN.search(word):
        word = word.translate(_AS_LETTERS)
    return word if word.isascii() else _SIGN.sub(_as_letter, word)


def spaced(text: str) -> str:
    """A folded text whose words can be found by their letters and digits alone."""
    if text.isascii():
        return text
    return _SIGN.sub(_as_letter, _UNSPACED_RUN.sub(_spread, text))


def _spread(run: re.Match[str]) -> str:
    letters = run[0] if len(run[0]) > 1 else ""
    return f" {' '.join([*pairs_of(run[0]), *letters])} "


def _as_letter(sign: re.Match[str]) -> str:
    return chr(_ABOVE + ord(sign[0]))
