"""Scores answers, 0 to 1, by the rules of the published benchmarks. Knows no task and raises on no text."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime
from difflib import SequenceMatcher
from typing import NamedTuple

from harlm_bench import answers
from harlm_bench.items import Question, ScorerName

_BETWEEN_ALIASES = " | "
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_WORDS_AT_A_GLANCE = 60  # a longer answer must name the value in its last line
_COMPARISONS = ("more common", "less common", "same frequency")
_SHORT = 20  # characters: OOLONG takes an answer without a colon whole if it is shorter, else its last word
_PREFIX = re.compile(r"(?=[A-Za-z]*\d)[A-Za-z0-9]{10}")
_LONGEST_COMPARED = 50_000  # characters
_MOST_DIFFERENCE = 1_000  # 0.75 to a greater power is 0
_DATE_FORMS = ("%Y-%m-%d", "%b %d, %Y", "%B %d, %Y", "%d %B %Y", "%d %b %Y", "%m/%d/%Y", "%Y/%m/%d")
_OPENING = r"[(\[*\s\"']*"
_LETTER = (
    rf"{_OPENING}([A-Db-d](?![A-Za-z0-9])|a(?=[).,:;*\]\"'!?\n]|\s*$))"  # “a” before a word is an article
)
_MARKED_LETTERS = (
    re.compile(rf"(?i:answer(?:\s+is\s*:?|\s*:)){_LETTER}"),
    re.compile(rf"(?i:answer){_LETTER}"),
)
_OPTION = re.compile(rf"(?i:option|choice)(?i:\s+is)?\s*:?{_LETTER}")
_FIRST_LETTER = re.compile(rf"^{_OPENING}([A-D])(?![A-Za-z0-9])(?! (?!is )[a-z])(?:[\s.,:;)\]*-]|$)")
_LONE_LETTER = re.compile(r"(?<![A-Za-z0-9'])([B-D])(?![A-Za-z0-9'])|(?<![A-Za-z0-9'])(A)(?=[).,:;*\]]|$)")
_OFFICIAL_DATE = re.compile(r"\[?datetime\.date\((\d{4}), (\d{1,2}), (\d{1,2})\)\]?")


class Overlap(NamedTuple):
    """How a found set agrees with the wanted one."""

    precision: float
    recall: float
    f1: float


def score(question: Question, answer: str) -> float:
    """The score of an answer to a question, 0 to 1. A blank answer scores 0, and so does one that holds what is forbidden."""
    if any(each.casefold() in answer.casefold() for each in question.forbidden):
        return 0.0
    return score_of(question.scorer, question.gold, answer)


def score_of(scorer: ScorerName, gold: str, answer: str) -> float:
    """The score of an answer against a gold one, 0 to 1. A blank answer scores 0.

    ``exact`` and ``contains`` know aliases: a gold answer may list them with `` | `` between them.
    """
    if not answer.strip():
        return 0.0
    return _SCORERS[scorer](gold, answer)


def overlap(wanted: Collection[object], found: Collection[object]) -> Overlap:
    """Precision, recall and F1 of two sets; all 1 if both are empty."""
    if not wanted and not found:
        return Overlap(1.0, 1.0, 1.0)
    hits = len(set(wanted) & set(found))
    if not hits:
        return Overlap(0.0, 0.0, 0.0)
    precision, recall = hits / len(found), hits / len(wanted)
    return Overlap(precision, recall, 2 * precision * recall / (precision + recall))


def pairs_overlap(gold: str, answer: str) -> Overlap:
    """How the pairs of an answer agree with the gold ones, as in OOLONG-Pairs (arXiv 2512.24601).

    If no pair is right, an answer must say so: one that cannot be read scores 0.
    """
    wanted, found = answers.pairs(gold), answers.pairs(answer)
    if not wanted and not found and not _same(gold, answer) and not answers.says_none(answer):
        return Overlap(0.0, 0.0, 0.0)
    return overlap(wanted, found)


def chance_of_number(gold: int) -> float:
    """The score by OOLONG's rule of a number by chance, of any from 0 to twice the right one (at least 4)."""
    guesses = range(max(4, 2 * gold) + 1)
    return sum(0.75 ** min(abs(gold - guess), _MOST_DIFFERENCE) for guess in guesses) / len(guesses)


def _exact(gold: str, answer: str) -> float:
    said = {answers.plain(each) for each in (answer, answers.final_part(answer), answers.last_line(answer))}
    return float(not said.isdisjoint(_aliases(gold)))


def _contains(gold: str, answer: str) -> float:
    """As RULER's (arXiv 2404.06654), but whole words, and a long answer must come to the point in its last line."""
    if _exact(gold, answer):
        return 1.0
    said = answers.final_part(answer)
    if len(said.split()) > _WORDS_AT_A_GLANCE:
        said = answers.last_line(said)
    text = _THOUSANDS.sub("", answers.plain(said))
    held = (re.search(rf"(?<!\w){re.escape(each)}(?!\w)", text) for each in _aliases(gold) if each)
    return float(any(found is not None for found in held))


