from __future__ import annotations

import pytest

from harlm_bench.report import published
from harlm_bench.report.published import NEWER, TASKS


def test_the_rows_that_comparisons_rest_on() -> None:
    base = published.method("base", "GPT")
    reference = published.method("RLM, depth 1", "GPT")
    assert [base.figures[task].score for task in TASKS] == [24.0, 0.0, 44.0, 0.1]
    assert [reference.figures[task].score for task in TASKS] == [62.0, 91.3, 56.0, 58.0]
    assert [reference.figures[task].usd for task in TASKS] == [0.11, 0.99, 0.43, 0.33]
    assert published.method("RLM, depth 3", "Qwen").figures["browse"].score == 68.7


def test_an_unknown_row_is_none() -> None:
    with pytest.raises(KeyError, match="depth 9"):
        published.method("RLM, depth 9", "GPT")


def test_every_row_has_a_citation_and_no_row_is_ours() -> None:
    for table in (published.main_table(), published.newer_table()):
        assert table.label.kind == "PUBLISHED"
        for row in table.rows:
            assert row.label.kind == "PUBLISHED"
            assert row.label.detail
            assert not row.is_ours
            assert "HARLM" not in row.head
    assert "arXiv 2512.24601v3" in published.main_table().label.detail


def test_published_losses_are_listed_like_wins() -> None:
    figures = " ".join(each.figures for each in NEWER)
    assert "an RLM loses" in figures
    assert "below direct" in figures
