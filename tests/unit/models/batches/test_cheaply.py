"""A model that is asked in a batch first."""

from __future__ import annotations

import pytest

from harlm.errors import BadCompletion, HarlmError, LimitExceeded, ModelError, ModelUnavailable
from harlm.events import Noted
from harlm.models.batches.cheaply import CheapestFirst
from harlm.models.batches.collecting import NotInBatch
from harlm.testing import EventLog, ScriptedModel
from tests.support.batched import asked, texts


def not_in_batch(note: str = "") -> NotInBatch:
    error = NotInBatch("expired", model="m")
    error.note = note
    return error


@pytest.mark.parametrize(
    "failure",
    [
        not_in_batch(),
        ModelUnavailable("away", model="m", status=503),
        BadCompletion("html", model="m", perhaps_billed=True),
        "",
    ],
)
async def test_what_a_call_of_its_own_may_avoid_is_asked_again(failure: str | Exception) -> None:
    direct = ScriptedModel(["direct"])
    model = CheapestFirst(ScriptedModel([failure]), direct, EventLog().emit)
    assert texts(await asked(model, ["one"])) == ["direct"]


@pytest.mark.parametrize(
    "failure",
    [ModelError("no", model="m", status=400), LimitExceeded("spent", limit="usd", used=1, allowed=1)],
)
async def test_a_refusal_is_that_of_a_call(failure: HarlmError) -> None:
    direct = ScriptedModel(["direct"])
    model = CheapestFirst(ScriptedModel([failure]), direct, EventLog().emit)
    assert await asked(model, ["one"]) == [failure]
    assert direct.asked == []


async def test_the_user_is_told_what_the_batch_has_to_say() -> None:
    log = EventLog()
    model = CheapestFirst(
        ScriptedModel([not_in_batch("no batches there")]), ScriptedModel(["direct"]), log.emit
    )
    await asked(model, ["one"])
    assert [each.message for each in log.events if isinstance(each, Noted)] == ["no batches there"]
