from __future__ import annotations

import pytest

from harlm import events
from harlm.budget import Caps
from harlm.context import load
from harlm.engine.direct import answer_directly
from harlm.engine.small_prompts import FORM_TOKENS, SMALL_DIRECT_SYSTEM, small_schema
from harlm.errors import BadCompletion, ContextOverflow, TokenLimit
from harlm.testing import ScriptedModel
from harlm.types import Completion, ModelDescription, Task
from tests.support.completions import PRINTS, SayingModel, completion
from tests.support.nodes import PRICES, answer_of, node_with

MARKUP = '<tool_call>\n{"name": "repl", "arguments": {"code": "print(1)"}}\n</tool_call>'
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
    assert isinstance(outcome.ended_by, TokenLimit)
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


async def test_a_reply_whose_end_is_missing_is_partial() -> None:
    for stop in ("length", "filter"):
        node, _ = node_with(SayingModel([completion("It opened in", stop=stop)]))
        assert (await answer_directly(TASK, node)).status == "partial"


async def test_thoughts_are_not_part_of_the_answer() -> None:
    node, log = node_with(ScriptedModel(["<think>\n1884? No.\n</think>\n\n1883"]))
    assert (await answer_directly(TASK, node)).text == "1883"
    assert "1884" in log.of(events.CallFinished)[0].thoughts


@pytest.mark.parametrize("reply", [completion(calls=(PRINTS,), stop="tool"), MARKUP])
async def test_a_call_of_a_tool_is_an_error_that_names_it(reply: Completion | str) -> None:
    node, _ = node_with(SayingModel([reply]))
    with pytest.raises(BadCompletion, match="tool"):
        await answer_directly(TASK, node)


# -- small models ------------------------------------------------------------------------------------------

FORM = '{"answer": "1883", "quote": "It opened in 1883."}'
LITTLE = ModelDescription(parameters=494_000_000)


async def test_a_small_model_fills_in_a_form() -> None:
    model = SayingModel([FORM], name="ollama/qwen2.5:0.5b")
    node, _ = node_with(model)
    outcome = await answer_directly(TASK, node)
    assert (outcome.text, outcome.status) == ('1883 [a.txt "It opened in 1883."]', "ok")
    system, user = model.asked[0]
    assert system.content == SMALL_DIRECT_SYSTEM
    assert user.content.endswith("<question>\nWhen?\n</question>")
    assert model.sampled[0].schema == small_schema(TASK.context.documents)
    assert model.sampled[0].max_tokens == FORM_TOKENS
    assert model.sampled[0].temperature == 0


async def test_an_empty_answer_of_a_small_model_is_not_found() -> None:
    node, _ = node_with(SayingModel(['{"answer": "", "quote": ""}'], name="ollama/qwen2.5:0.5b"))
    assert (await answer_directly(TASK, node)).status == "not_found"


async def test_other_models_get_no_schema() -> None:
    model = SayingModel(["1883"])
    node, _ = node_with(model)
    await answer_directly(TASK, node)
    assert model.sampled[0].schema is None
    assert model.story == ["complete"]


async def test_a_model_that_turns_out_small_is_asked_once_more() -> None:
    model = SayingModel(["NOT FOUND", FORM], seems_local=True, description=LITTLE)
    node, _ = node_with(model)
    assert (await answer_directly(TASK, node)).text.startswith("1883 [")
    assert model.story == ["complete", "describe", "complete"]


async def test_a_local_model_that_is_not_small_is_asked_once() -> None:
    model = SayingModel(["1883"], seems_local=True, description=ModelDescription(window=8192))
    node, _ = node_with(model)
    assert (await answer_directly(TASK, node)).text == "1883"
    assert model.story == ["complete", "describe"]


async def test_without_budget_for_a_second_call_the_first_reply_counts() -> None:
    model = SayingModel(["1883", FORM], seems_local=True, description=LITTLE)
    node, _ = node_with(model, caps=Caps(calls=1))
    assert (await answer_directly(TASK, node)).text == "1883"


async def test_a_long_text_is_sent_after_the_server_has_described_its_model() -> None:
    model = SayingModel([FORM], description=LITTLE)
    node, _ = node_with(model)
    task = Task(question="When?", context=load({"a.txt": "It opened in 1883. " * 1_000}))
    assert (await answer_directly(task, node)).text.startswith("1883 [")
    assert model.story == ["describe", "complete"]


async def test_a_form_without_end_is_asked_for_in_words() -> None:
    endless = completion('{"answer": "1883, 1883, 1883,', stop="length")
    model = SayingModel([endless, "1883"], name="ollama/qwen2.5:0.5b")
    node, _ = node_with(model)
    outcome = await answer_directly(TASK, node)
    assert (outcome.text, outcome.status) == ("1883", "ok")
    assert model.sampled[1].schema is None


async def test_without_budget_for_words_an_endless_form_is_partial() -> None:
    endless = completion('{"answer": "1884", "quote": "It opened, it opened,', stop="length")
    node, _ = node_with(SayingModel([endless], name="ollama/qwen2.5:0.5b"), caps=Caps(calls=1))
    outcome = await answer_directly(TASK, node)
    assert (outcome.text, outcome.status) == ("1884", "partial")
