"""The small questions that combinators ask."""

from __future__ import annotations

import msgspec
import pytest

from harlm.budget import Caps
from harlm.engine.leaf_api import LeafApi
from harlm.engine.timing import Bursts
from harlm.errors import BadCompletion, ModelError
from harlm.testing import ScriptedModel
from tests.support.nodes import node_with


def api(model: ScriptedModel, sub: ScriptedModel | None = None, caps: Caps | None = None) -> LeafApi:
    return LeafApi(node_with(model, sub, caps=caps)[0], Bursts())


async def test_a_question_goes_to_the_model_of_its_role() -> None:
    root, sub = (
        ScriptedModel(["from the root"], name="scripted/root"),
        ScriptedModel(["from the sub"], name="scripted/sub"),
    )
    leaf = api(root, sub)
    assert await leaf.serve({"prompt": "Who?", "role": "root"}) == {
        "text": "from the root",
        "tokens": [],
        "failure": "",
    }
    assert (await leaf.serve({"prompt": "Who?"}))["text"] == "from the sub"


async def test_a_failed_call_is_a_reply_with_its_failure() -> None:
    failed = await api(ScriptedModel([BadCompletion("it broke", model="scripted")])).serve({"prompt": "Who?"})
    assert failed["text"] == ""
    assert "it broke" in str(failed["failure"])


async def test_a_budget_that_is_spent_is_a_failure_too() -> None:
    failed = await api(ScriptedModel(["late"]), caps=Caps(calls=0)).serve({"prompt": "Who?"})
    assert "calls" in str(failed["failure"])


async def test_a_refused_key_ends_the_run() -> None:
    refused = ModelError("no such key", model="scripted", status=401)
    with pytest.raises(ModelError, match="no such key"):
        await api(ScriptedModel([refused])).serve({"prompt": "Who?"})


async def test_equal_questions_of_one_cell_are_asked_each() -> None:
    model = ScriptedModel(["one", "two", "three"])
    leaf = api(model)
    assert [(await leaf.serve({"prompt": "Who?"}))["text"] for _ in range(2)] == ["one", "two"]
    leaf.begin_cell()
    assert (await leaf.serve({"prompt": "Who?"}))["text"] == "three", "this run reuses nothing"


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"prompt": ""},
        {"prompt": "x", "role": "boss"},
        {"prompt": "x", "schema": "{"},
        {"prompt": "x", "schema": "[]"},
        {"prompt": "x", "more": 1},
        {"prompt": "x", "choices": ["a"] * 2_000},
    ],
)
async def test_bad_arguments_are_refused(arguments: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        await api(ScriptedModel([])).serve(arguments)


def test_the_room_tells_what_the_models_are() -> None:
    root, sub = (
        ScriptedModel([], name="scripted/root"),
        ScriptedModel([], name="scripted/llama-1b", window=40_000),
    )
    assert api(root, sub, Caps(calls=9)).room() == {
        "tokens": 10_000, "is_small": True, "has_stronger": True, "second_looks": 0.3, "calls_left": 9,
    }  # fmt: skip
    assert not api(root).room()["has_stronger"]
