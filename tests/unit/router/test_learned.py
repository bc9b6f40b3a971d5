from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import pytest

from harlm.router.features import NAMES, Features, kind_of
from harlm.router.learned import Chances, LearnedRouter
from harlm.router.model import Costs, Logistic, shipped
from harlm.router.trees import chance
from harlm.types import MODES, STRATEGIES, Left, Mode, RouteOption, Share, Signals, Situation
from tests.support.routing import (
    head_of,
    model_of,
    proposal_of,
    router_model,
    situation_of,
    stump,
    tried_in,
)

SURE = router_model({mode: head_of(0.0) for mode in MODES})


def saying(**right: float) -> Chances:
    """Chances by the name of an option, or else by mode."""

    def chances(_: Situation, options: Sequence[RouteOption], seen: Sequence[Features]) -> list[float]:
        return [right.get(each.name, right.get(each.mode, 0.5)) for each in options]

    return chances


def test_the_trees_decide_and_the_route_tells_what_they_saw() -> None:
    model = router_model(
        {
            "direct": head_of(-1.0),
            "repl": head_of(-1.0),
            "full": head_of(0.0),
            "plan": head_of(0.0, stump("fit", 0.5, -2.0, 2.0)),
        }
    )
    router = LearnedRouter(model)
    route = router.route(situation_of(proposals=(proposal_of(fit=0.9), proposal_of("map", 0.2))))
    assert (route.mode, route.strategy, route.basis, route.is_sure) == ("plan", "label", "trees", True)
    assert route.probabilities == pytest.approx(
        {"direct": chance(-1), "plan": chance(2), "repl": chance(-1), "full": 0.5}
    )
    assert route.reasons[0].startswith("plan: label: it is worth most")
    assert route.reasons[1] == "the strategy fits the question at 90% (+2.00)"
    assert route.features["fit"] == 0.9
    assert set(route.features) == set(NAMES)
    assert [each.option for each in route.weighed][:2] == ["plan: label", "full"]
    assert route.version == model.version
    other = router.route(situation_of(proposals=(proposal_of(fit=0.4),)))
    assert (other.mode, other.strategy) == ("full", None)


def test_the_reader_of_a_direct_route_is_that_of_its_option() -> None:
    situation = situation_of(sub=model_of("sub", 128_000))
    route = LearnedRouter(SURE, saying(**{"direct, sub-model": 0.95, "direct": 0.3})).route(situation)
    assert (route.mode, route.reader) == ("direct", "sub")
    assert route.probabilities["direct"] == 0.95
    assert LearnedRouter(SURE, saying(direct=0.95)).route(situation).reader == "root"


def test_a_mode_that_no_example_had_counts_one_half() -> None:
    route = LearnedRouter(router_model({"direct": head_of(-3.0)})).route(situation_of())
    assert (route.probabilities["repl"], route.probabilities["full"]) == (0.5, 0.5)
    assert route.mode != "direct"
    assert len(route.reasons) == 1


def test_a_mode_that_is_impossible_has_no_probability() -> None:
    route = LearnedRouter(SURE).route(situation_of(tokens=10**6))
    assert route.probabilities["direct"] == route.probabilities["plan"] == 0
    assert route.mode in ("repl", "full")


def test_costs_are_what_real_runs_cost() -> None:
    situation = situation_of()
    plain = LearnedRouter(SURE).route(situation)
    costs = {
        "full": Costs(base=math.log(3.0)),
        "direct": Costs(base=0.0, trees=(stump("fit", 0.5, -1.0, 1.0),)),
    }
    costly = LearnedRouter(router_model(SURE.heads, costs=costs)).route(situation)
    for mode, factor in (("full", 3.0), ("direct", math.exp(-1)), ("repl", 1.0)):
        before, after = (
            next(each for each in route.weighed if each.mode == mode) for route in (plain, costly)
        )
        assert before.micros
        assert after.micros == pytest.approx(factor * before.micros, abs=1), mode
        assert after.seconds == before.seconds
    unknown = LearnedRouter(router_model(SURE.heads, costs=costs)).route(
        situation_of(root=model_of(price=None))
    )
    assert {each.micros for each in unknown.weighed} == {None}


def test_the_rules_choose_for_the_built_in_model() -> None:
    route = LearnedRouter(SURE).route(situation_of(root=model_of("offline/extractive")))
    assert (route.basis, route.weighed) == ("rules", ())