def _choice(gold: str, answer: str) -> float:
    """As LongBench-v2's (arXiv 2412.15204): the first letter that is named as the answer.

    Where none is: the last one that is named as an option, the one at the beginning, or the only one that stands alone.
    """
    if _same(gold, answer):
        return 1.0
    return float(_chosen(answer).casefold() == gold.strip().casefold() != "")


def _chosen(answer: str) -> str:
    for mark in _MARKED_LETTERS:
        if named := mark.search(answer):
            return named[1]
    if options := _OPTION.findall(answer):
        return str(options[-1])
    if first := _FIRST_LETTER.match(answer.strip()):
        return first[1]
    lone = {a or b for a, b in _LONE_LETTER.findall(answer)}
    return lone.pop() if len(lone) == 1 else ""


def _oolong(gold: str, answer: str) -> float:
    """As OOLONG's own script (arXiv 2511.02817), which takes the text after the last colon.

    Strings are compared without case, as in its real split. Lists are scored by recall, as there.
    """
    wanted, said = _official_gold(gold), _official_answer(answer)
    if _same(wanted, said) or _same(gold, answer):
        return 1.0
    if said.casefold() in _COMPARISONS:
        return float(said.casefold() in wanted.casefold())
    number, day = _integer(wanted), _date(wanted)
    if number is not None:
        other = _integer(said)
        return 0.0 if other is None else 0.75 ** min(abs(number - other), _MOST_DIFFERENCE)
    if day is not None:
        return float(day == _date(said))
    if "," in wanted:
        parts = answers.items(wanted)
        return len(parts & answers.items(said)) / len(parts) if parts else 0.0
    return 0.0


def _official_answer(answer: str) -> str:
    if ":" not in answer:
        return answer.strip() if len(answer) < _SHORT else answer.split()[-1]
    said = re.sub(r"[*\[\]]", "", answer.rsplit(":", 1)[1]).strip()
    if len(said) < _SHORT:
        return said
    return next((phrase for phrase in _COMPARISONS if phrase in said.casefold()), said)


def _official_gold(gold: str) -> str:
    """A gold answer as text; the set's own rows hold it as a list in Python's notation."""
    found = _OFFICIAL_DATE.fullmatch(gold.strip())
    if found:
        year, month, day = found.groups()
        return f"{year}-{int(month):02}-{int(day):02}"
    if gold.strip().startswith("["):
        try:
            read = ast.literal_eval(gold.strip())
        except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
            return gold
        return str(read[0]) if isinstance(read, list) and read else gold
    return gold


def _pairs(gold: str, answer: str) -> float:
    return pairs_overlap(gold, answer).f1


def _set(gold: str, answer: str) -> float:
    """F1 of two sets, as GraphWalks'."""
    return 1.0 if _same(gold, answer) else overlap(answers.items(gold), answers.items(answer)).f1


def _cells(gold: str, answer: str) -> float:
    """F1 of the cells of two tables: a cell is right if its row, its column and its value are."""
    if _same(gold, answer):
        return 1.0
    wanted, found = answers.cells(gold), answers.cells(answer)
    return overlap(wanted.items(), found.items()).f1 if found else 0.0


def _ratio(gold: str, answer: str) -> float:
    """As MRCR's script: the ratio of equal characters, 0 if the answer lacks the prefix that the gold one starts with.

    A prefix is a run of ten letters and digits with at least one digit.
    """
    wanted, said = gold.strip(), answer.strip()[:_LONGEST_COMPARED]
    if wanted == said:
        return 1.0
    prefix = _PREFIX.match(wanted)
    if prefix is not None:
        if not said.startswith(prefix[0]):
            return 0.0
        wanted, said = wanted[prefix.end() :], said[prefix.end() :]
    return SequenceMatcher(None, said, wanted).ratio()


def _aliases(gold: str) -> set[str]:
    return {answers.plain(each) for each in (gold, *gold.split(_BETWEEN_ALIASES))}


def _same(gold: str, answer: str) -> bool:
    return gold.strip().casefold() == answer.strip().casefold() != ""


def _integer(text: str) -> int | None:
    try:
        return int(text)
    except ValueError:
        return None


def _date(text: str) -> date | None:
    for form in _DATE_FORMS:
        try:
            return datetime.strptime(text.strip().rstrip("."), form).date()
        except ValueError:
            continue
    return None


_SCORERS: Mapping[ScorerName, Callable[[str, str], float]] = {
    "exact": _exact,
    "choice": _choice,
    "oolong": _oolong,
    "pairs": _pairs,
    "set": _set,
    "cells": _cells,
    "ratio": _ratio,
    "contains": _contains,
}
