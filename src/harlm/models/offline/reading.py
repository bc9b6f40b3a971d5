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
from harlm.models.offline.spans import (
    answer_span,
    answer_window,
    best_probability,
    holds_kind,
    outstanding_phrase,
)
from harlm.models.offline.statements import RECORDS_NAME, Statement, statements
from harlm.retrieval.ranking import Query
from harlm.retrieval.terms import stems_of, terms

_WORTH_A_LOOK = 0.15  # the share of the question that a sentence must hold for its phrases to be looked at


@dataclass(frozen=True, slots=True)
class Passage:
    """A text to read.

    Attributes:
        name: the place that citations name.
        text: the whole text.
        score: the score of the search; only differences between passages matter.
        heading: what it stands under: the title of its document and of its section, or the first line of its table.
    """

    name: str
    text: str
    score: float = 0.0
    heading: str = ""


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
        number: the number of the statement in its passage, from 0.
    """

    passage: int
    start: int
    end: int
    score: float
    support: float
    number: int = 0


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
        self.expected = expected_answer(question)
        self._names = _names_of(question)
        self._evidence: list[Evidence] | None = None
        self._statements = [statements(each.text, each.name, each.heading) for each in passages]

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

    def statement(self, evidence: Evidence) -> Statement:
        """The statement of a piece of evidence."""
        return self._statements[evidence.passage][evidence.number]

    def text_before(self, evidence: Evidence) -> str:
        """The statement before; empty for a row or a line of a log, which stand for themselves."""
        here = self._statements[evidence.passage]
        if not evidence.number or RECORDS_NAME.search(self.passages[evidence.passage].name):
            return ""
        before = here[evidence.number - 1]
        return "" if before.header else self.passages[evidence.passage].text[before.start : before.end]

    def window(self, evidence: Evidence, most_words: int) -> tuple[int, int]:
        """The part of a sentence, at most ``most_words`` words long, that most probably contains the answer,
        as a range of characters in the passage.
        """
        return self._locate(answer_window, evidence, most_words)

    def span(self, evidence: Evidence, most_words: int) -> tuple[int, int]:
        """The answer in a sentence: one phrase if it stands out, else the window, trimmed at its edges."""
        return self._locate(answer_span, evidence, most_words)

    def value(self, evidence: Evidence) -> tuple[int, int] | None:
        """The one phrase of the wanted kind that stands out in a sentence, as a range of characters in the passage;
        None if there is none, or if the kind cannot be told by its shape.
        """
        text = self.passages[evidence.passage].text[evidence.start : evidence.end]
        phrase = outstanding_phrase(self.question, self._query, self.expected, text)
        return None if phrase is None else (evidence.start + phrase[0], evidence.start + phrase[1])

    def _locate(
        self, locate: Callable[..., tuple[int, int]], evidence: Evidence, most_words: int
    ) -> tuple[int, int]:
        sentence = self.passages[evidence.passage].text[evidence.start : evidence.end]
        start, end = locate(self.question, self._query, self.expected, sentence, most_words)
        return evidence.start + start, evidence.start + end

    def _evidence_in(self, number: int) -> Iterator[Evidence]:
        """The sentences of one passage. Words of the passage's name count for all of its sentences alike, so
        they are left out when sentences are compared.
        """
        passage, query = self.passages[number], self._query
        named = frozenset(term.stem for term in terms(passage.name))
        sentences = self._statements[number]
        all_stems = [stems_of(passage.text[each.start : each.end]) for each in sentences]
        stems = [frozenset(each) for each in all_stems]
        for at, sentence in enumerate(sentences):
            before = stems[at] | named | (stems[at - 1] if at else frozenset())
            after = stems[at] | named | (stems[at + 1] if at + 1 < len(stems) else frozenset())
            own = [each for each in all_stems[at] if each not in named]
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
                score += 0.7 * holds_kind(text, query, self.expected)
                score += 1.8 * best_probability(self.question, query, self.expected, text)
            yield Evidence(number, sentence.start, sentence.end, score, support, at)

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
