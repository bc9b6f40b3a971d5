"""The simulation of a large batch obeys what is known of queues."""

from __future__ import annotations

from dataclasses import replace

import pytest
from perf.scale import Costs, Plan, Simulation

COSTS = Costs(client=1.0, limiter=0.1, node=10.0, store=0.0, ray=0.0)
SMALL = Plan(costs=COSTS, questions=3_000, nodes=2, cores=2, at_once=20)
MEAN_S = 2.394  # of a reply: exp(ln 2 + 0.6² / 2)


def test_without_a_full_part_little_s_law_gives_the_rate() -> None:
    ended = Simulation(SMALL).outcome()
    assert ended.rate == pytest.approx(40 / (MEAN_S + 0.0111), rel=0.05)
    assert max(ended.use.values()) < 0.2


@pytest.mark.parametrize(
    ("plan", "part", "rate"),
    [
        (replace(SMALL, costs=replace(COSTS, client=100.0)), "the client", 10),
        (replace(SMALL, costs=replace(COSTS, client=100.0), clients=4), "the client", 40 / (MEAN_S + 0.111)),
        (replace(SMALL, costs=replace(COSTS, node=1_000.0)), "nodes", 4),
        (replace(SMALL, calls=10, requests_a_second=50), "the provider", 5),
        (replace(SMALL, costs=replace(COSTS, store=400.0), store_cores=2), "Postgres", 5),
    ],
)
def test_the_fullest_part_decides(plan: Plan, part: str, rate: float) -> None:
    ended = Simulation(plan).outcome()
    assert max(ended.use, key=lambda each: ended.use[each]) == part
    assert ended.rate == pytest.approx(rate, rel=0.06)


def test_lost_nodes_cost_time_and_no_result() -> None:
    ended = Simulation(replace(SMALL, lost_every_s=10)).outcome()
    assert ended.taken_up > 10
    assert ended.rate < Simulation(SMALL).outcome().rate
