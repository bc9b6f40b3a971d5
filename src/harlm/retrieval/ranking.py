"""Which passage, and which sentence in it, a question asks for. Knows words, weights and sentences; refuses to
understand: a sentence scores by the question's words in it, rarer words counting more.
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

RELATED = 0.6  # what a related word form counts, where the word itself counts 1
SIMILAR = 0.5  # what a word that begins alike counts
_ALIKE = 5  # letters that a stem must begin with to be similar
MOST_WORDS = 64  # of a question; more of them make a search slow, and no better
_LOOKED_UP = 2000  # words of a question whose frequency is looked up to find those
_CANDIDATES = 24  # passages that are looked into, sentence by sentence


Matches = Mapping[str, float]
"""Stems of a question that occur in some text, each with its share of the question."""


class Query:
    """A question as weighted stems.

    Attributes:
        words: its content words, as written, for an index.
        related: words, as written, that may stand for them.
        weights: stem to weight; the weights sum to 1.
        pairs: stems that stand side by side in the question, unless both are stopwords.
    """

    def __init__(
        self, text: str, weigh: Callable[[str], float], occurs: Callable[[str], bool] = lambda _: True
    ) -> None:
        """``weigh`` gives the weight of a stem before normalising, such as its inverse document frequency; ``occurs``
        says whether a stem occurs at all in what is searched.
        """
        found = terms(text)
        stems = _most_telling(content_terms(text), weigh, occurs)
        kept = frozenset(stems)
        self.words = list(dict.fromkeys(text[t.start : t.end] for t in found if t.stem in kept))
        raw = {each: max(weigh(each), 1e-6) for each in stems}
        total = sum(raw.values())
        self.weights = {each: weight / total for each, weight in raw.items()}
        self.pairs = frozenset(
            (a.stem, b.stem)
            for a, b in pairwise(found)
            if not (a.is_stopword and b.is_stopword) and (a.stem in kept or b.stem in kept)
        )
        families = {each: related_words(each) for each in stems}
        self.related = sorted({word for family in families.values() for word in family})
        related = {each: frozenset(map(stem, family)) for each, family in families.items()}
        self._alike = {
            each[:_ALIKE]: tuple(self._alike_shares(each)) for each in stems if len(each) >= _ALIKE
        }
        self._known = {
            each: tuple(self._shares(each, related)) for each in frozenset(stems).union(*related.values())
        }

    def _shares(self, found: str, related: Mapping[str, Set[str]]) -> Iterator[tuple[str, float]]:
        """What a stem of the question, or one related to it, contributes: (stem of the question, share)."""
        for asked, weight in self.weights.items():
            if asked == found:
                yield asked, weight
            elif found in related[asked]:
                yield asked, RELATED * weight
        yield from self._alike_shares(found)

    def _alike_shares(self, found: str) -> Iterator[tuple[str, float]]:
        """What any stem contributes by its first letters alone."""
        for asked, weight in self.weights.items():
            if len(asked) >= _ALIKE and found.startswith(asked[:_ALIKE]):
                yield asked, SIMILAR * weight

    def matches(self, stems: Iterable[str]) -> Matches:
        """The stems of the question that occur in a text of these stems, each with its share."""
        best: dict[str, float] = {}
        known, alike = self._known, self._alike
        for each in stems:
            for asked, share in known.get(each) or alike.get(each[:_ALIKE], ()):
                if share > best.get(asked, 0.0):
                    best[asked] = share
        return best

    def occurrences(self, text: str) -> Iterator[tuple[int, Sequence[tuple[str, float]]]]:
        """Where words of the question stand in ``text``, in no order, each with what it contributes, as in ``matches``.

        Only words that begin like one of the question are stemmed: this takes a fifth of the time where they are few.
        """
        lowered = text.lower()
        if len(lowered) != len(text):  # a letter that is two in lower case would move all that follows
            lowered = "".join(each.lower()[0] for each in text)
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
        """How words begin that contribute: a word and its Porter stem may differ from the stem's last letter on."""
        return frozenset(each[:_ALIKE][:-1] or each for each in self._known if each)

    def coverage(self, stems: Iterable[str]) -> float:
        """The share of the question, by weight, that occurs in a text of these stems: 0 to 1."""
        return sum(self.matches(stems).values())

    def pair_share(self, stems: Sequence[str]) -> float:
        """The share of the question's pairs that stand side by side in this sequence of stems: 0 to 1."""
        return len(self.pairs.intersection(pairwise(stems))) / len(self.pairs) if self.pairs else 0.0


def _most_telling(
    stems: Sequence[str], weigh: Callable[[str], float], occurs: Callable[[str], bool]
) -> Sequence[str]:
    """At most ``MOST_WORDS`` of the stems, in their order: the heaviest of those that occur, the first where alike."""
    if len(stems) <= MOST_WORDS:
        return stems
    heaviest = frozenset(nlargest(MOST_WORDS, filter(occurs, stems[:_LOOKED_UP]), key=weigh))
    return [each for each in stems if each in heaviest] or stems[:MOST_WORDS]


