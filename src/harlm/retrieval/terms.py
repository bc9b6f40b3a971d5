"""Words in the form that retrieval uses: lower case, stemmed, with their offsets.

Stems are those of Porter's algorithm, the same as those of SQLite's ``porter`` tokenizer (of 4,857 English
words, 3 differ: ``-ology`` and a lone ``s``), so that a stem can be looked up in the index's own vocabulary.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple

_WORD = re.compile(r"[^\W_]+")

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
    """All words of ``text`` in order."""
    return list(_terms(text))


def _terms(text: str) -> Iterator[Term]:
    for match in _WORD.finditer(text):
        word = match.group().lower()
        yield Term(stem(word), match.start(), match.end(), word in STOPWORDS)


def word_at(text: str, start: int) -> str:
    """The word that begins at ``start``; empty if there is none."""
    found = _WORD.match(text, start)
    return found.group() if found else ""


def stems_of(text: str) -> list[str]:
    """The stems of all words of ``text`` in order: ``terms`` without the spans, in a third of the time."""
    return [stem(word) for word in _WORD.findall(text.lower())]


def content_terms(text: str) -> list[str]:
    """The stems of ``text`` without stopwords, each once, in order of first use.

    If all words are stopwords, the stems of all words.
    """
    found = terms(text)
    content = [term.stem for term in found if not term.is_stopword]
    return list(dict.fromkeys(content or [term.stem for term in found]))
