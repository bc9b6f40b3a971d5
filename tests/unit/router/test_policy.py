from __future__ import annotations

from collections.abc import Mapping

from hypothesis import assume, given
from hypothesis import strategies as st

from harlm.router.policy import ALIKE, THIN, Decision, Outlook, decide
from harlm.types import MODES, Left, Mode, RouteOption, Worth
from tests.support.routing import among, proposal_of


def way(
    mode: Mode = "direct",
    right: float = 0.5,
    micros: int | None = 0,
    seconds: float = 0.0,
    *,
    obstacle: str | None = None,
    tokens: int = 0,
    calls: int = 1,
) -> tuple[RouteOption, Outlook]:
    """An option, and what is expected of it."""
    option = RouteOption(
        mode=mode,
        proposal=proposal_of() if mode == "plan" else None,
        micros=micros,
        seconds=seconds,
        obstacle=obstacle,
        tokens=tokens,
        calls=calls,
    )
    return option, Outlook(right=right, micros=micros, seconds=seconds)


def decided(
    *ways: tuple[RouteOption, Outlook], left: Left | None = None, worth: Worth | None = None
) -> Decision:
    expected: Mapping[int, Outlook] = {place: each for place, (_, each) in enumerate(ways)}
    return decide(among([option for option, _ in ways], left=left, worth=worth), expected)


def test_the_option_with_the_greatest_utility_is_taken() -> None:
    """A right answer is worth a dollar: 20 more of a hundred are worth 20 cents."""
    for micros, mode in ((150_000, "full"), (250_000, "direct")):
        choice = decided(way("direct", 0.6), way("full", 0.8, micros))
        assert (choice.option.mode, choice.is_sure) == (mode, True), micros
    assert (
        decided(way("direct", 0.6), way("full", 0.8, 250_000), worth=Worth(answer=10)).option.mode == "full"
    )


def test_time_counts_if_it_is_worth_something() -> None:
    ways = (way("direct", 0.6, seconds=5), way("full", 0.8, seconds=60))
    assert decided(*ways).option.mode == "full"
    assert decided(*ways, worth=Worth(second=0.01)).option.mode == "direct"


def test_what_is_impossible_is_not_taken_however_good_it_looks() -> None:
    choice = decided(way("direct", 0.99, obstacle="it does not fit"), way("full", 0.1))
    assert choice.option.mode == "full"
    assert [(each.mode, each.utility is None, each.obstacle) for each in choice.weighed] == [
        ("full", False, None),
        ("direct", True, "it does not fit"),
    ]


def test_what_the_budget_does_not_cover_is_not_taken() -> None:
    costly, cheap = (
        way("full", 0.9, 900, 50.0, tokens=5_000, calls=9),
        way("direct", 0.2, 100, 5.0, tokens=500),
    )
    table = [
        (Left(micros=899), "expected to cost $0.0009"),
        (Left(seconds=49.0), "expected to take 50 s, and 49 s are left"),
        (Left(tokens=4_999), "expected to use 5,000 tokens"),
        (Left(calls=8), "expected to make 9 calls"),
    ]
    for left, said in table:
        choice = decided(costly, cheap, left=left)
        assert choice.option.mode == "direct", left
        assert said in (choice.weighed[-1].obstacle or ""), left
    enough = Left(micros=900, seconds=50.0, tokens=5_000, calls=9)
    assert decided(costly, cheap, left=enough).option.mode == "full"


def test_what_a_run_is_expected_to_cost_counts_and_not_what_it_was_estimated_at() -> None:
    """Real runs of this mode cost half of their estimates."""
    situation = among(
        [RouteOption(mode="full", micros=100), RouteOption(mode="direct", micros=10)], left=Left(micros=60)
    )
    expected = {0: Outlook(right=0.9, micros=50, seconds=0), 1: Outlook(right=0.1, micros=10, seconds=0)}
    assert decide(situation, expected).option.mode == "full"


def test_if_the_budget_covers_nothing_the_cheapest_possible_is_taken() -> None:
    choice = decided(
        way("direct", 0.9, 1, obstacle="it does not fit"),
        way("plan", 0.9, 900),
        way("repl", 0.1, 300),
        way("full", 0.9, 400),
        left=Left(micros=5),
    )
    assert choice.option.mode == "repl"
    assert not choice.is_sure
    assert "the budget covers no option: it is expected to cost $0.0003, and $0.0000 are left" in choice.why


def test_if_everything_is_impossible_the_first_option_is_named() -> None:
    choice = decided(way("direct", obstacle="it does not fit"), way("full", obstacle="no sandbox"))
    assert (choice.option.mode, choice.is_sure) == ("direct", False)
    assert "it does not fit" in choice.why


def test_an_unknown_price_is_no_obstacle_and_costs_nothing() -> None:
    choice = decided(way("direct", 0.2, 5), way("full", 0.9, None), left=Left(micros=10))
    assert choice.option.mode == "full"
    assert choice.weighed[0].micros is None
    assert choice.weighed[0].utility == 0.9


