"""Words in the form that retrieval uses: folded, stemmed, with their offsets.

Stems are those of Porter's algorithm, the same as those of SQLite's ``porter`` tokenizer (of 4,857 English
words, 3 differ: ``-ology`` and a lone ``s``), so that a stem can be looked up in the index's own vocabulary.
"""

from __future__ import annotations

import re
import threading
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

from harlm.folding import fold, fold_with_offsets, is_folded
from harlm.patterns import lazy_pattern
from harlm.retrieval.compounds import compounds, other_words
from harlm.retrieval.scripts import as_letters, single_letters, spaced, words_in

_WORD = lazy_pattern(r"[^\W_]+")
_UNIT = "[0-9a-fA-F]{4}"
_ESCAPES = lazy_pattern(
    rf"\\u(?:(?<=\w\\u){_UNIT}(?:\\u{_UNIT})*+|{_UNIT}(?:\\u{_UNIT})++|{_UNIT}(?=\w)|[3-9a-dA-D][0-9a-fA-F]{{3}})"
)  # a lone one is no word, unless it may be Chinese: Python writes tables of single letters so
_SOFT_BREAK = lazy_pattern("[\xad\u2010\ufffe](?=\n)")  # the word continues in the next line

STOPWORDS = frozenset(
    """a about above after again against all also although always am among an and any are as at be became because
    been before being below between both but by can could did do does doing done down during each either else ever
    every few for from further get give given gives had has have having he her here hers herself him himself his
    how however i if in instead into is it its itself just let many may me might more most much must my myself
    neither nor not of off often on once one only onto or other others our ours out over own per please same say
    says shall she should since so some still such tell than that the their theirs them themselves then there
    these they this those though through to too toward towards under until up upon us used using very via was we
    well were what when where whether which while who whom whose why will with within without would yet you your
    s t d ll m re ve""".split()
)
"""Words that say nothing about the subject of a text."""


class Term(NamedTuple):
    """One word of a text: its stem, its span in characters, and whether it is a stopword."""

    stem: str
    start: int
    end: int
    is_stopword: bool


_STEMMING = threading.Lock()


@lru_cache(maxsize=1)
def _stemmer() -> Callable[[str], str]:
    import snowballstemmer  # 25 ms to import; a run that answers by code alone never stems

    stem_word: Callable[[str], str] = snowballstemmer.stemmer("porter").stemWord
    return stem_word


@lru_cache(maxsize=1 << 16)
def stem(word: str) -> str:
    """The Porter stem of a lower-case word."""
    with _STEMMING:  # the stemmer is not thread-safe, and searches run in threads
        return _stemmer()(word)


def terms(text: str) -> list[Term]:
    """All words of ``text`` in order; of scripts without blanks between words, the overlapping pairs of letters.

    A stopword in capitals (WHO, IT, US) is a word like others, unless all of the text is in capitals.
    """
    shouts = text.isupper()
    if text.isascii() and "\\u" not in text:
        return list(_terms(text, shouts=shouts))
    plain, offsets = _plain_with_offsets(text)
    return [
        Term(each.stem, offsets[each.start], _end_of(offsets, each.end), each.is_stopword)
        for each in _terms(plain, shouts=shouts)
    ]


def _end_of(offsets: Sequence[int], end: int) -> int:
    """Where a word ends in the text as written; behind a letter that is folded to several, such as ``¼``."""
    last = offsets[end - 1]
    while offsets[end] == last:
        end += 1
    return offsets[end]


def placed_stems(text: str) -> Iterator[tuple[str, int]]:
    """The stems of all words of ``text`` and of their other spellings, each with its offset, unordered."""
    simple, offsets = _plain_with_offsets(text)
    for word, start, _ in words_of(simple):
        yield stem(lower(word)), offsets[start]
    for words, at in (*single_letters(simple), *other_words(simple)):
        for word in words.split():
            yield stem(word), offsets[at]


def is_plain(text: str) -> bool:
    """Whether the words of ``text`` stand in it as they are compared, whatever their case."""
    return is_folded(text) and not ("\\u" in text and _ESCAPES.search(text))


class QuestionWords(NamedTuple):
    """The words of a question.

    Attributes:
        words: the words in order, each with its stem; identifiers in their parts.
        wholes: words that can stand for several of these, such as ``userprofile``, with their parts.
        signed: words of letters and signs, such as ``c++`` or ``1.0.21``.
    """

    words: Sequence[QuestionWord]
    wholes: Mapping[str, Sequence[str]]
    signed: Sequence[str]


class QuestionWord(NamedTuple):
    """One word of a question."""

    word: str
    stem: str
    is_stopword: bool


def asked_words(question: str) -> QuestionWords:
    """The words of a question, with the other ways to write them."""
    simple = plain(question)
    shouts = question.isupper()
    found = compounds(simple)
    in_parts = {
        each.start: each.parts for each in found if each.is_written_whole and not each.parts[0].isdigit()
    }
    words: list[QuestionWord] = []
    for word, start, end in words_of(simple):
        parts = in_parts.get(start) if end - start > 1 else None
        if parts and not all(part in STOPWORDS for part in parts):
            words += [QuestionWord(part, stem(part), part in STOPWORDS) for part in parts]
            continue
        words.append(QuestionWord(lower(word), stem(lower(word)), _is_stopword(word, shouts=shouts)))
    wholes = {each.whole: each.parts for each in found if each.parts}
    return QuestionWords(words, wholes, [each.whole for each in found if not each.parts])


