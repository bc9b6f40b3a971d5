"""What every router must do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.protocols import Router
from harlm.router import HeuristicRouter
from harlm.types import MODES, Context, ModelFacts, Profile, Task

ROUTERS = [HeuristicRouter()]


def profile_of(tokens: int, structure: str = "prose") -> Profile:
    return Profile(
        tokens=tokens,
        characters=4 * tokens,
        documents=1,
        kinds=(("text", 1),),
        structure=structure,  # type: ignore[arg-type] # drawn from the allowed ones
    )


def facts_of(window: int) -> ModelFacts:
    return ModelFacts(name="m", window=window)


@pytest.mark.parametrize("router", ROUTERS, ids=lambda router: type(router).__name__)
@given(
    tokens=st.integers(0, 10**9),
    window=st.integers(1_000, 2_000_000),
    structure=st.sampled_from(["prose", "code", "records", "mixed"]),
    question=st.sampled_from(
        [
            "Who wrote it?",
            "How many files import re?",
            "Summarise it.",
            "Compare A and B",
            "List every name",
            "?",
        ]
    ),
)
def test_a_route_is_a_distribution_and_its_mode_is_the_most_probable(
    router: Router, tokens: int, window: int, structure: str, question: str
) -> None:
    task = Task(question=question, context=Context.of_text("x"))
    route = router.route(task, profile_of(tokens, structure), root=facts_of(window), sub=facts_of(window))
    assert set(route.probabilities) == set(MODES)
    assert sum(route.probabilities.values()) == pytest.approx(1.0)
    assert route.probabilities[route.mode] == max(route.probabilities.values())
    assert route.reasons


@pytest.mark.parametrize("router", ROUTERS, ids=lambda router: type(router).__name__)
@given(tokens=st.integers(1, 10**8), window=st.integers(1_000, 10**6))
def test_a_context_that_does_not_fit_is_never_read_directly(router: Router, tokens: int, window: int) -> None:
    task = Task(question="Who wrote it?", context=Context.of_text("x"))
    route = router.route(task, profile_of(tokens), root=facts_of(window), sub=facts_of(window))
    assert tokens <= window or (route.mode != "direct" and route.probabilities["direct"] == 0.0)
