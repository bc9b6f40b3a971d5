"""Finds the sentences of some passages that answer a question, and the span that probably is the answer, by
the words, their positions, and kinds of things. Nothing is inferred: every answer is copied from a passage.

The coefficients were fitted on half of our own reading set (perf/data/reading); perf/reading.py prints the
results on the other half.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

from harlm.models.offline.expected import expected_answer
from harlm.models.offline.spans import answer_span, answer_window, best_probability, holds_kind
from harlm.retrieval.ranking import Query, rank_sentences
from harlm.retrieval.terms import terms

_WORTH_A_LOOK = 0.15  # the share of the question that a sentence must hold for its phrases to be looked at


@dataclass(frozen=True, slots=True)
class Passage:
    """A text to read.

    Attributes:
        name: the place that citations name.
        text: the whole text.
        score: the score of the search; only differences between passages matter.
    """

    name: str
    text: str
    score: float = 0.0


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence that may hold the answer.

    Attributes:
        passage: the index of its passage.
        start: the first character of the sentence in the passage's text.
        end: the character after its last.
        score: higher is better; comparable within one reading.
        support: the share of the question, by weight, that this sentence, the one before it and the passage's
            name hold together, from 0 to 1.
    """

    passage: int
    start: int
    end: int
    score: float
    support: float


class Reading:
    """One question read over some passages.

    Args:
        question: the question.
        passages: the passages to read.
        weights: the weight of each word of the question, by stem. If None, rare words in the passages weigh
            more.
    """

    def __init__(
        self, question: str, passages: Sequence[Passage], weights: Mapping[str, float] | None = None
    ) -> None:
        self.question = question
        self.passages = passages
        rarity = _rarity(passages)
        self._query = Query(question, (lambda stem: weights.get(stem) or rarity(stem)) if weights else rarity)
        self._expected = expected_answer(question)
        self._names = _names_of(question)
        self._evidence: list[Evidence] | None = None

    @property
    def support(self) -> float:
        """The support of the best sentence, from 0 to 1; 0 if there is none."""
        return max((each.support for each in self.evidence()[:1]), default=0.0)

    def evidence(self) -> list[Evidence]:
        """All sentences, the most probable answer first."""
        if self._evidence is None:
            found = [each for number in range(len(self.passages)) for each in self._evidence_in(number)]
            self._evidence = sorted(found, key=lambda each: -each.score)
        return self._evidence

    def window(self, evidence: Evidence, most_words: int) -> tuple[int, int]:
        """The part of a sentence, at most ``most_words`` words long, that most probably contains the answer,
        as a range of characters in the passage.
        """
        return self._locate(answer_window, evidence, most_words)

    def span(self, evidence: Evidence, most_words: int) -> tuple[int, int]:
        """The answer in a sentence: one phrase if it stands out, else the window, trimmed at its edges."""
        return self._locate(answer_span, evidence, most_words)

    def _locate(
        self, locate: Callable[..., tuple[int, int]], evidence: Evidence, most_words: int
    ) -> tuple[int, int]:
        sentence = self.passages[evidence.passage].text[evidence.start : evidence.end]
        start, end = locate(self.question, self._query, self._expected, sentence, most_words)
        return evidence.start + start, evidence.start + end

    def _evidence_in(self, number: int) -> Iterator[Evidence]:
        """The sentences of one passage. Words of the passage's name count for all of its sentences alike, so
        they are left out when sentences are compared.
        """
        passage, query = self.passages[number], self._query
        named = frozenset(term.stem for term in terms(passage.name))
        sentences = rank_sentences(query, passage.text)
        stems = [frozenset(sentence.stems) for sentence in sentences]
        for at, sentence in enumerate(sentences):
            before = stems[at] | named | (stems[at - 1] if at else frozenset())
            after = stems[at] | named | (stems[at + 1] if at + 1 < len(stems) else frozenset())
            own = [each for each in sentence.stems if each not in named]
            text = passage.text[sentence.start : sentence.end]
            support = query.coverage(before)
            coverage = query.coverage(frozenset(own))
            score = (
                1.5 * passage.score
                + 2.7 * coverage
                + 5.2 * support
                + 1.9 * query.coverage(after)
                + 4.7 * query.pair_share(own)
                + 2.0 * self._names_in(before)
            )
            if coverage > _WORTH_A_LOOK:
                score += 0.7 * holds_kind(text, query, self._expected)
                score += 1.8 * best_probability(self.question, query, self._expected, text)
            yield Evidence(number, sentence.start, sentence.end, score, support)

    def _names_in(self, stems: Set[str]) -> float:
        """The share of the question's names and numbers that are among ``stems``; 1 if it has none."""
        return len(self._names & stems) / len(self._names) if self._names else 1.0


def _names_of(question: str) -> frozenset[str]:
    """The stems of the capitalised words and numbers in a question, without its first word."""
    return frozenset(
        term.stem
        for term in terms(question)[1:]
        if not question[term.start].islower() and not term.is_stopword
    )


def _rarity(passages: Sequence[Passage]) -> Callable[[str], float]:
    """A function that weighs a stem: the fewer passages contain it, the more it weighs."""
    seen: dict[str, int] = {}
    for passage in passages:
        for each in {term.stem for term in terms(passage.text)}:
            seen[each] = seen.get(each, 0) + 1
    return lambda each: math.log(1 + (len(passages) + 1) / (seen.get(each, 0) + 0.5))
