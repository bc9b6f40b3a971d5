"""Draws depend on their key and name alone."""

from __future__ import annotations

import pytest

from harlm_bench.simulator.draw import Draw


def test_the_same_name_gives_the_same_draw() -> None:
    assert Draw("7").uniform("a") == Draw("7").uniform("a")
    assert Draw("7").uniform("a") != Draw("8").uniform("a")
    assert Draw("7").uniform("a") != Draw("7").uniform("b")
    assert Draw("7").child("x").uniform("a") == Draw("7").child("x").uniform("a")


def test_draws_are_uniform() -> None:
    drawn = [Draw("7").uniform(str(each)) for each in range(4_000)]

    assert all(0 <= each < 1 for each in drawn)
    assert sum(drawn) / 4_000 == pytest.approx(0.5, abs=0.02)
    assert sum(each < 0.1 for each in drawn) / 4_000 == pytest.approx(0.1, abs=0.02)


def test_weights_are_kept() -> None:
    drawn = [Draw("7").weighted(str(each), {"often": 3, "seldom": 1, "never": 0}) for each in range(2_000)]

    assert drawn.count("seldom") / 2_000 == pytest.approx(0.25, abs=0.03)
    assert "never" not in drawn