class ScoredSentence(NamedTuple):
    """A sentence, in characters of its text, with its stems and what of the question occurs in it."""

    start: int
    end: int
    stems: tuple[str, ...]
    matches: Matches

    @property
    def coverage(self) -> float:
        """The share of the question, by weight, that the sentence covers."""
        return sum(self.matches.values())


def rank_sentences(query: Query, text: str, start: int = 0, end: int | None = None) -> list[ScoredSentence]:
    """The sentences of ``text[start:end]`` in order, scored against the query."""
    scored = []
    for first, last in split_sentences(text, start, end):
        stems = tuple(stems_of(text[first:last]))
        scored.append(ScoredSentence(first, last, stems, query.matches(stems)))
    return scored


def covered_together(all_matches: Iterable[Matches]) -> float:
    """The share of the question that several texts cover together."""
    best: dict[str, float] = {}
    for matches in all_matches:
        for asked, share in matches.items():
            if share > best.get(asked, 0.0):
                best[asked] = share
    return sum(best.values())


@dataclass(frozen=True, slots=True)
class RankedPassage:
    """A passage that was found: its text's number, its span, its score and its best sentence."""

    text: int
    start: int
    end: int
    score: float
    best: tuple[int, int]


def inverse_frequency(index: Ranking) -> Callable[[str], float]:
    """Weighs a stem by how few passages of the index it occurs in."""

    def weigh(each: str) -> float:
        seen = index.frequency(each)
        return math.log(1 + (len(index) - seen + 0.5) / (seen + 0.5))

    return weigh


def weighed_query(question: str, index: Ranking) -> Query:
    """A question weighed by how few passages of the index its words occur in."""
    return Query(question, inverse_frequency(index), lambda each: index.frequency(each) > 0)


def rank_passages(
    question: str | Query,
    k: int,
    *,
    index: Ranking,
    texts: Sequence[str],
    names: Sequence[str],
    within: int | None = None,
) -> list[RankedPassage]:
    """The ``k`` passages that fit ``question`` best; only those of the text numbered ``within`` when it is given.

    BM25 nominates; the nominees are looked into: how much of the question stands in the passage, in its best
    sentence and in two neighbouring ones, which word pairs it keeps, whether other passages of the same text were
    nominated as well, and whether the text's name says it.
    """
    query = weighed_query(question, index) if isinstance(question, str) else question
    found = _nominate(query, max(k, _CANDIDATES), index, within)
    strength_of: dict[int, float] = {}
    for number, bm25 in found:
        text = index.passage(number)[0]
        strength_of[text] = strength_of.get(text, 0.0) + bm25
    most = max(strength_of.values(), default=1.0)
    top = found[0][1] if found else 1.0
    ranked = []
    for number, bm25 in found[:_CANDIDATES]:
        text, start, end = index.passage(number)
        sentences = rank_sentences(query, texts[text], start, end)
        inside = _look_into(query, sentences)
        named = query.coverage(content_terms(names[text]))
        score = bm25 / top + inside + 0.5 * strength_of[text] / most + named
        best = max(sentences, key=lambda each: each.coverage, default=None)
        span = (best.start, best.end) if best else (start, end)
        ranked.append(RankedPassage(text, start, end, score, span))
    ranked.sort(key=lambda each: -each.score)
    floor = ranked[-1].score if ranked else 0.0
    for number, bm25 in found[_CANDIDATES:]:  # beyond the nominees that were looked into, BM25 alone decides
        text, start, end = index.passage(number)
        ranked.append(RankedPassage(text, start, end, floor * bm25 / top, (start, end)))
    return ranked[:k]


def _nominate(query: Query, k: int, index: Ranking, within: int | None) -> list[tuple[int, float]]:
    """BM25 of the words themselves, with half of what related words add."""
    own = dict(index.best(query.words, 10 * k, within))
    plain = dict(list(own.items())[:k])
    if not query.related:
        return list(plain.items())
    wide = dict(index.best([*query.words, *query.related], k, within))
    scores = {each: (own.get(each, 0.0) + wide.get(each, own.get(each, 0.0))) / 2 for each in plain | wide}
    return sorted(scores.items(), key=lambda item: -item[1])


def _look_into(query: Query, sentences: Sequence[ScoredSentence]) -> float:
    all_matches = [sentence.matches for sentence in sentences]
    single = max((sentence.coverage for sentence in sentences), default=0.0)
    double = max((covered_together(pair) for pair in pairwise(all_matches)), default=single)
    kept = max((query.pair_share(sentence.stems) for sentence in sentences), default=0.0)
    return 0.5 * single + covered_together(all_matches) + 2 * max(double, single) + kept
