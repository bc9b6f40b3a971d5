"""The errors of the reference, made of HARLM's."""

from __future__ import annotations

import pytest

from harlm.compat.rlms.errors import (
    BudgetExceededError,
    RLMStopped,
    TimeoutExceededError,
    TokenLimitExceededError,
    stopped_by,
)
from harlm.errors import CallLimit, CostLimit, DeadlineExceeded, LimitExceeded, TokenLimit
from harlm.types import Answer


@pytest.mark.parametrize(
    ("limit", "kind", "attributes"),
    [
        (CostLimit("spent", limit="usd", used=2, allowed=1), BudgetExceededError, {"spent": 2, "budget": 1}),
        (
            DeadlineExceeded("late", limit="seconds", used=2, allowed=1),
            TimeoutExceededError,
            {"elapsed": 2, "timeout": 1},
        ),
        (
            TokenLimit("long", limit="tokens", used=2, allowed=1),
            TokenLimitExceededError,
            {"tokens_used": 2, "token_limit": 1},
        ),
    ],
)
def test_a_limit_is_the_error_that_the_reference_has_for_it(
    limit: LimitExceeded, kind: type[RLMStopped], attributes: dict[str, float]
) -> None:
    error = stopped_by(limit)
    assert type(error) is kind
    assert {name: getattr(error, name) for name in attributes} == attributes
    assert isinstance(error, RLMStopped)
    assert error.partial_answer is None
    assert str(error) == str(limit)


def test_the_partial_answer_comes_with_it() -> None:
    error = stopped_by(TokenLimit("long", limit="tokens", used=2, allowed=1, partial=Answer(text="so far")))
    assert isinstance(error, RLMStopped)
    assert error.partial_answer == "so far"


def test_a_limit_that_the_reference_does_not_have_stays_as_it_is() -> None:
    limit = CallLimit("many", limit="calls", used=2, allowed=1)
    assert stopped_by(limit) is limit
