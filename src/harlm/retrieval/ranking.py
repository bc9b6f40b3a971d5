"""Ranks the passages, and the sentences in them, that answer a question.

A sentence scores by the words of the question in it; rare words count more than frequent ones.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from heapq import nlargest
from itertools import pairwise
from typing import NamedTuple

from harlm.retrieval.index import Ranking
from harlm.retrieval.sentences import split_sentences
from harlm.retrieval.terms import content_terms, stem, stems_of, terms, word_at
from harlm.retrieval.word_families import related_words
from harlm.threads import StopFlag

RELATED = 0.6  # the weight of a related word form, relative to the word itself
SIMILAR = 0.5  # the weight of a word with the same first letters
_ALIKE = 5  # first letters that two stems must share to be similar
MOST_WORDS = 64  # words of a question; more of them make a search slower, but not better
_LOOKED_UP = 2000  # words of a question whose frequency is looked up to choose them
_CANDIDATES = 24  # passages that are examined sentence by sentence


Matches = Mapping[str, float]
"""The stems of a question that occur in a text, each with its share of the question's weight."""


class Query:
    """A question as weighted stems.

    Args:
        text: the question.
        weigh: the weight of a stem before normalising, such as its inverse document frequency.
        occurs: whether a stem occurs at all in the texts that are searched.

    Attributes:
        words: the content words of the question, as written, for an index.
        related: words, as written, that can replace them.
        weights: the weight of each stem; the weights sum to 1.
        pairs: pairs of stems that are adjacent in the question, unless both are stopwords.
    """

    def __init__(
        self, text: str, weigh: Callable[[str], float], occurs: Callable[[str], bool] = lambda _: True
    ) -> None:
        found = terms(text)
        stems = _most_telling(content_terms(text), weigh, occurs)
        kept = frozenset(stems)
        self.words = list(dict.fromkeys(text[t.start : t.end] for t in found if t.stem in kept))
        raw = {asked: max(weigh(asked), 1e-6) for asked in stems}
        total = sum(raw.values())
        self.weights = {asked: weight / total for asked, weight in raw.items()}
        self.pairs = frozenset(
            (a.stem, b.stem)
            for a, b in pairwise(found)
            if not (a.is_stopword and b.is_stopword) and (a.stem in kept or b.stem in kept)
        )
        families = {asked: related_words(asked) for asked in stems}
        self.related = sorted({word for family in families.values() for word in family})
        related = {asked: frozenset(map(stem, family)) for asked, family in families.items()}
        self._alike = {
            asked[:_ALIKE]: tuple(self._alike_shares(asked)) for asked in stems if len(asked) >= _ALIKE
        }
        self._known = {
            known: tuple(self._shares(known, related)) for known in frozenset(stems).union(*related.values())
        }

    def _shares(self, found: str, related: Mapping[str, Set[str]]) -> Iterator[tuple[str, float]]:
        """The shares of a stem of the question, or of a related one, as (stem of the question, share)."""
        for asked, weight in self.weights.items():
            if asked == found:
                yield asked, weight
            elif found in related[asked]:
                yield asked, RELATED * weight
        yield from self._alike_shares(found)

    def _alike_shares(self, found: str) -> Iterator[tuple[str, float]]:
        """The shares of any stem by its first letters alone."""
        for asked, weight in self.weights.items():
            if len(asked) >= _ALIKE and found.startswith(asked[:_ALIKE]):
                yield asked, SIMILAR * weight

    def matches(self, stems: Iterable[str]) -> Matches:
        """The stems of the question that occur in a text with these stems, each with its share."""
        best: dict[str, float] = {}
        known, alike = self._known, self._alike
        for found in stems:
            for asked, share in known.get(found) or alike.get(found[:_ALIKE], ()):
                if share > best.get(asked, 0.0):
                    best[asked] = share
        return best

    def occurrences(self, text: str) -> Iterator[tuple[int, Sequence[tuple[str, float]]]]:
        """The offsets of the question's words in ``text``, unordered, each with its shares as in ``matches``.

        Only words that begin like a word of the question are stemmed. If these are few, that takes a fifth of
        the time of stemming all words.
        """
        lowered = text.lower()
        if len(lowered) != len(text):  # a letter that becomes two in lower case would shift all later offsets
            lowered = "".join(letter.lower()[0] for letter in text)
        for beginning in self._beginnings:
            at = lowered.find(beginning)
            while at >= 0:
                if not at or not lowered[at - 1].isalnum():
                    word = stem(word_at(lowered, at))
                    if shares := self._known.get(word) or self._alike.get(word[:_ALIKE]):
                        yield at, shares
                at = lowered.find(beginning, at + 1)

    @cached_property
    def _beginnings(self) -> frozenset[str]:
        """The beginnings of words that contribute.

        A word may differ from its Porter stem from its last letter on.
        """
        return frozenset(known[:_ALIKE][:-1] or known for known in self._known if known)

    def coverage(self, stems: Iterable[str]) -> float:
        """The share of the question, by weight, that occurs in a text with these stems: 0 to 1."""
        return sum(self.matches(stems).values())

    def pair_share(self, stems: Sequence[str]) -> float:
        """The share of the question's pairs that are adjacent in this sequence of stems: 0 to 1."""
        return len(self.pairs.intersection(pairwise(stems))) / len(self.pairs) if self.pairs else 0.0


def _most_telling(
    stems: Sequence[str], weigh: Callable[[str], float], occurs: Callable[[str], bool]
) -> Sequence[str]:
    """At most ``MOST_WORDS`` stems, in their order: the heaviest that occur; of equal ones, the first."""
    if len(stems) <= MOST_WORDS:
        return stems
    heaviest = frozenset(nlargest(MOST_WORDS, filter(occurs, stems[:_LOOKED_UP]), key=weigh))
    return [asked for asked in stems if asked in heaviest] or stems[:MOST_WORDS]


