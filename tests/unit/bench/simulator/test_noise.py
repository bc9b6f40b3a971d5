"""Errors are keyed, correlated, and as frequent as a profile says."""

from __future__ import annotations

import statistics

import pytest

from harlm_bench.simulator import profile
from harlm_bench.simulator.noise import Noise
from harlm_bench.simulator.profile import Curve

ITEMS = [number.to_bytes(8, "big") for number in range(3_000)]


def rights(noise: Noise, probability: float) -> list[bool]:
    return [noise.is_right(item, b"label", probability) for item in ITEMS]


@pytest.mark.parametrize("rho", [0.0, 0.7])
@pytest.mark.parametrize("probability", [0.5, 0.9, 0.99])
def test_items_are_read_rightly_as_often_as_asked(rho: float, probability: float) -> None:
    assert statistics.mean(rights(Noise("m", b"request", rho), probability)) == pytest.approx(
        probability, abs=0.03
    )


def test_the_same_request_errs_in_the_same_place_and_another_seldom_elsewhere() -> None:
    first = rights(Noise("m", b"one", 0.7), 0.9)
    assert rights(Noise("m", b"one", 0.7), 0.9) == first
    second = rights(Noise("m", b"two", 0.7), 0.9)
    both = sum(not a and not b for a, b in zip(first, second, strict=True))
    assert both > 0.3 * sum(not each for each in first)  # independent errors would share a tenth
    other = rights(Noise("n", b"one", 0.7), 0.9)
    shared = sum(not a and not b for a, b in zip(first, other, strict=True))
    assert shared < 0.25 * sum(not each for each in first)


@pytest.mark.parametrize(("rho", "least", "most"), [(0.0, 0.99, 1.0), (0.5, 0.93, 0.98), (0.8, 0.90, 0.945)])
def test_nine_votes_help_as_little_as_the_correlation_allows(rho: float, least: float, most: float) -> None:
    votes = [rights(Noise("m", str(number).encode(), rho), 0.9) for number in range(9)]
    voted = [sum(each) >= 5 for each in zip(*votes, strict=True)]
    assert least <= statistics.mean(voted) <= most


def test_a_misread_item_is_always_taken_for_the_same_thing() -> None:
    taken = [
        [Noise("m", request, 0.7).wrong(item, "abcde") for item in ITEMS[:50]] for request in (b"1", b"2")
    ]
    assert taken[0] == taken[1]
    assert len(set(taken[0])) == 5


def test_certainty_and_impossibility_are_exact() -> None:
    noise = Noise("m", b"r", 0.7)
    assert all(rights(noise, 1.0))
    assert not any(rights(noise, 0.0))


def test_a_curve_is_half_of_its_beginning_at_its_half_length() -> None:
    curve = Curve(p0=0.9, l50=72_000, beta=1.05)
    assert curve.at(0) == 0.9
    assert curve.at(72_000) == pytest.approx(0.45)
    assert curve.at(131_072) < curve.at(72_000)


@pytest.mark.parametrize("name", profile.names())
def test_every_profile_is_whole_and_says_where_its_figures_come_from(name: str) -> None:
    read = profile.load(name)
    assert read.id == name
    assert read.sources["curves"]
    assert f"v{read.version}" in read.label
    assert 0 < read.reads("label", 8_000) <= 1
