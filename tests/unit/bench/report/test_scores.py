from __future__ import annotations

from pathlib import Path

import pytest

from harlm_bench.labels import Label
from harlm_bench.outcomes import Result
from harlm_bench.report import scores
from harlm_bench.report.groups import Group, grouped
from tests.unit.bench.made import EMBEDDED, NEAR, SIMULATED, a_usage, header, journal, result, results

ALL = {**NEAR, "HARLM 0.1.0, one call at a time": 0.8}


def group(of: list[Result], label: Label = SIMULATED) -> Group:
    (found,) = grouped([journal(Path("a.jsonl"), of, header(label), fresh=True)])
    return found


def test_the_main_table_has_a_row_for_each_system_and_a_column_for_each_task() -> None:
    table = scores.main_table(group(results(ALL)))
    assert table.columns == ("system", "oolong", "s-niah", "all tasks")
    assert [row.head for row in table.rows] == ["base", "BM25, top 8", "rlms 0.1.3, depth 1", "HARLM 0.1.0"]
    assert [row.is_ours for row in table.rows] == [False, False, False, True]
    assert table.rows[0].cells[0].value == pytest.approx(44.0)
    assert table.rows[0].cells[0].text.endswith("· $0.0010")


def test_a_model_without_a_price_costs_tokens() -> None:
    of = [result(usage=a_usage(micro_usd=None)), result("base", usage=a_usage(micro_usd=None))]
    table = scores.main_table(group(of, EMBEDDED))
    assert table.rows[0].cells[0].text.endswith("· 1,000 tokens")
    assert "no price" in table.notes[0]


def test_one_unknown_bill_leaves_cost_and_ratio_open() -> None:
    unknown = result(question="q1", usage=a_usage(micro_usd=None))
    whole = group([result(), unknown, result("base"), result("base", question="q1")])
    base, ours = scores.main_table(whole).rows
    assert base.cells[0].text.endswith("· $0.0010")
    assert ours.cells[0].text.endswith("· –")
    (gain,) = scores.gains(whole, "HARLM 0.1.0", ["base"])
    assert gain.cost is None
    (back,) = scores.gains(whole, "base", ["HARLM 0.1.0"])
    assert back.cost is None


def test_what_never_ran_has_no_score_and_what_ran_in_part_says_so() -> None:
    none = [result("base", question=f"q{n}", status="not installed", score=0.0) for n in range(2)]
    part = [result(question="q0"), result(question="q1", status="endpoint", score=0.0)]
    base, ours = scores.main_table(group([*none, *part])).rows
    assert [cell.text for cell in base.cells] == ["not installed", "–"]
    assert ours.cells[0].value == 50.0
    assert "1 of 2 not reached" in ours.cells[0].text


def test_a_crash_counts_as_wrong_and_stays_in_the_denominator() -> None:
    of = [result(question="q0"), result(question="q1", status="crashed", score=0.0)]
    assert scores.main_table(group(of)).rows[0].cells[0].value == 50.0


def test_gains_are_paired_corrected_and_include_all_tasks() -> None:
    found = scores.gains(group(results(ALL)), "HARLM 0.1.0", ["base", "rlms 0.1.3, depth 1"])
    assert [(gain.theirs, gain.task) for gain in found] == [
        (theirs, task)
        for theirs in ("base", "rlms 0.1.3, depth 1")
        for task in ("oolong", "s-niah", "all tasks")
    ]
    first = found[0]
    assert first.difference.estimate.value == pytest.approx(0.36)
    assert first.difference.verdict == "higher"
    assert all(gain.difference.adjusted >= gain.difference.p for gain in found)
    assert first.cost is not None
    assert first.cost.value == pytest.approx(1.0)


def test_losses_are_shown_like_wins() -> None:
    whole = group(results({**ALL, "HARLM 0.1.0": 0.2}))
    found = scores.gains(whole, "HARLM 0.1.0", ["base"])
    table = scores.gains_table(whole, "HARLM 0.1.0", found, id_="gains", title="Gains")
    assert {gain.difference.verdict for gain in found} == {"lower"}
    assert len(table.rows) == 3
    assert table.rows[0].cells[3].text.startswith("−24.0")


def test_a_rival_that_never_ran_is_not_beaten() -> None:
    none = [result("base", question=f"q{n}", status="not installed", score=0.0) for n in range(2)]
    ours = [result(question=f"q{n}") for n in range(2)]
    assert scores.gains(group([*none, *ours]), "HARLM 0.1.0", ["base"]) == ()


def test_the_mean_of_tasks_has_no_interval_where_a_task_has_few_windows() -> None:
    few = group([result(question=question, score=score) for question, score in (("q0", 1.0), ("q1", 0.0))])
    (row,) = scores.main_table(few).rows
    assert row.cells[-1].text.startswith("50.0 · ")