def test_outside_of_what_the_trees_have_seen_the_rules_decide_and_the_route_says_so() -> None:
    bounded = router_model(SURE.heads, bounds=(-100.0, 10.0))
    proposals = (proposal_of("map", 0.3), proposal_of("label", 1.0))
    route = LearnedRouter(bounded).route(situation_of("How many?", 60_000, proposals=proposals))
    assert (route.mode, route.basis, route.is_sure, route.features) == ("plan", "rules", False, {})
    assert route.strategy == "label"
    assert (
        "since the router has learned from no such task: the text has about 60,000 tokens" in route.reasons[0]
    )
    assert sum(route.probabilities.values()) == pytest.approx(1)
    assert route.weighed
    assert LearnedRouter(bounded).route(situation_of("How many?", 500)).basis == "trees"


def test_of_a_kind_of_task_that_the_trees_have_not_seen_the_rules_decide() -> None:
    situation = situation_of("How many rows?", 60_000, structure="records")
    seen = LearnedRouter(SURE).route(situation).features
    known = router_model(SURE.heads, kinds=(kind_of(seen),))
    assert LearnedRouter(known).route(situation).basis == "trees"
    other = LearnedRouter(known).route(situation_of("How many rows?", 60_000, structure="code"))
    assert (other.basis, other.is_sure) == ("rules", False)
    assert "exact in code" in other.reasons[0]


def test_where_what_the_rules_choose_is_impossible_the_trees_choose() -> None:
    bounded = LearnedRouter(router_model(SURE.heads, bounds=(-100.0, 10.0)))
    route = bounded.route(situation_of("How many rows?", 60_000, no_code="no sandbox works here"))
    assert (route.mode, route.basis) == ("direct", "rules")


def test_a_huge_text_is_outside_of_what_the_shipped_trees_have_seen() -> None:
    def bases(tokens: int) -> set[str]:
        return {
            LearnedRouter(shipped())
            .route(situation_of("How many?", tokens, proposals=(proposal_of(each),)))
            .basis
            for each in STRATEGIES
        }

    assert "trees" in bases(20_000)
    assert bases(10**9) == {"rules"}


def test_an_encoder_gives_the_probabilities_in_place_of_the_trees() -> None:
    route = LearnedRouter(SURE, saying(full=0.99, direct=0.1, repl=0.1), "encoder").route(situation_of())
    assert (route.mode, route.basis) == ("full", "encoder")


def test_the_depth_of_full_mode_grows_with_the_number_of_parts() -> None:
    router = LearnedRouter(SURE, saying(full=0.99, direct=0.1, repl=0.1, plan=0.1))
    small = model_of(window=8_000)
    depths = [
        router.route(situation_of(tokens=tokens, root=small)).depth
        for tokens in (2_000, 50_000, 10**6, 10**7)
    ]
    assert depths == sorted(depths, key=lambda each: each or 0)
    assert depths[0] == 1
    assert (depths[-1] or 0) > 1
    assert LearnedRouter(SURE, saying(direct=0.99)).route(situation_of(tokens=500)).depth is None


def test_an_answer_is_judged_by_its_check_from_what_was_expected() -> None:
    checked = router_model(
        SURE.heads, checks={"full": Logistic(intercept=-1.0, prior=1.0, weights={"quotes": 2.0})}
    )
    router = LearnedRouter(checked, saying(full=0.9))
    route = router.route(situation_of())
    good, bad = (Signals(quotes=Share(part, 2)) for part in (2, 0))
    judged = [router.judge(route, tried_in("full", signals=each)) for each in (good, bad)]
    assert judged == pytest.approx([chance(2.1972 + 1), chance(2.1972 - 1)], abs=1e-3)
    assert router.judge(route, tried_in("full", signals=bad, confidence=0.77)) == 0.77
    assert router.judge(replace(route, probabilities={}), tried_in("repl")) == 0.5


def test_the_budget_is_kept() -> None:
    cheapest: dict[Mode, int] = {
        each.mode: each.micros or 0 for each in situation_of("Summarise it.").options if not each.obstacle
    }
    router = LearnedRouter(SURE, saying(full=0.99, direct=0.6))
    assert router.route(situation_of("Summarise it.")).mode == "full"
    left = Left(micros=cheapest["full"] - 1)
    assert router.route(situation_of("Summarise it.", left=left)).mode != "full"


def test_a_cheaper_strategy_that_fits_worse_is_not_weighed_against_the_one_that_fits_best() -> None:
    follow = proposal_of("follow", 0.9, calls=9, micros=90_000)
    search = proposal_of("search", 0.85, calls=1, micros=100)
    route = LearnedRouter(shipped()).route(
        situation_of("Who is the heir of the founder?", 60_000, proposals=(follow, search))
    )
    assert [each.option for each in route.weighed if each.mode == "plan"] == ["plan: follow"]
    assert route.strategy in (None, "follow")
    short = situation_of(
        "Who is the heir of the founder?", 60_000, proposals=(follow, search), left=Left(micros=50_000)
    )
    route = LearnedRouter(shipped()).route(short)
    assert [each.option for each in route.weighed if each.mode == "plan"] == ["plan: search"]
