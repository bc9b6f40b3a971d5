"""Reports from a sandbox are checked, joined to the least sure step, and written as numbers."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.branching.signals import (
    FLAGS,
    NAMES,
    SHARES,
    Report,
    as_numbers,
    from_numbers,
    joined,
    read_report,
)
from harlm.types import ACCEPTORS, Share, Signals, Verdict

counts = st.tuples(st.integers(0, 60), st.integers(0, 40)).map(lambda two: Share(two[0], sum(two)))
signals = st.builds(
    Signals,
    **{name: st.none() | counts for name in SHARES},
    **{name: st.none() | st.booleans() for name in FLAGS},
    logprob=st.none() | st.floats(0, 1),
    verdict=st.none() | st.builds(Verdict, st.sampled_from(ACCEPTORS), st.booleans()),
)
reports = st.one_of(
    st.builds(Report, st.sampled_from(SHARES), counts),
    st.builds(Report, st.sampled_from(FLAGS), st.booleans()),
    st.builds(Report, st.just("logprob"), st.floats(0, 1)),
    st.builds(Report, st.just("acceptor"), st.builds(Verdict, st.sampled_from(ACCEPTORS), st.booleans())),
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=6,
)


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        ("agreement", [2, 3], Share(2, 3)),
        ("coverage", (40, 41), Share(40, 41)),
        ("audit", [0, 20], Share(0, 20)),
        ("has_type", False, False),
        ("logprob", 1, 1.0),
        ("acceptor", ["recount", True], Verdict("recount", True)),
    ],
)
def test_a_report_is_read(name: str, value: object, read: object) -> None:
    assert read_report(name, value) == Report(name, read)  # type: ignore[arg-type] # of the parameters above


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("sureness", 1, "signal 'sureness' does not exist: report one of agreement"),
        (["agreement"], [1, 1], "does not exist"),
        ("agreement", [3, 2], r"agreement is \[3, 2\]: report \[part, whole\]"),
        ("agreement", [200, 200], "agreement is"),
        ("coverage", [True, True], "two whole numbers"),
        ("coverage", [-1, 2], "two whole numbers"),
        ("coverage", [1.0, 2.0], "two whole numbers"),
        ("coverage", "12", "two whole numbers"),
        ("coverage", [1, 10**400], "two whole numbers"),
        ("audit", {"wrong": 1}, "a value of type dict"),
        ("has_type", 1, "has_type is 1: report True or False"),
        ("logprob", True, "report a probability"),
        ("logprob", float("nan"), "report a probability"),
        ("logprob", 10**400, "report a probability"),
        ("logprob", -0.1, "report a probability from 0 to 1"),
        ("acceptor", ["oracle", True], "with a name of recount, schema, test"),
        ("acceptor", ["test", 1], "True or False"),
    ],
)
def test_what_is_not_a_report_is_refused(name: object, value: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_report(name, value)


@given(name=st.sampled_from(NAMES) | json_values, value=json_values)
def test_any_json_is_read_or_refused_in_few_words(name: Any, value: Any) -> None:
    said = ""
    try:
        joined(Signals(), [read_report(name, value)])
    except ValueError as error:
        said = str(error)
    assert len(said) < 500


def test_counts_are_added_and_the_least_sure_step_decides() -> None:
    found = joined(
        Signals(quotes=Share(1, 1), has_type=True, ran_clean=True),
        [
            Report("coverage", Share(10, 10)),
            Report("coverage", Share(3, 5)),
            Report("agreement", Share(3, 3)),
            Report("agreement", Share(2, 3)),
            Report("agreement", Share(0, 0)),
            Report("quotes", Share(0, 2)),
            Report("logprob", 0.9),
            Report("logprob", 0.4),
            Report("ran_clean", False),
            Report("ran_clean", True),
        ],
    )
    assert (found.coverage, found.agreement, found.quotes) == (Share(13, 15), Share(2, 3), Share(1, 3))
    assert (found.logprob, found.ran_clean, found.has_type) == (0.4, False, True)


def test_a_sandbox_can_reject_but_not_accept() -> None:
    accepted, rejected = (Report("acceptor", Verdict("test", is_accepted)) for is_accepted in (True, False))
    assert joined(Signals(), [accepted]).verdict is None
    assert joined(Signals(), [accepted], accepted_by=["recount"]).verdict is None
    assert joined(Signals(), [accepted], accepted_by=["test"]).verdict == Verdict("test", True)
    assert joined(Signals(), [rejected, accepted], accepted_by=["test"]).verdict == Verdict("test", False)
    known = Signals(verdict=Verdict("recount", True))
    assert joined(known, [rejected]).verdict == Verdict("test", False)


@given(st.lists(reports, max_size=8), st.randoms(use_true_random=False))
def test_the_order_of_reports_does_not_matter(given_reports: list[Report], random: Any) -> None:
    shuffled = list(given_reports)
    random.shuffle(shuffled)
    one, other = joined(Signals(), given_reports), joined(Signals(), shuffled)
    assert (one.coverage, one.quotes, one.audit) == (other.coverage, other.quotes, other.audit)
    assert (one.has_type, one.ran_clean, one.logprob) == (other.has_type, other.ran_clean, other.logprob)
    assert one.agreement == other.agreement


@given(signals)
def test_signals_come_back_from_numbers(known: Signals) -> None:
    numbers = as_numbers(known)
    assert not [value for value in numbers.values() if isinstance(value, bool)]
    assert from_numbers(numbers) == known


@pytest.mark.parametrize(
    "numbers", [{"quotes": 1}, {"quotes": 3, "quotes_of": 1}, {"has_type": 2}, {"logprob": "high"}]
)
def test_numbers_out_of_their_bounds_are_refused(numbers: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(numbers))):
        from_numbers(numbers)
