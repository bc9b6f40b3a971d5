"""Which words of a question a sentence holds: all, or which are missing. Numbers and names must be the same."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from harlm.models.offline.paraphrases import (
    LIGHT,
    fold,
    foreign_kind,
    is_stopword,
    replacements,
    without_question,
)
from harlm.patterns import lazy_pattern
from harlm.retrieval.terms import stem
from harlm.retrieval.word_families import related_words

_TOKEN = lazy_pattern(r"[^\W_]++(?:[._'’/-][^\W_]++|_++[^\W_]++)*+")
_PART = lazy_pattern(r"[^\W_]++")
_UNSPACED = lazy_pattern(r"[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f]++")
_POSSESSIVE = lazy_pattern(r"['’]s?$")
_NUMBERS = {
    word: str(number)
    for number, word in enumerate(
        """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
        eighteen nineteen twenty""".split()
    )
} | {"thirty": "30", "forty": "40", "fifty": "50", "sixty": "60", "ninety": "90", "hundred": "100"}
_THOUSANDS = lazy_pattern(r"(?<=\d),(?=\d{3}\b)")
_COUNTED = lazy_pattern(
    r"\s*(?:%|[$€£]|[^\W\d_]+s\b|(?:eur|usd|gbp|chf|euro|pound|percent|bar|km|kg|mb|gb|kb|ms|m|g|l)\b)",
    re.IGNORECASE,
)
_HOW = lazy_pattern(
    r"(?<=\bhow )(?!many\b|much\b|do\b|does\b|is\b|are\b|was\b|were\b|can\b|did\b)[a-z]++", re.IGNORECASE
)
_ASKED_FOR = lazy_pattern(
    r"\b(?:(?:what|which|how many|how much|whose)|the(?= \w+ (?:of|for)\b))\s+(?:times?|dates?|years?|days?|weekdays?|months?|hours?|amounts?|numbers?|"
    r"values?|totals?|sums?|money|people|persons?)\b",
    re.IGNORECASE,
)
_ALIKE = 5  # first letters that two stems must share to be forms of one word
_MOST_TOKENS = 3_000  # of a text that is compared


@dataclass(frozen=True, slots=True)
class ContentWord:
    """A content word of a question.

    Attributes:
        text: as the question writes it.
        stem: its stem; of a number its digits; of text without blanks two letters.
        kind: ``number`` and ``name`` must be in an answer as they are, of a ``word`` also a form or a synonym.
        before: the stem of the word before a number that it belongs to, as in *station 4*; empty if there is none.
    """

    text: str
    stem: str
    kind: str
    before: str = ""


@dataclass(frozen=True, slots=True)
class WordsHeld:
    """The words of a text: their stems, and the pairs of a word and the number that follows it."""

    stems: frozenset[str]
    pairs: frozenset[tuple[str, str]]

    def __or__(self, other: WordsHeld) -> WordsHeld:
        return WordsHeld(self.stems | other.stems, self.pairs | other.pairs)


NOTHING_HELD = WordsHeld(frozenset(), frozenset())


def asked_words(question: str) -> list[ContentWord]:
    """The content words of ``question``, each once. Words that only ask for a kind of answer are left out."""
    foreign = foreign_kind(question) is not None
    if _UNSPACED.search(question):
        question = without_question(question)
    question = _THOUSANDS.sub("", question)
    question = _ASKED_FOR.sub(" ", _HOW.sub(" ", question))
    found: dict[str, ContentWord] = {}
    previous = ""
    for at, match in enumerate(_TOKEN.finditer(question)):
        for text in _pieces(match.group()):
            label = "" if _COUNTED.match(question, match.end()) else previous
            if not (word := _asked(text, label, foreign=foreign, is_first=at == 0)):
                continue
            found.setdefault(f"{word.stem} {word.before}", word)
        previous = stem(fold(_POSSESSIVE.sub("", match.group())))
    return list(found.values())


def _pieces(token: str) -> list[str]:
    """The parts of a token that count as words: itself if it holds a digit, else what hyphens separate."""
    if _UNSPACED.search(token):
        return [pair for run in _UNSPACED.findall(token) for pair in _pairs(run)] + list(
            _PART.findall(_UNSPACED.sub(" ", token))
        )
    if any(letter.isdigit() for letter in token) or "_" in token:
        return [token]
    return _PART.findall(_POSSESSIVE.sub("", token))


def _pairs(run: str) -> list[str]:
    return [run[at : at + 2] for at in range(len(run) - 1)] or [run]


def _asked(text: str, previous: str, *, foreign: bool, is_first: bool) -> ContentWord | None:
    word = fold(text)
    if word in _NUMBERS or any(letter.isdigit() for letter in word):
        is_compound = not (word in _NUMBERS or word.isdigit())
        before = previous if not is_compound and previous and previous not in _LOOSE else ""
        return ContentWord(text, number_form(word), "number", before)
    if is_stopword(word, foreign=foreign) and not (text.isupper() and len(text) > 1):
        return None
    if (stem(word) in _light() and not foreign) or (len(word) == 1 and word.isascii()):
        return None
    is_name = text[0].isupper() and not is_first and not foreign
    return ContentWord(text, stem(word), "name" if is_name else "word")


_LOOSE = frozenset(
    map(
        stem,
        """in on at of for to by is are was were than least most over under about the a and or from within after before until
        kept every per with under only only as do does did ha have januari februari march april may june juli august
        september october november december""".split(),
    )
)


@lru_cache(maxsize=1)
def _light() -> frozenset[str]:
    return frozenset(map(stem, LIGHT))


def number_form(word: str) -> str:
    """A number in digits without separators of thousands: *three* and *3*, *1,200* and *1200* are the same."""
    if word in _NUMBERS:
        return _NUMBERS[word]
    plain = _THOUSANDS.sub("", word)
    return re.sub(r"^(\d+)(?:st|nd|rd|th)$", r"\1", plain)


@lru_cache(maxsize=1 << 12)
def held_in(text: str) -> WordsHeld:
    """The words of ``text``; of a very long one, of its beginning."""
    stems: set[str] = set()
    pairs: set[tuple[str, str]] = set()
    previous = ""
    text = _THOUSANDS.sub("", text)
    for count, match in enumerate(_TOKEN.finditer(text)):
        if count >= _MOST_TOKENS:
            break
        whole = fold(_POSSESSIVE.sub("", match.group()))
        parts = _pieces(match.group())
        stems.add(number_form(whole))
        for part in [*parts, *_PART.findall(whole)]:
            word = fold(part)
            stems.add(number_form(word))
            stems.add(stem(word))
        last = ""
        for part in (number_form(each) for each in _PART.findall(whole)):
            pairs.add((last or previous, part))
            last = stem(part)
        pairs.add((previous, number_form(whole)))
        previous = last or stem(whole)
    return WordsHeld(frozenset(stems), frozenset(pairs))


def in_columns(header: Sequence[str], fields: Sequence[str]) -> WordsHeld:
    """The words of a row of a table, each number paired with the last word of its column's name."""
    pairs = set()
    for name, field in zip(header, fields, strict=False):
        if words := _PART.findall(fold(name)):
            pairs.add((stem(words[-1]), number_form(fold(field.strip()))))
    return WordsHeld(frozenset(), frozenset(pairs))