def _is_stopword(word: str, *, shouts: bool) -> bool:
    return lower(word) in STOPWORDS and (shouts or len(word) < 2 or not word.isupper())


def _terms(plain: str, *, shouts: bool) -> Iterator[Term]:
    for word, start, end in words_of(plain):
        yield Term(stem(lower(word)), start, end, _is_stopword(word, shouts=shouts))


def words_of(plain: str) -> Iterator[tuple[str, int, int]]:
    """The words of a folded text, each with its span; of unspaced scripts the pairs of letters."""
    if plain.isascii():
        for match in _WORD.finditer(plain):
            yield match[0], match.start(), match.end()
    else:
        yield from words_in(plain)


def lower(plain: str) -> str:
    """A folded text without its case."""
    return plain.lower() if plain.isascii() else plain.casefold()


def word_at(text: str, start: int) -> str:
    """The word of ASCII letters and digits that begins at ``start``; empty if there is none."""
    found = _WORD.match(text, start)
    return found.group() if found else ""


def plain(text: str) -> str:
    """``text`` as its words are taken: folded except for case, and without escapes of JSON."""
    if "\\u" in text:
        text = _ESCAPES.sub(_unescaped, text)
    return text if text.isascii() else fold(_SOFT_BREAK.sub("-", text), keep_case=True)


def _plain_with_offsets(text: str) -> tuple[str, array[int]]:
    """As ``plain``, with the offset in ``text`` of each character, and the length of ``text``."""
    decoded, places = _decoded(text)
    folded, offsets = fold_with_offsets(_SOFT_BREAK.sub("-", decoded), keep_case=True)
    return folded, offsets if places is None else array("Q", [places[at] for at in offsets])


def _decoded(text: str) -> tuple[str, array[int] | None]:
    if "\\u" not in text:
        return text, None
    parts: list[str] = []
    places = array("Q")
    at = 0
    for escapes in _ESCAPES.finditer(text):
        letters = _unescaped(escapes)
        parts += [text[at : escapes.start()], letters]
        places.extend(range(at, escapes.start()))
        step = (escapes.end() - escapes.start()) // len(letters)
        places.extend(escapes.start() + step * number for number in range(len(letters)))
        at = escapes.end()
    parts.append(text[at:])
    places.extend(range(at, len(text) + 1))
    return "".join(parts), places


def _unescaped(escapes: re.Match[str]) -> str:
    units = b"".join(int(unit, 16).to_bytes(2, "big") for unit in escapes[0].split("\\u")[1:])
    return units.decode("utf-16-be", "replace")


def searchable(text: str, spans: Sequence[tuple[int, int]]) -> Iterator[str]:
    """Parts of ``text`` as a full-text index takes them: all their words can be found by their letters and digits alone.

    Behind each part stand the other spellings of its words, such as ``email`` for ``e-mail``.

    Args:
        text: the text; must have no lone surrogates.
        spans: the spans of the parts, ascending. Near ones are handled together, which is faster.
    """
    if not spans:
        return
    base = spans[0][0]
    near = text[base : spans[-1][1]]
    if not is_plain(near):
        for plain_ones, each in groupby(spans, lambda span: is_plain(text[span[0] : span[1]])):
            if plain_ones:
                yield from searchable(text, list(each))
            else:
                yield from (_searchable_alone(text[start:end]) for start, end in each)
        return
    for (start, end), others in zip(spans, _by_span(other_words(near), spans), strict=True):
        yield _with_others(text[start:end], others)


def _by_span(found: Sequence[tuple[str, int]], spans: Sequence[tuple[int, int]]) -> list[list[str]]:
    """The words of each span. Their offsets count from the first one."""
    base = spans[0][0]
    starts = [start - base for start, _ in spans]
    words: list[list[str]] = [[] for _ in spans]
    for word, at in found:
        words[bisect_right(starts, at) - 1].append(word)
    return words


def _searchable_alone(text: str) -> str:
    simple = plain(text)
    return _with_others(spaced(simple), [words for words, _ in other_words(simple)])


def _with_others(text: str, others: Sequence[str]) -> str:
    return f"{text}\n{as_letters(' '.join(others))}" if others else text


def stems_in(text: str, spans: Sequence[tuple[int, int]]) -> Iterator[tuple[str, ...]]:
    """``stems_of`` for each of some parts of ``text``, ascending."""
    if not spans:
        return
    base, last = spans[0][0], spans[-1][1]
    near = text[base:last]
    if not is_plain(near):
        for start, end in spans:
            yield tuple(stems_of(text[start:end]))
        return
    lowered = near.lower()
    for (start, end), others in zip(spans, _by_span(other_words(near), spans), strict=True):
        words = _WORD.findall(lowered, start - base, end - base)
        for other in others:
            words += other.split()
        yield tuple(map(stem, words))


def stems_of(text: str) -> list[str]:
    """The stems of all words of ``text`` in order, and behind them those of their other spellings."""
    simple = plain(text)
    if simple.isascii():
        words = _WORD.findall(simple.lower())
    else:
        words = [word for word, _, _ in words_in(lower(simple))]
        words += [letter for letter, _ in single_letters(simple)]
    for spelling, _ in other_words(simple):
        words += spelling.split()
    return list(map(stem, words))


def content_terms(text: str) -> list[str]:
    """The stems of ``text`` without stopwords, each once, in order of first use.

    If all words are stopwords, the stems of all words.
    """
    found = terms(text)
    content = [term.stem for term in found if not term.is_stopword]
    return list(dict.fromkeys(content or [term.stem for term in found]))
