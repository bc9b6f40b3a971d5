from __future__ import annotations

import pytest

from harlm.types import Answer, Citation, ReadingCost, Usage


def test_an_answer_in_a_notebook_escapes_what_came_from_a_model() -> None:
    cited = Citation(source="s", start=0, end=1, line=1, page=None, place="<s>:1", quote="<img>")
    html = Answer(text="<script>alert(1)</script>", citations=(cited,), run_id="R")._repr_html_()
    assert "<script>" not in html
    assert "<img>" not in html
    assert "&lt;script&gt;" in html
    assert Answer(text="x").response == "x" == str(Answer(text="x"))


def test_an_answer_in_a_notebook_shows_how_it_was_made() -> None:
    usage = Usage(calls=2, cost_micros=1_500)
    html = Answer(text="42", usage=usage, mode="full", sandbox="s0", run_id="R")._repr_html_()
    assert "ok · full · 2 calls · cost $0.0015" in html
    assert "run R · WARNING: model-written code ran on tier s0" in html
    assert "confidence" not in html
    assert "confidence 87%" in Answer(text="42", confidence=0.874)._repr_html_()
    assert "cost unknown" in Answer(text="42", usage=Usage(cost_micros=None))._repr_html_()


@pytest.mark.parametrize("tier", [None, "s1", "s3", "monty"])
def test_only_the_weakest_tier_gives_a_warning(tier: str | None) -> None:
    assert Answer(text="x", sandbox=tier).warning is None
    assert "protects from accidents only" in (Answer(text="x", sandbox="s0").warning or "")


def test_the_reading_ratio_is_unknown_without_a_bound() -> None:
    assert ReadingCost(growth="linear", tokens_read=300, least_tokens=200).ratio == 1.5
    assert ReadingCost(growth="constant", tokens_read=300, least_tokens=0).ratio is None
