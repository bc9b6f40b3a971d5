from __future__ import annotations

from pathlib import Path

import pytest

from harlm.errors import ConfigError
from harlm_bench.report.groups import clusters, grouped, paired, score_of
from tests.unit.bench.made import EMBEDDED, ENTRIES, header, journal, result, results


def test_results_of_two_labels_are_two_groups() -> None:
    simulated = journal(Path("a.jsonl"), [result()])
    embedded = journal(Path("b.jsonl"), [result()], header(EMBEDDED))
    groups = grouped([simulated, embedded])
    assert [group.label.kind for group in groups] == ["SIMULATED", "EMBEDDED"]
    assert [len(group.results) for group in groups] == [1, 1]


def test_two_journals_of_one_label_are_one_group() -> None:
    one = journal(Path("a.jsonl"), [result("base")], header(systems=ENTRIES[:1]))
    two = journal(Path("b.jsonl"), [result()], header(systems=ENTRIES[3:4]))
    (group,) = grouped([one, two])
    assert group.names() == ("base", "HARLM 0.1.0")
    assert group.names("ours") == ("HARLM 0.1.0",)


def test_two_results_of_one_question_are_refused() -> None:
    one = journal(Path("a.jsonl"), [result(score=1.0)])
    two = journal(Path("b.jsonl"), [result(score=0.0)])
    with pytest.raises(ConfigError, match=r"b\.jsonl.*different results of 'HARLM 0\.1\.0'.*bench diff"):
        grouped([one, two])


def test_a_journal_without_a_result_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"empty\.jsonl.*holds no result"):
        grouped([journal(Path("empty.jsonl"), [])])


def test_what_is_missing_is_noted() -> None:
    (group,) = grouped([journal(Path("a.jsonl"), [result()])])
    assert group.notes == ("a.jsonl is not finished: it holds 1 of 198 results.",)
    (whole,) = grouped([journal(Path("b.jsonl"), results(), header(systems=ENTRIES[:4]))])
    assert whole.notes == ()


def test_windows_and_questions_stand_in_one_order_for_all_systems() -> None:
    mixed = [result(window=1, question="q1", score=0.4), result(question="q2", score=0.2), result(score=0.1)]
    assert clusters(mixed, score_of) == ((0.1, 0.2), (0.4,))


def test_only_questions_that_both_were_asked_are_paired() -> None:
    ours = [result(question="q1", score=0.1), result(question="q2", score=0.2)]
    theirs = [result("base", question="q2", score=0.9), result("base", question="q3")]
    left, right = paired(ours, theirs)
    assert ([it.score for it in left], [it.score for it in right]) == ([0.2], [0.9])
