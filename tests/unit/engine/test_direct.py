from __future__ import annotations

import pytest

from harlm import events
from harlm.budget import Caps
from harlm.context import load
from harlm.engine.direct import answer_directly
from harlm.errors import ContextOverflow, TokenLimit
from harlm.testing import ScriptedModel
from harlm.types import Task
from tests.support.nodes import PRICES, answer_of, node_with

TASK = Task(question="When?", context=load({"a.txt": "It opened in 1883.", "b.txt": "It is long."}))


async def test_one_call_holds_all_documents_and_the_question() -> None:
    model = ScriptedModel(["  1883\n"])
    node, log = node_with(model)
    outcome = await answer_directly(TASK, node)
    assert (outcome.text, outcome.status) == ("1883", "ok")
    (messages,) = model.asked
    text = messages[-1].content
    assert text.index("It opened in 1883.") < text.index("It is long.") < text.index("When?")
    assert [each.role for each in log.of(events.CallStarted)] == ["root"]


async def test_not_found_is_a_status() -> None:
    node, _ = node_with(ScriptedModel(["NOT FOUND: no date is given."]))
    outcome = await answer_directly(TASK, node)
    assert (outcome.text, outcome.status) == ("no date is given.", "not_found")


async def test_a_budget_that_does_not_cover_the_call_gives_a_partial_outcome() -> None:
    model = ScriptedModel([])
    node, log = node_with(model, caps=Caps(tokens=50), prices=PRICES)
    outcome = await answer_directly(TASK, node)
    assert outcome.status == "partial"
    assert outcome.text.startswith("No answer was reached: ")
    assert isinstance(outcome.limit, TokenLimit)
    assert [each.limit for each in log.of(events.LimitReached)] == ["tokens"]
    assert model.asked == []


async def test_direct_mode_has_nothing_to_finish_with() -> None:
    node, _ = node_with(ScriptedModel(lambda messages: "x"), caps=Caps(tokens=50), prices=PRICES)
    with pytest.raises(TokenLimit) as caught:
        await answer_of(node, "direct")
    assert caught.value.partial is not None
    assert (caught.value.partial.mode, caught.value.partial.status) == ("direct", "partial")


async def test_a_context_that_does_not_fit_is_raised() -> None:
    node, _ = node_with(ScriptedModel([ContextOverflow("too long", model="scripted/model")]))
    with pytest.raises(ContextOverflow):
        await answer_directly(TASK, node)
