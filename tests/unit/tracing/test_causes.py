"""The first cause of a failure, from the events of its run."""

from __future__ import annotations

import pytest

from harlm import events
from harlm.errors import CostLimit, DeadlineExceeded, HarlmError, ModelError, ModelUnavailable, NoAnswer
from harlm.tracing.causes import Causes
from harlm.types import Usage

REFUSED = "a/b cannot be reached at http://127.0.0.1:9/v1 (refused); check the address"
ALONE = "a/b did not answer 8 times in a row; no request is sent to it for 1.0 s; try later"
LATE = "a/b did not reply within 600 s; try later"


def retried(error: str = REFUSED, model: str = "a/b") -> events.Retried:
    return events.Retried(model=model, attempt=1, error=error, wait_s=0.1)


def called(call: int, error: str | None = None, model: str = "a/b") -> list[events.Event]:
    """A call that failed, or was answered."""
    end: events.Event = (
        events.CallFinished(call=call, text="x", usage=Usage(), stop="end", latency_s=1)
        if error is None
        else events.CallFailed(call=call, error=error)
    )
    return [events.CallStarted(call=call, role="sub", model=model, messages=()), end]


def causes(*told: events.Event) -> Causes:
    known = Causes()
    for event in told:
        known.emit(event)
    return known


def unavailable(message: str) -> ModelError:
    return ModelUnavailable(message, model="a/b")


@pytest.mark.parametrize("symptom", [ALONE, LATE, "a/b broke off its reply (http://h); try later"])
def test_a_symptom_is_explained_by_the_first_cause(symptom: str) -> None:
    known = causes(*[retried()] * 6, *called(1, symptom))
    attempts = 6 if symptom == ALONE else 7
    assert known.explanation(unavailable(symptom)) == f"after {attempts} attempts; first: {REFUSED}"


def test_a_cause_is_found_behind_symptoms_that_came_first() -> None:
    known = causes(retried(LATE), retried(REFUSED), *called(1, ALONE))
    assert known.explanation(unavailable(ALONE)) == f"after 2 attempts; first: {REFUSED}"


def test_a_cause_that_the_message_names_is_not_repeated() -> None:
    known = causes(*[retried()] * 2, *called(1, REFUSED))
    assert known.explanation(unavailable(REFUSED)) == "after 3 attempts"


def test_one_attempt_needs_no_explanation() -> None:
    assert causes(*called(1, REFUSED)).explanation(unavailable(REFUSED)) is None
    assert causes().explanation(unavailable(REFUSED)) is None


def test_another_model_explains_nothing() -> None:
    assert causes(retried("c/d is away", "c/d")).explanation(unavailable(REFUSED)) is None


def test_many_failed_calls_explain_a_limit_or_a_missing_answer() -> None:
    failed = [event for number in range(4) for event in called(number, REFUSED)]
    late = DeadlineExceeded("the time limit has passed", limit="seconds", used=1, allowed=1)
    for error in (late, NoAnswer("nothing supports an answer")):
        explained = causes(*failed, *called(9)).explanation(error)
        assert explained == f"4 attempts at calls to a/b failed; first: {REFUSED}"


def test_few_failed_calls_among_many_explain_nothing() -> None:
    answered = [event for number in range(20) for event in called(number)]
    failed = [event for number in range(20, 24) for event in called(number, REFUSED)]
    error = CostLimit("$1 of $1 are used", limit="usd", used=1, allowed=1)
    assert causes(*answered, *failed).explanation(error) is None
    assert causes(*failed[:4]).explanation(error) is None


def test_refusals_by_the_budget_are_no_failures() -> None:
    refused = [event for number in range(9) for event in called(number, "$1 are used; raise --max-cost")]
    error = CostLimit("$1 of $1 are used; raise --max-cost", limit="usd", used=1, allowed=1)
    assert causes(*refused).explanation(error) is None


def test_a_model_that_never_answered_explains_a_time_limit() -> None:
    given_up = [event for number in range(3) for event in called(number, "cancelled")]
    late = DeadlineExceeded("the time limit has passed", limit="seconds", used=1, allowed=1)
    assert causes(*given_up).explanation(late) == "a/b did not answer any of 3 calls"
    assert causes(*given_up, *called(4)).explanation(late) is None


def test_a_long_cause_is_cut() -> None:
    explained = causes(retried("x" * 9_000), retried()).explanation(unavailable(ALONE))
    assert explained is not None
    assert len(explained) < 400


def test_the_error_that_ends_a_run_carries_the_explanation_as_a_note() -> None:
    known = causes(retried(), *called(1, ALONE))
    with pytest.raises(HarlmError) as raised, known:
        raise unavailable(ALONE)
    assert raised.value.__notes__ == [f"first: {REFUSED}"]


def test_an_error_that_is_explained_already_keeps_its_note() -> None:
    known, error = causes(*[retried()] * 9), unavailable(ALONE)
    error.add_note("after 2 attempts")
    with pytest.raises(HarlmError), known:
        raise error
    assert error.__notes__ == ["after 2 attempts"]


def test_other_errors_and_success_are_left_alone() -> None:
    known = causes(*[retried()] * 9)
    with pytest.raises(RuntimeError) as raised, known:
        raise RuntimeError("a bug")
    assert not hasattr(raised.value, "__notes__")
    with known:
        pass
