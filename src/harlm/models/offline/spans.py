"""The position of the answer in a sentence: the run of words with the highest total probability.

A word is probable if it belongs to a phrase of the expected kind, is in the same clause as words of the
question and on the side of them where such answers usually are, and is not itself a word of the question. The
coefficients were fitted by logistic regression on half of our own reading set and rounded.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from harlm.models.offline.candidates import candidates
from harlm.models.offline.expected import Expected, Kind
from harlm.patterns import lazy_pattern
from harlm.retrieval.ranking import Query
from harlm.retrieval.terms import Term, stem, terms

_FITS: dict[Kind, dict[Kind, float]] = {
    "number": {"number": 1.0, "date": 0.2},
    "date": {"date": 1.0, "number": 0.2},
    "person": {"name": 1.0, "phrase": 0.3},
    "name": {"name": 1.0, "phrase": 0.4, "code": 0.3},
    "place": {"name": 1.0, "manner": 0.5, "phrase": 0.4},
    "reason": {"reason": 1.0, "phrase": 0.3, "manner": 0.3},
    "manner": {"manner": 1.0, "reason": 0.4, "phrase": 0.5},
    "code": {"code": 1.0, "name": 0.6, "phrase": 0.5},
    "path": {"path": 1.0, "code": 0.4, "name": 0.3},
    "phrase": {
        "phrase": 1.0, "name": 0.8, "reason": 0.5, "manner": 0.5, "number": 0.4, "code": 0.5, "path": 0.4, "date": 0.2,
    },
}  # fmt: skip
"""How well a phrase that looks like one kind fits a question that asks for another."""

_SHARP: frozenset[Kind] = frozenset({"number", "date", "person", "place", "name", "code", "path"})
"""Kinds that can be recognised by the shape of a phrase."""

_CLAUSE_MARK = lazy_pattern(r"[,;:(—–]")
_ACTS = lazy_pattern(r"\b(?:did|does|do)\b", re.IGNORECASE)
_IS = lazy_pattern(r"\b(?:was|is|were|are|be|been|being)\b", re.IGNORECASE)
_NOT_FIRST = "is was are were be been being has had have and or but that which who whom as"
_NOT_LAST = "the a an and or but of to in by for with at on from as is was are were that which"
_SHARPEN = 1.5  # the weight of a word is its probability to this power
_OUTSTANDING = 0.6  # a phrase this much more probable than any other is right three times out of five
_SPARE = 0.02  # the share of its weight that a run may lose when words at its edges are cut


@dataclass(frozen=True, slots=True)
class _Sides:
    """How much words of the question to the left and to the right of a word raise its probability."""

    left: float
    right: float


_SIDES_ACTS = _Sides(left=4.7, right=-6.1)  # what did X do: the answer follows
_SIDES_IS = _Sides(left=3.6, right=-1.9)
_SIDES_ELSE = _Sides(left=0.4, right=-0.9)


def holds_kind(text: str, query: Query, expected: Expected) -> bool:
    """Whether a sentence has a phrase of the expected kind that is not just words of the question. False for
    kinds that cannot be recognised by their shape.
    """
    fits = _FITS[expected.kind]
    return expected.kind in _SHARP and any(
        fits.get(each.kind, 0.0) == 1.0 and not _is_repeated(text[each.start : each.end], query)
        for each in candidates(text)
    )


def best_probability(question: str, query: Query, expected: Expected, sentence: str) -> float:
    """The mean probability of the three most probable words of ``sentence``."""
    found = terms(sentence)
    probabilities = sorted(_probabilities(question, query, expected, sentence, found), reverse=True)[:3]
    return sum(probabilities) / 3


def answer_window(
    question: str, query: Query, expected: Expected, sentence: str, most_words: int
) -> tuple[int, int]:
    """The run of at most ``most_words`` words that most probably holds the answer, as a character range."""
    found = terms(sentence)
    if not found:
        return 0, len(sentence)
    weights = [each**_SHARPEN for each in _probabilities(question, query, expected, sentence, found)]
    return _heaviest(sentence, found, weights, most_words)


def answer_span(
    question: str, query: Query, expected: Expected, sentence: str, most_words: int
) -> tuple[int, int]:
    """The answer, as a range of characters: one phrase if it stands out, else the run that most probably
    holds the answer, without words at its edges that add little.
    """
    found = terms(sentence)
    if not found:
        return 0, len(sentence)
    probabilities = _probabilities(question, query, expected, sentence, found)
    if (phrase := _outstanding(query, expected, sentence, found, probabilities)) is not None:
        return phrase
    weights = [each**_SHARPEN for each in probabilities]
    return _trimmed(found, weights, _heaviest(sentence, found, weights, most_words))


def outstanding_phrase(
    question: str, query: Query, expected: Expected, sentence: str
) -> tuple[int, int] | None:
    """The phrase of the expected kind that is far more probable than any other, as a range of characters."""
    found = terms(sentence)
    if not found:
        return None
    probabilities = _probabilities(question, query, expected, sentence, found)
    return _outstanding(query, expected, sentence, found, probabilities)


def _probabilities(
    question: str, query: Query, expected: Expected, sentence: str, found: Sequence[Term]
) -> list[float]:
    """The probability of each word that it belongs to the answer."""
    anchors = [(at, query.weights[term.stem]) for at, term in enumerate(found) if term.stem in query.weights]
    fits = _fit_of_words(query, expected, sentence, found)
    clauses = _clause_of_words(sentence, found)
    sides = _SIDES_ACTS if _ACTS.search(question) else _SIDES_IS if _IS.search(question) else _SIDES_ELSE
    is_sharp = expected.kind in _SHARP
    probabilities = []
    for at, term in enumerate(found):
        nearest = min(anchors, key=lambda anchor: abs(anchor[0] - at), default=(at, 0.0))[0]
        has_head = any(found[i].stem in expected.head for i in range(max(0, at - 3), min(len(found), at + 4)))
        left = sum(weight / (1 + (at - i) / 3) for i, weight in anchors if i < at)
        right = sum(weight / (1 + (i - at) / 3) for i, weight in anchors if i > at)
        logit = (
            -4.2
            + (3.5 if is_sharp else 2.2) * fits[at]
            + 1.6 * has_head * (fits[at] if is_sharp else 1.0)
            + sides.left * left
            + sides.right * right
            + 0.9 * (clauses[at] == clauses[nearest])
            + 0.9 * at / len(found)
            - 2.7 * (term.stem in query.weights)
        )
        probabilities.append(1 / (1 + math.exp(-logit)))
    return probabilities


def _fit_of_words(query: Query, expected: Expected, sentence: str, found: Sequence[Term]) -> list[float]:
    """For each word, how well the best phrase that contains it fits the expected kind, from 0 to 1."""
    fits = [0.0] * len(found)
    for each in candidates(sentence):
        fit = _FITS[expected.kind].get(each.kind, 0.0)
        if not fit or _is_repeated(sentence[each.start : each.end], query):
            continue
        for at, term in enumerate(found):
            if term.start >= each.start and term.end <= each.end:
                fits[at] = max(fits[at], fit)
    return fits


def _is_repeated(phrase: str, query: Query) -> bool:
    """Whether all content words of a phrase are words of the question."""
    content = [term.stem for term in terms(phrase) if not term.is_stopword]
    return bool(content) and all(each in query.weights for each in content)


def _clause_of_words(sentence: str, found: Sequence[Term]) -> list[int]:
    """The number of the clause of each word, counted from 0."""
    marks = [match.start() for match in _CLAUSE_MARK.finditer(sentence)]
    numbers, passed = [], 0
    for term in found:
        while passed < len(marks) and marks[passed] < term.start:
            passed += 1
        numbers.append(passed)
    return numbers


def _heaviest(
    sentence: str, found: Sequence[Term], weights: Sequence[float], most_words: int
) -> tuple[int, int]:
    """The run of words with the greatest total weight. Words are counted between blanks, as readers do."""
    best, span = -1.0, (0, len(sentence))
    for first in range(len(found)):
        limit = _end_of_words(sentence, found[first].start, most_words)
        weight, last = 0.0, first
        for at in range(first, len(found)):
            if found[at].end > limit:
                break
            weight, last = weight + weights[at], at
        if weight > best + 1e-9:
            best, span = weight, (found[first].start, found[last].end)
    return span


def _outstanding(
    query: Query, expected: Expected, sentence: str, found: Sequence[Term], probabilities: Sequence[float]
) -> tuple[int, int] | None:
    """The phrase of the expected kind that is far more probable than any other; None if there is none."""
    if expected.kind not in _SHARP:
        return None
    ranked = []
    for each in candidates(sentence):
        if _FITS[expected.kind].get(each.kind, 0.0) < 1 or _is_repeated(
            sentence[each.start : each.end], query
        ):
            continue
        inside = [
            p
            for p, term in zip(probabilities, found, strict=True)
            if each.start <= term.start and term.end <= each.end
        ]
        if inside:
            ranked.append((sum(inside) / len(inside), each))
    ranked.sort(key=lambda pair: -pair[0])
    if not ranked:
        return None
    probability, best = ranked[0]
    rival = next((p for p, other in ranked[1:] if other.start >= best.end or other.end <= best.start), 0.0)
    return (best.start, best.end) if probability - rival >= _OUTSTANDING else None


def _trimmed(found: Sequence[Term], weights: Sequence[float], span: tuple[int, int]) -> tuple[int, int]:
    """``span`` without light words and function words at its edges."""
    inside = [at for at, term in enumerate(found) if span[0] <= term.start and term.end <= span[1]]
    spare = _SPARE * sum(weights[at] for at in inside)
    while len(inside) > 1:
        edge = 0 if weights[inside[0]] <= weights[inside[-1]] else -1
        spare -= weights[inside[edge]]
        if spare < 0:
            break
        inside.pop(edge)
    while len(inside) > 1 and found[inside[0]].stem in _stems(_NOT_FIRST):
        inside.pop(0)
    while len(inside) > 1 and found[inside[-1]].stem in _stems(_NOT_LAST):
        inside.pop()
    return found[inside[0]].start, found[inside[-1]].end


@lru_cache(maxsize=2)
def _stems(words: str) -> frozenset[str]:
    return frozenset(map(stem, words.split()))


def _end_of_words(sentence: str, start: int, words: int) -> int:
    """The end of the run of ``words`` words that begins at ``start``."""
    for count, match in enumerate(re.finditer(r"\S+", sentence[start:]), start=1):
        if count == words:
            return start + match.end()
    return len(sentence)
