from __future__ import annotations

from pathlib import Path

import pytest

from harlm.errors import ConfigError
from harlm_bench.report.differences import difference_table
from tests.unit.bench.made import EMBEDDED, a_usage, header, journal, result, results


def test_the_second_minus_the_first_question_by_question() -> None:
    before = journal(Path("before.jsonl"), results({"HARLM 0.1.0": 0.3}))
    after = journal(Path("after.jsonl"), results({"HARLM 0.1.0": 0.8}))
    table = difference_table(before, after)
    assert table.heading == "From before.jsonl to after.jsonl · SIMULATED"
    assert [(row.head, row.cells[0].text, row.cells[1].text) for row in table.rows] == [
        ("HARLM 0.1.0", "oolong", "21"), ("HARLM 0.1.0", "s-niah", "12"),
    ]  # fmt: skip
    assert table.rows[0].cells[2].value == pytest.approx(50.0)
    back = difference_table(after, before)
    assert back.rows[0].cells[2].value == pytest.approx(-50.0)


def test_an_unknown_bill_is_not_a_saving() -> None:
    before = journal(Path("before.jsonl"), [result()])
    after = journal(Path("after.jsonl"), [result(usage=a_usage(micro_usd=None))])
    assert difference_table(before, after).rows[0].cells[3].text == "–"


def test_two_versions_are_named() -> None:
    before = journal(Path("before.jsonl"), results({"HARLM 0.0.9": 0.3}))
    after = journal(Path("after.jsonl"), results({"HARLM 0.1.0": 0.8}))
    table = difference_table(before, after, [("HARLM 0.0.9", "HARLM 0.1.0")])
    assert table.rows[0].head == "HARLM 0.0.9 → HARLM 0.1.0"
    with pytest.raises(ConfigError, match=r"no question to one system in common.*--renamed"):
        difference_table(before, after)


def test_simulated_and_real_results_are_not_compared() -> None:
    simulated = journal(Path("before.jsonl"), [result()])
    embedded = journal(Path("after.jsonl"), [result()], header(EMBEDDED))
    with pytest.raises(ConfigError, match=r"is SIMULATED.*is EMBEDDED.*not compared"):
        difference_table(simulated, embedded)


def test_questions_of_one_of_them_are_left_out_and_counted() -> None:
    before = journal(Path("before.jsonl"), [result(question="q0"), result(question="q1")])
    after = journal(Path("after.jsonl"), [result(question="q0")])
    table = difference_table(before, after)
    assert table.rows[0].cells[1].text == "1"
    assert "left out: 1." in table.notes[1]
