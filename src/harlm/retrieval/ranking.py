"""Ranks the passages, and the sentences in them, that answer a question.

A sentence scores by the words of the question in it; rare words count more than frequent ones.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from heapq import nlargest
from itertools import islice, pairwise
from typing import NamedTuple

from harlm.retrieval.compounds import other_words
from harlm.retrieval.excerpts import LONG, excerpt
from harlm.retrieval.index import Ranking
from harlm.retrieval.literal import find_literally, literal_pieces
from harlm.retrieval.sentences import PROSE, Layout, split_sentences
from harlm.retrieval.terms import asked_words, content_terms, is_plain, placed_stems, stem, stems_in, word_at
from harlm.retrieval.word_families import related_words
from harlm.threads import StopFlag

RELATED = 0.6  # the weight of a related word form, relative to the word itself
SIMILAR = 0.5  # the weight of a word with the same first letters
_ALIKE = 5  # first letters that two stems must share to be similar
MOST_WORDS = 64  # words of a question; more of them make a search slower, but not better
_LOOKED_UP = 2000  # words of a question whose frequency is looked up to choose them
_CANDIDATES = 24  # passages that are examined sentence by sentence
_EXACT = 0.25  # the weight of words that are written as in the question
_EQUAL = 1e-9  # a smaller difference in coverage is none


Matches = Mapping[str, float]
"""The stems of a question that occur in a text, each with its share of the question's weight."""


class Query:
    """A question as weighted stems.

    Args:
        text: the question.
        weigh: the weight of a stem before normalising, such as its inverse document frequency.
        occurs: whether a stem occurs at all in the texts that are searched.

    Attributes:
        text: the question.
        words: the content words of the question, folded, and their other spellings, for an index.
        related: words, as written, that can replace them.
        weights: the weight of each stem; the weights sum to 1.
        pairs: pairs of stems that are adjacent in the question, unless both are stopwords.
    """

    def __init__(
        self, text: str, weigh: Callable[[str], float], occurs: Callable[[str], bool] = lambda _: True
    ) -> None:
        self.text = text
        asked = asked_words(text)
        found = asked.words
        signed = [stem(word) for word in asked.signed if occurs(stem(word))]
        content = [each.stem for each in found if not each.is_stopword] or [each.stem for each in found]
        stems = _most_telling(list(dict.fromkeys([*content, *signed])), weigh, occurs)
        kept = frozenset(stems)
        self.words = list(
            dict.fromkeys(
                [
                    *(each.word for each in found if each.stem in kept),
                    *(word for word in asked.signed if stem(word) in kept),
                    *(word for word, parts in asked.wholes.items() if not kept.isdisjoint(map(stem, parts))),
                ]
            )
        )
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
        self._wholes = {stem(whole): frozenset(map(stem, parts)) for whole, parts in asked.wholes.items()}
        self._alike = {
            each[:_ALIKE]: tuple(self._alike_shares(each)) for each in stems if len(each) >= _ALIKE
        }
        self._known = {
            known: tuple(self._shares(known, related))
            for known in frozenset(stems).union(*related.values(), self._wholes)
        }

    def _shares(self, found: str, related: Mapping[str, Set[str]]) -> Iterator[tuple[str, float]]:
        """The shares of a stem of the question, or of a related one, as (stem of the question, share)."""
        for asked, weight in self.weights.items():
            if asked == found or asked in self._wholes.get(found, ()):
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
        if not is_plain(text):
            yield from self._with_shares(placed_stems(text))
            return
        yield from self._with_shares(
            (stem(word), at) for words, at in other_words(text) for word in words.split()
        )
        lowered = text.lower()
        for beginning in self._beginnings:
            at = lowered.find(beginning)
            while at >= 0:
                if not at or not lowered[at - 1].isalnum():
                    word = stem(word_at(lowered, at))
                    if shares := self._known.get(word) or self._alike.get(word[:_ALIKE]):
                        yield at, shares
                at = lowered.find(beginning, at + 1)

    def _with_shares(
        self, placed: Iterable[tuple[str, int]]
    ) -> Iterator[tuple[int, Sequence[tuple[str, float]]]]:
        for found, at in placed:
            if shares := self._known.get(found) or self._alike.get(found[:_ALIKE]):
                yield at, shares

    @cached_property
    def _beginnings(self) -> frozenset[str]:
        """The beginnings of words that contribute.

        A word may differ from its Porter stem from its last letter on.
        """
        return frozenset(known[:_ALIKE][:-1] or known for known in self._known if known)

    @cached_property
    def _typed(self) -> Sequence[re.Pattern[str]]:
        """What the question says in a spelling of its own: names, capitals, numbers, signs; and all of it."""
        typed = [word.strip(_AROUND) or word for word in self.text.split()[:MOST_WORDS]]
        telling = [word for word in typed if not (word.islower() and word.isalpha())]
        return [
            re.compile(rf"(?<![^\W_]){re.escape(word)}(?!\.?[^\W_])")
            for word in dict.fromkeys([*telling, " ".join(self.text.split())])
        ]

    def exactness(self, text: str) -> float:
        """The share of what the question writes in its own way that ``text`` writes in the same way: 0 to 1."""
        return sum(each.search(text) is not None for each in self._typed) / len(self._typed)

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


