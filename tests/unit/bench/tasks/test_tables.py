from __future__ import annotations

import csv
import io
import re
from collections import Counter, defaultdict
from decimal import Decimal

import pytest

from harlm_bench.items import Question, Window
from harlm_bench.tasks.tables import FAMILY
from tests.unit.bench.tasks.solving import answered, reference_score, size_error, unfound

Rows = list[dict[str, str]]


def _rows(window: Window, question: Question) -> Rows:
    """The rows that a question is about, read by ``csv`` and compared as Python compares."""
    rows = list(csv.DictReader(io.StringIO(window.documents["orders.csv"])))
    conditions = re.search(r"holds: ([^?]+)\?", question.text)
    assert conditions
    for condition in conditions[1].split(" and "):
        column, _, test = condition.partition(" is ")
        if test.startswith("at least "):
            rows = [row for row in rows if int(row[column]) >= int(test[9:])]
        elif test.startswith("on or after "):
            rows = [row for row in rows if row[column] >= test[12:]]
        else:
            rows = [row for row in rows if row[column] == test]
    return rows


def _truth(question: Question, rows: Rows) -> str:
    words = question.text
    named = re.search(r"(?:sum|value|values) of the column (\w+)", words)
    column = named[1] if named else ""
    if question.kind == "count":
        return str(len(rows))
    if question.kind == "sum":
        return str(sum(Decimal(row[column]) for row in rows))
    if question.kind == "largest":
        return str(max(Decimal(row[column]) for row in rows))
    if question.kind == "different":
        return str(len({row[column] for row in rows}))
    if question.kind == "most":
        wanted = re.search(r"Which (\d+)", words)
        assert wanted
        return ", ".join(each for each, _ in Counter(row[column] for row in rows).most_common(int(wanted[1])))
    if question.kind == "group":
        group = words.split()[1]
        sums: defaultdict[str, Decimal] = defaultdict(Decimal)
        for row in rows:
            sums[row[group]] += Decimal(row[column])
        return max(sums, key=lambda each: sums[each])
    cell = re.search(r"in the column (\w+) of", words)
    assert cell
    return rows[0][cell[1]]


@pytest.mark.parametrize("seed", range(3))
def test_the_gold_answers_follow_from_the_text_alone(seed: int) -> None:
    window = FAMILY.window(seed, 16_384, 14)
    for question in window.questions:
        truth = _truth(question, _rows(window, question))
        assert sorted(question.gold.split(", ")) == sorted(truth.split(", ")), question.text


@pytest.mark.parametrize("tokens", [2_048])
def test_windows_have_their_size_and_a_perfect_reader_solves_them(tokens: int) -> None:
    for seed in range(2):
        window = FAMILY.window(seed, tokens, 14)
        assert size_error(window) <= 0.05
        assert reference_score(FAMILY, window) == 1.0
        assert len({each.text for each in window.questions}) == 14
    assert not unfound(FAMILY.window(0, 2_048, 3))


def test_half_of_the_rows_give_half_of_a_count() -> None:
    window = FAMILY.window(1, 16_384, 1)
    question = window.questions[0]
    half = window.facts[: len(window.facts) // 2]
    rest = window.facts[len(window.facts) // 2 :]
    assert int(answered(FAMILY, question, half)) + int(answered(FAMILY, question, rest)) == int(question.gold)


def test_without_rows_there_is_no_answer() -> None:
    for question in FAMILY.window(1, 4_096, 7).questions:
        query = FAMILY.understand(question.text)
        assert query is not None
        assert query.answer([]) is None
        assert query.in_head == (question.kind != "cell")


def test_other_questions_are_not_understood() -> None:
    assert FAMILY.understand("Which person is described here?") is None