def covers(held: WordsHeld, word: ContentWord, *, foreign: bool = False) -> bool:
    """Whether a text with these words holds ``word``, a form of it or a synonym."""
    if word.kind == "number":
        if word.before:
            return (word.before, word.stem) in held.pairs
        return word.stem in held.stems
    if word.stem in held.stems or not held.stems.isdisjoint(_others(word.stem)):
        return True
    if len(word.stem) < _ALIKE:
        return foreign and any(each.endswith(word.stem) for each in held.stems if len(word.stem) >= 4)
    return any(_alike(word.stem, each, foreign=foreign) for each in held.stems)


@lru_cache(maxsize=1 << 12)
def _others(stemmed: str) -> frozenset[str]:
    return replacements(stemmed) | frozenset(map(stem, related_words(stemmed)))


def _alike(asked: str, found: str, *, foreign: bool) -> bool:
    if foreign and len(asked) >= _ALIKE and (asked in found or (len(found) >= _ALIKE and found in asked)):
        return True
    shorter = min(len(asked), len(found))
    if shorter < _ALIKE or asked[:_ALIKE] != found[:_ALIKE]:
        return False
    return (
        asked[: max(_ALIKE, shorter - 2)] == found[: max(_ALIKE, shorter - 2)]
        and abs(len(asked) - len(found)) <= 4
    )


def missing(words: Iterable[ContentWord], held: WordsHeld, *, foreign: bool = False) -> list[ContentWord]:
    """The words that a text lacks."""
    return [word for word in words if not covers(held, word, foreign=foreign)]