_AROUND = ".,;:!?\"'()[]{}<>«»“”„‘’…。！？、，"


class ScoredSentence(NamedTuple):
    """A sentence: its span in characters of its text, its stems, the stems of the question in it, and the share of
    the question, by weight, that these cover.
    """

    start: int
    end: int
    stems: tuple[str, ...]
    matches: Matches
    coverage: float


def rank_sentences(
    query: Query, text: str, start: int = 0, end: int | None = None, layout: Layout = PROSE
) -> list[ScoredSentence]:
    """The sentences of ``text[start:end]``, in their order, scored against the query."""
    spans = split_sentences(text, start, end, layout)
    scored = []
    for (first, last), stems in zip(spans, stems_in(text, spans), strict=True):
        matches = query.matches(stems)
        scored.append(ScoredSentence(first, last, stems, matches, sum(matches.values())))
    return scored


def best_span(query: Query, text: str, sentences: Sequence[ScoredSentence]) -> tuple[int, int] | None:
    """The span of the sentence that covers most of the question; of a very long one, the part round its words.

    Of sentences that cover as much, the one with more word pairs of the question, then the one that writes its
    words as the question does. ``None`` without sentences.
    """
    if not sentences:
        return None
    covered = [sentence.coverage for sentence in sentences]
    most = max(covered) - _EQUAL
    best = [sentence for sentence, share in zip(sentences, covered, strict=True) if share >= most]
    chosen = best[0]
    if len(best) > 1 and most > 0:
        chosen = max(
            best,
            key=lambda each: (query.pair_share(each.stems), query.exactness(text[each.start : each.end])),
        )
    if chosen.end - chosen.start <= LONG:
        return chosen.start, chosen.end
    line = text[chosen.start : chosen.end]
    start, end = excerpt(line, [(at, share) for at, shares in query.occurrences(line) for _, share in shares])
    return chosen.start + start, chosen.start + end


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
    layouts: Sequence[Layout] | None = None,
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
        layouts: where the lines of each text may be joined to sentences; ``None`` judges by the lines alone.

    Raises:
        Stopped: the search is to end.
    """
    stop = stop or StopFlag()
    query = weighed_query(question, index, stop) if isinstance(question, str) else question
    found = _nominate(query, max(k, _CANDIDATES), index, within, stop)
    if not found:
        return list(islice(_literal(query, index, texts, within, stop), max(k, 0)))
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
        layout = PROSE if layouts is None else layouts[text]
        sentences = rank_sentences(query, texts[text], start, end, layout)
        inside = _look_into(query, sentences)
        named = query.coverage(content_terms(names[text]))
        span = best_span(query, texts[text], sentences) or (start, end)
        exact = query.exactness(texts[text][slice(*span)])
        score = bm25 / top + inside + 0.5 * strength_of[text] / most + named + _EXACT * exact
        ranked.append(RankedPassage(text, start, end, score, span))
    ranked.sort(key=lambda passage: -passage.score)
    floor = ranked[-1].score if ranked else 0.0
    for number, bm25 in found[_CANDIDATES:]:  # of the nominees that were not examined, BM25 alone decides
        text, start, end = index.passage(number)
        ranked.append(RankedPassage(text, start, end, floor * bm25 / top, (start, end)))
    return ranked[:k]


def _literal(
    query: Query, index: Ranking, texts: Sequence[str], within: int | None, stop: StopFlag
) -> Iterator[RankedPassage]:
    """The passages that hold the question, or a long word of it, as a piece of text: signs, parts of long words."""
    for pieces in literal_pieces(query.text):
        last = -1
        for text, at, piece in find_literally(pieces, texts, within, stop):
            number = index.passage_at(text, at)
            if number == last:
                continue
            last = number
            _, start, end = index.passage(number)
            line_start = max(start, texts[text].rfind("\n", 0, at) + 1)
            line_end = texts[text].find("\n", at, end)
            line_end = end if line_end < 0 else line_end
            if line_end - line_start > LONG:
                first, final = excerpt(texts[text][line_start:line_end], [(at - line_start, 1.0)])
                line_start, line_end = line_start + first, line_start + final
            yield RankedPassage(
                text, start, end, len(piece) / max(1, len(query.text)), (line_start, line_end)
            )
        if last >= 0:
            return


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
    matching = [sentence for sentence in sentences if sentence.matches]
    single = double = max((sentence.coverage for sentence in matching), default=0.0)
    for one, other in pairwise(sentences):
        if one.matches and other.matches and one.coverage + other.coverage > double:
            double = max(double, covered_together((one.matches, other.matches)))
    kept = max((query.pair_share(sentence.stems) for sentence in matching), default=0.0)
    together = covered_together(sentence.matches for sentence in matching)
    return 0.5 * single + together + 2 * double + kept
