from __future__ import annotations

import pytest

from harlm import errors
from harlm.errors import CostLimit, HarlmError, LimitExceeded, ModelError, RateLimited, TokenLimit
from harlm.types import Answer, Rate, Rates


@pytest.mark.parametrize(
    ("kind", "parent"),
    [
        ("ModelUnavailable", "ModelError"),
        ("RateLimited", "ModelError"),
        ("ContextOverflow", "ModelError"),
        ("BadCompletion", "ModelError"),
        ("CodeError", "SandboxError"),
        ("SandboxFailure", "SandboxError"),
        ("TokenLimit", "LimitExceeded"),
        ("CostLimit", "LimitExceeded"),
        ("CallLimit", "LimitExceeded"),
        ("DepthLimit", "LimitExceeded"),
        ("DeadlineExceeded", "LimitExceeded"),
    ],
)
def test_an_error_is_caught_by_its_branch_of_the_tree(kind: str, parent: str) -> None:
    assert issubclass(getattr(errors, kind), getattr(errors, parent))


@pytest.mark.parametrize(
    ("status", "is_about_access"),
    [(401, True), (402, True), (403, True), (404, False), (429, False), (None, False)],
)
def test_only_some_statuses_are_about_the_key_or_account(status: int | None, is_about_access: bool) -> None:
    assert ModelError("x", model="m", status=status).is_about_access is is_about_access


def test_a_model_error_carries_what_the_provider_said() -> None:
    rates = Rates(requests=Rate(limit=60, left=0, reset_s=2.0))
    error = RateLimited(
        "slow down", model="openai/x", status=429, retry_after=2.0, request_id="r1", rates=rates
    )
    assert str(error) == "slow down"
    assert (error.model, error.status, error.retry_after) == ("openai/x", 429, 2.0)
    assert (error.request_id, error.rates, error.perhaps_billed) == ("r1", rates, False)


def test_a_limit_with_a_partial_answer_is_the_same_error() -> None:
    error = CostLimit("spent", limit="usd", used=1.5, allowed=1.0)
    partial = Answer(text="so far", status="partial")
    extended = error.anew(partial)
    assert type(extended) is CostLimit
    assert (str(extended), extended.limit, extended.used, extended.allowed) == ("spent", "usd", 1.5, 1.0)
    assert (error.partial, extended.partial) == (None, partial)


def test_a_limit_can_be_caught_by_its_kind_or_by_all_limits() -> None:
    for kind in (TokenLimit, LimitExceeded, HarlmError):
        with pytest.raises(kind):
            raise TokenLimit("x", limit="tokens", used=2, allowed=1)
