from __future__ import annotations

import msgspec
import pytest

from harlm import errors
from harlm.errors import CostLimit, HarlmError, ModelUnavailable
from harlm.executors.runs import RunFailure, RunOutcome, RunSpec
from harlm.resuming import DocumentsChanged
from harlm.types import Answer


@pytest.mark.parametrize(
    "value",
    [
        RunSpec(question="Who?", mode="full", schema={"type": "integer"}, run="R"),
        RunOutcome(run="R", answer=Answer(text="7", data={"n": [7]}), failure=None),
        RunOutcome(failure=RunFailure(kind="CostLimit", message="spent", limit="batch")),
    ],
)
def test_what_passes_through_the_socket_can_be_sent(value: msgspec.Struct) -> None:
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(value), type=type(value)) == value


def test_an_error_keeps_its_class_its_limit_and_its_partial_answer() -> None:
    error = CostLimit("spent", limit="usd", used=1, allowed=1, partial=Answer(text="so far"))
    outcome = RunOutcome.failed("R", error)
    assert outcome == RunOutcome(
        run="R",
        answer=Answer(text="so far"),
        failure=RunFailure(kind="CostLimit", message="spent", limit="usd"),
    )
    assert outcome.failure is not None
    again = outcome.failure.error("9 questions: spent")
    assert (type(again), str(again), getattr(again, "limit", "")) == (CostLimit, "9 questions: spent", "usd")


def test_an_error_of_a_part_is_named_as_its_kind_in_the_tree() -> None:
    assert RunFailure.of(DocumentsChanged("changed")).kind == "ContextError"
    assert isinstance(RunFailure.of(ModelUnavailable("away", model="m")).error("away"), ModelUnavailable)


@pytest.mark.parametrize("kind", ["NoSuchError", "annotations", "TYPE_CHECKING", "HarlmError"])
def test_a_kind_that_is_none_is_the_root_of_the_tree(kind: str) -> None:
    assert type(RunFailure(kind=kind, message="x").error("x")) is HarlmError
    assert "HarlmError" in vars(errors)