class ScoredSentence(NamedTuple):
    """A sentence: its span in characters of its text, its stems, and the stems of the question in it."""

    start: int
    end: int
    stems: tuple[str, ...]
    matches: Matches

    @property
    def coverage(self) -> float:
        """The share of the question, by weight, that the sentence covers."""
        return sum(self.matches.values())


def rank_sentences(query: Query, text: str, start: int = 0, end: int | None = None) -> list[ScoredSentence]:
    """The sentences of ``text[start:end]``, in their order, scored against the query."""
    scored = []
    for first, last in split_sentences(text, start, end):
        stems = tuple(stems_of(text[first:last]))
        scored.append(ScoredSentence(first, last, stems, query.matches(stems)))
    return scored


def covered_together(all_matches: Iterable[Matches]) -> float:
    """The share of the question that several texts cover together: 0 to 1."""
    best: dict[str, float] = {}
    for matches in all_matches:
        for asked, share in matches.items():
            if share > best.get(asked, 0.0):
                best[asked] = share
    return sum(best.values())


@dataclass(frozen=True, slots=True)
class RankedPassage:
    """A found passage: the number of its text, its span, its score and the span of its best sentence."""

    text: int
    start: int
    end: int
    score: float
    best: tuple[int, int]


def inverse_frequency(index: Ranking, stop: StopFlag | None = None) -> Callable[[str], float]:
    """A function that weighs a stem by its inverse frequency: log(1 + (n - f + 0.5) / (f + 0.5)).

    Here n is the number of passages in the index, and f the number of those in which the stem occurs.
    """

    def weigh(asked: str) -> float:
        seen = index.frequency(asked, stop=stop)
        return math.log(1 + (len(index) - seen + 0.5) / (seen + 0.5))

    return weigh


def weighed_query(question: str, index: Ranking, stop: StopFlag | None = None) -> Query:
    """A question whose words are weighed by their inverse frequency in the index.

    Raises:
        Stopped: the search is to end.
    """
    weigh = inverse_frequency(index, stop)
    return Query(question, weigh, lambda asked: index.frequency(asked, stop=stop) > 0)


def rank_passages(
    question: str | Query,
    k: int,
    *,
    index: Ranking,
    texts: Sequence[str],
    names: Sequence[str],
    within: int | None = None,
    stop: StopFlag | None = None,
) -> list[RankedPassage]:
    """The ``k`` passages that match ``question`` best, best first.

    BM25 nominates passages, which are then examined: how much of the question occurs in the passage, in its
    best sentence and in its best two adjacent sentences; how many word pairs of the question it contains;
    whether other passages of the same text were nominated as well; and whether the name of the text contains
    words of the question.

    Args:
        question: a question, or a weighed one.
        k: the most passages.
        index: the index of ``texts``.
        texts: the texts, by number.
        names: their names, by number.
        within: the number of the only text whose passages count; ``None`` searches all.
        stop: ends the search early.

    Raises:
        Stopped: the search is to end.
    """
    stop = stop or StopFlag()
    query = weighed_query(question, index, stop) if isinstance(question, str) else question
    found = _nominate(query, max(k, _CANDIDATES), index, within, stop)
    strength_of: dict[int, float] = {}
    for number, bm25 in found:
        text = index.passage(number)[0]
        strength_of[text] = strength_of.get(text, 0.0) + bm25
    most = max(strength_of.values(), default=1.0)
    top = found[0][1] if found else 1.0
    ranked = []
    for number, bm25 in found[:_CANDIDATES]:
        stop.check()
        text, start, end = index.passage(number)
        sentences = rank_sentences(query, texts[text], start, end)
        inside = _look_into(query, sentences)
        named = query.coverage(content_terms(names[text]))
        score = bm25 / top + inside + 0.5 * strength_of[text] / most + named
        best = max(sentences, key=lambda sentence: sentence.coverage, default=None)
        span = (best.start, best.end) if best else (start, end)
        ranked.append(RankedPassage(text, start, end, score, span))
    ranked.sort(key=lambda passage: -passage.score)
    floor = ranked[-1].score if ranked else 0.0
    for number, bm25 in found[_CANDIDATES:]:  # of the nominees that were not examined, BM25 alone decides
        text, start, end = index.passage(number)
        ranked.append(RankedPassage(text, start, end, floor * bm25 / top, (start, end)))
    return ranked[:k]


def _nominate(
    query: Query, k: int, index: Ranking, within: int | None, stop: StopFlag
) -> list[tuple[int, float]]:
    """The best passages by BM25: the mean of the scores with and without related words."""
    own = dict(index.best(query.words, 10 * k, within, stop=stop))
    plain = dict(list(own.items())[:k])
    if not query.related:
        return list(plain.items())
    wide = dict(index.best([*query.words, *query.related], k, within, stop=stop))
    scores = {
        number: (own.get(number, 0.0) + wide.get(number, own.get(number, 0.0))) / 2 for number in plain | wide
    }
    return sorted(scores.items(), key=lambda item: -item[1])


def _look_into(query: Query, sentences: Sequence[ScoredSentence]) -> float:
    all_matches = [sentence.matches for sentence in sentences]
    single = max((sentence.coverage for sentence in sentences), default=0.0)
    double = max((covered_together(pair) for pair in pairwise(all_matches)), default=single)
    kept = max((query.pair_share(sentence.stems) for sentence in sentences), default=0.0)
    return 0.5 * single + covered_together(all_matches) + 2 * max(double, single) + kept
