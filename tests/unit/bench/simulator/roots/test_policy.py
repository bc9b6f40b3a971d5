"""Policies depend on the question alone, and mistakes come at the stated rates."""

from __future__ import annotations

from collections import Counter

import pytest

from harlm_bench.simulator.draw import Draw
from harlm_bench.simulator.roots.policy import MIX, QUALITIES, RATES, Policy, Quality, drawn

_MANY = 2_000


def policies(quality: Quality) -> list[Policy]:
    return [drawn(Draw(f"{each}"), {quality: 1.0}) for each in range(_MANY)]


def test_the_mix_is_kept() -> None:
    counts = Counter(drawn(Draw(f"{each}")).quality for each in range(_MANY))

    for quality, share in MIX.items():
        assert counts[quality] / _MANY == pytest.approx(share, abs=0.03)


@pytest.mark.parametrize("quality", QUALITIES)
def test_mistakes_come_at_the_stated_rates(quality: Quality) -> None:
    rates = RATES[quality]
    drawn_ones = policies(quality)

    def share(count: int) -> float:
        return count / _MANY

    assert share(sum(each.slips_in(3) for each in drawn_ones)) == pytest.approx(
        sum(rates.slips) / 2, abs=0.02
    )
    assert share(
        sum(each.misuse_in(3, has_final_var=True) == "prose" for each in drawn_ones)
    ) == pytest.approx(rates.final, abs=0.02)
    assert share(
        sum(each.misuse_in(3, has_final_var=True) == "name" for each in drawn_ones)
    ) == pytest.approx(rates.final_var * (1 - rates.final), abs=0.02)
    assert share(sum(each.is_early for each in drawn_ones)) == pytest.approx(rates.early, abs=0.02)
    assert share(sum(each.gives_plan for each in drawn_ones)) == pytest.approx(rates.plan, abs=0.02)
    assert share(sum(each.checks > 0 for each in drawn_ones)) == pytest.approx(rates.verifies, abs=0.03)
    assert max(each.checks for each in drawn_ones) == rates.most_checks


def test_no_final_var_no_misuse_of_it() -> None:
    assert all(each.misuse_in(3, has_final_var=False) != "name" for each in policies("sloppy"))


def test_sloppy_roots_slip_within_the_published_range() -> None:
    assert all(0.05 <= each.slips <= 0.30 for each in policies("sloppy"))
