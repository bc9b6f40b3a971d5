"""What a plan says of its sites: certainty, shape, and the longest chain."""

from __future__ import annotations

import pytest

from harlm.scheduler.plan import CallSite, Flow, Loop, Plan, Shape


def site(
    number: int,
    *,
    needs: tuple[int, ...] = (),
    decided_by: tuple[int, ...] = (),
    flows: tuple[Flow, ...] = (),
    tool: str = "llm_query",
) -> CallSite:
    loops = tuple(Loop(header=f"for x in {flow}", flow=flow) for flow in flows)
    return CallSite(
        number=number, tool=tool, line=number, source="…", needs=needs, decided_by=decided_by, loops=loops
    )


def plan(*sites: CallSite) -> Plan:
    return Plan(sites=sites)


@pytest.mark.parametrize(
    ("sites", "shape"),
    [
        ((), "no calls"),
        ((site(1),), "single"),
        ((site(1), site(2)), "map"),
        ((site(1), site(2, needs=(1,))), "chain"),
        ((site(1, flows=("map",)),), "map"),
        ((site(1, tool="llm_query_batched"),), "map"),
        ((site(1, flows=("map",)), site(2)), "mixed"),
        ((site(1, flows=("map",)), site(2, needs=(1,))), "map-reduce"),
        ((site(1, flows=("chain",)),), "chain"),
        ((site(1, flows=("chain", "map")),), "hierarchical"),
        ((site(1, flows=("search",)),), "search"),
        ((site(1, tool="rlm_query"),), "hierarchical"),
    ],
    ids=str,
)
def test_the_shape_of_a_plan(sites: tuple[CallSite, ...], shape: Shape) -> None:
    assert plan(*sites).shape == shape


def test_a_call_is_certain_if_no_result_decides_about_it() -> None:
    assert site(1, flows=("map", "chain")).is_certain
    assert not site(2, decided_by=(1,)).is_certain
    assert not site(1, flows=("search",)).is_certain


def test_a_site_in_a_chain_makes_one_call_at_a_time() -> None:
    assert not site(1, flows=("chain",)).is_many
    assert site(1, flows=("chain", "map")).is_many


def test_the_critical_path_follows_needs_and_decisions() -> None:
    made = plan(site(1), site(2, needs=(1,)), site(3), site(4, decided_by=(2,)))
    assert made.critical_path == (1, 2, 4)
    assert made.length == "3"


def test_a_chain_of_rounds_is_longer_than_any_number_of_single_calls() -> None:
    made = plan(site(1), site(2, needs=(1,)), site(3, needs=(2,)), site(4, flows=("chain",)))
    assert made.critical_path == (4,)
    assert made.length == "rounds of `for x in chain`"


def test_the_length_multiplies_nested_chains_and_adds_sites() -> None:
    made = plan(site(1), site(2, needs=(1,), flows=("chain", "chain")))
    assert made.length == "1 + rounds of `for x in chain` × rounds of `for x in chain`"
    twice = plan(site(1, flows=("chain",)), site(2, needs=(1,), flows=("chain",)))
    assert twice.length == "2 × rounds of `for x in chain`"


def test_a_plan_without_calls_has_length_zero() -> None:
    assert plan().critical_path == ()
    assert plan().length == "0"


def test_sites_are_found_by_number() -> None:
    assert plan(site(1), site(2, needs=(1,))).site(2).needs == (1,)