def test_with_a_target_the_cheapest_that_reaches_it_is_taken() -> None:
    ways = (way("direct", 0.7, 10), way("plan", 0.85, 50), way("full", 0.99, 900))
    for target, mode in ((0.6, "direct"), (0.8, "plan"), (0.85, "plan"), (0.9, "full")):
        choice = decided(*ways, worth=Worth(answer=100.0, target=target))
        assert (choice.option.mode, choice.is_sure) == (mode, True), target
        assert f"at least {target:.0%}" in choice.why
    impossible = (way("direct", 0.99, 1, obstacle="no"), *ways[1:])
    assert decided(*impossible, worth=Worth(target=0.8)).option.mode == "plan"


def test_a_target_that_nothing_reaches_leaves_the_weighing() -> None:
    assert (
        decided(way("direct", 0.3, 10), way("full", 0.5, 900), worth=Worth(target=0.9)).option.mode == "full"
    )


def test_of_options_worth_about_the_same_the_simplest_of_the_likeliest_is_taken() -> None:
    choice = decided(way("full", 0.805), way("repl", 0.8), way("plan", 0.802))
    assert choice.option.mode == "plan"
    assert choice.is_sure
    assert "plan and repl and full are worth about the same" in choice.why


def test_what_is_less_often_right_is_not_taken_for_being_simple() -> None:
    """Worth the same, since it costs less; right less often by more than is told apart."""
    ways = (way("direct", 0.7, 0), way("full", 0.8, 100_000))
    choice = decided(*ways)
    assert (choice.option.mode, choice.is_sure) == ("full", False)


def test_options_of_one_mode_are_no_rivals() -> None:
    label, follow = way("plan", 0.8), way("plan", 0.801)
    choice = decided(label, follow, way("full", 0.3))
    assert choice.option is follow[0]
    assert choice.is_sure


def test_an_answer_that_is_worth_nothing_is_got_in_the_cheapest_way() -> None:
    choice = decided(way("direct", 0.3, 10), way("full", 0.9, 900), worth=Worth(answer=0.0))
    assert choice.option.mode == "direct"


chances = st.floats(0, 1)
costs = st.one_of(st.none(), st.integers(0, 2_000_000))
ways_of = st.lists(
    st.builds(
        way,
        st.sampled_from(MODES),
        chances,
        costs,
        st.floats(0, 300),
        obstacle=st.sampled_from([None, None, None, "no"]),
    ),
    min_size=1,
    max_size=6,
)
lefts = st.builds(
    Left,
    micros=st.one_of(st.none(), st.integers(0, 2_000_000)),
    seconds=st.one_of(st.none(), st.floats(0, 300)),
)
worths = st.builds(
    Worth,
    answer=st.sampled_from([0.1, 1.0, 10.0]),
    second=st.sampled_from([0.0, 0.01]),
    target=st.sampled_from([None, 0.5]),
)


def place_of(choice: Decision, ways: list[tuple[RouteOption, Outlook]]) -> int:
    return next(at for at, (option, _) in enumerate(ways) if option is choice.option)


@given(ways_of, lefts, worths, chances)
def test_an_option_that_is_right_more_often_is_not_dropped_for_it(
    ways: list[tuple[RouteOption, Outlook]], left: Left, worth: Worth, raised: float
) -> None:
    place = place_of(decided(*ways, left=left, worth=worth), ways)
    option, expected = ways[place]
    assume(raised >= expected.right)
    better = [*ways]
    better[place] = (option, expected._replace(right=raised))
    assert place_of(decided(*better, left=left, worth=worth), better) == place


@given(ways_of, lefts, worths)
def test_options_come_in_the_order_of_their_utility_and_the_impossible_ones_last(
    ways: list[tuple[RouteOption, Outlook]], left: Left, worth: Worth
) -> None:
    choice = decided(*ways, left=left, worth=worth)
    utilities = [each.utility for each in choice.weighed]
    known = [each for each in utilities if each is not None]
    assert len(utilities) == len(ways)
    assert known == sorted(known, reverse=True)
    assert utilities[len(known) :] == [None] * (len(utilities) - len(known))
    assert all((each.utility is None) == (each.obstacle is not None) for each in choice.weighed)
    assert choice.why.startswith(f"{choice.option.name}: ")


@given(ways_of, lefts, worths)
def test_what_is_taken_is_covered_and_worth_nearly_the_most(
    ways: list[tuple[RouteOption, Outlook]], left: Left, worth: Worth
) -> None:
    choice = decided(*ways, left=left, worth=worth)
    option, expected = ways[place_of(choice, ways)]
    best = choice.weighed[0]
    if best.utility is None:
        assert not choice.is_sure
        return
    assert option.obstacle is None
    assert left.lacks(option) is None
    if worth.target is None:
        utility = (
            worth.answer * expected.right - (expected.micros or 0) / 1e6 - worth.second * expected.seconds
        )
        assert best.utility - utility <= THIN * worth.answer + 1e-12
    likelier = [each for each in choice.weighed if each.utility is not None and each.utility == best.utility]
    assert worth.target is not None or all(
        each.right - expected.right <= ALIKE + 1e-9 for each in likelier if each.mode != option.mode
    )
