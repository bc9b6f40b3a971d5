"""The REPL loop on a scripted model and a REPL without a process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from harlm import events
from harlm.budget import Caps
from harlm.context import load
from harlm.engine import prompts, solve
from harlm.engine.small_prompts import SMALL_REPL_SYSTEM
from harlm.errors import ContextOverflow, ModelError, ModelUnavailable
from harlm.testing import EventLog, ScriptedModel
from harlm.types import Answer, Message, Mode, ModelDescription, Task
from tests.support.completions import PRINTS, SayingModel, completion
from tests.support.nodes import PRICES, answer_of, node_with, use_calls

LOOK = "```repl\nprint(len(context))\n```"
CONTEXT = {"a.txt": "The bridge opened in 1883.", "b.txt": "It is long."}


async def ask(
    model: ScriptedModel, mode: Mode = "full", sub: ScriptedModel | None = None, **settings: Any
) -> tuple[Answer, EventLog]:
    node, log = node_with(model, sub, **settings)
    return await solve(Task(question="When?", context=load(CONTEXT), mode=mode), node), log


def last_seen(model: ScriptedModel) -> str:
    return model.asked[-1][-1].content


async def test_look_then_finish_with_a_checked_citation() -> None:
    model = ScriptedModel([LOOK, "```repl\nFINAL('1883 [a.txt \"opened in 1883\"]')\n```"])
    answer, _ = await ask(model)
    assert answer.text == "1883 [a.txt:1]"
    assert answer.citations[0].quote == "opened in 1883"
    assert answer.status == "ok"
    assert (answer.mode, answer.sandbox, answer.usage.calls) == ("full", "fake", 2)
    assert last_seen(model).startswith("Output:\n2\n")


async def test_finishing_before_any_output_is_refused_once_with_a_reason() -> None:
    model = ScriptedModel(["```repl\nx = 'early'\nFINAL(x)\n```", "```repl\nFINAL(x)\n```"])
    answer, _ = await ask(model)
    assert prompts.TOO_EARLY in last_seen(model)
    assert answer.text == "early"


async def test_a_tier_that_is_chosen_while_the_model_writes_is_told_once() -> None:
    def reply(messages: Sequence[Message]) -> str:
        node.run.sandbox.tier = "monty"  # type: ignore[misc] # a REPL has opened meanwhile
        return LOOK if len(model.asked) < 3 else "FINAL(late)"

    model = ScriptedModel(reply)
    node, _ = node_with(model)
    await solve(Task(question="When?", context=load(CONTEXT), mode="full"), node)
    told = [str(messages).count("This REPL is Monty") for messages in model.asked]
    assert told == [0, 1, 1]


async def test_an_empty_finish_is_refused_once_with_a_reason() -> None:
    model = ScriptedModel([LOOK, "```repl\nFINAL('')\n```", "```repl\nFINAL('1883')\n```"])
    answer, _ = await ask(model)
    assert prompts.EMPTY in last_seen(model)
    assert answer.text == "1883"
    stubborn, _ = await ask(ScriptedModel([LOOK, *["```repl\nFINAL('')\n```"] * 2]))
    assert (stubborn.text, stubborn.status) == ("The model finished with an empty answer.", "partial")


async def test_finishing_in_prose_before_any_output_is_refused_too() -> None:
    model = ScriptedModel(["FINAL(early)", "FINAL(late)"])
    answer, _ = await ask(model)
    assert prompts.TOO_EARLY in last_seen(model)
    assert answer.text == "late"


async def test_a_finish_in_prose_next_to_code_is_ignored() -> None:
    model = ScriptedModel([f"{LOOK}\nFINAL(guessed)", "FINAL(seen)"])
    answer, _ = await ask(model)
    assert prompts.PROSE_FINISH_IGNORED in last_seen(model)
    assert answer.text == "seen"


async def test_blocks_run_in_order_up_to_an_exception() -> None:
    model = ScriptedModel(
        [
            "```repl\nx = 1\n```\n```python\nprint(x + 1)\n```\n```\nprint(1 / 0)\n```\n```repl\nprint('never')\n```",
            "FINAL(done)",
        ]
    )
    await ask(model)
    seen = last_seen(model)
    assert "Output of block 2:\n2" in seen
    assert "ZeroDivisionError" in seen
    assert "1 more block(s) of this reply were not run" in seen
    assert "never" not in seen


async def test_a_reply_without_code_is_refused_once_and_then_taken_as_the_answer() -> None:
    model = ScriptedModel([LOOK, "I think it was 1883.", "It was 1883, as I said."])
    answer, _ = await ask(model)
    assert prompts.NO_CODE in last_seen(model)
    assert prompts.THEN_PROSE in last_seen(model)
    assert (answer.text, answer.status) == ("It was 1883, as I said.", "ok")


async def test_prose_before_any_output_is_never_the_answer() -> None:
    model = ScriptedModel(["I think it was 1883.", "It was 1883.", LOOK, "FINAL(1883)"])
    answer, _ = await ask(model)
    first, second = (messages[-1].content for messages in model.asked[1:3])
    assert prompts.NO_CODE in first
    assert prompts.THEN_PROSE not in first
    assert prompts.NOTHING_SEEN in second
    assert answer.text == "1883"


async def test_blocks_of_other_languages_are_named_as_not_run() -> None:
    model = ScriptedModel(["```bash\ngrep 1883 a.txt\n```", LOOK, "FINAL(1883)"])
    await ask(model)
    assert "`bash` were not run" in model.asked[1][-1].content


async def test_markup_is_named_and_is_not_the_answer() -> None:
    call = '<tool_call>\n{"name": "search", "arguments": {"q": "x"}}\n</tool_call>'
    model = ScriptedModel([LOOK, call, call, "FINAL(1883)"])
    answer, _ = await ask(model)
    assert "which is not read as code here" in last_seen(model)
    assert answer.text == "1883"


async def test_code_and_finishes_in_thoughts_are_neither_run_nor_shown_again() -> None:
    model = ScriptedModel(
        [f"<think>\n```repl\nraise SystemError('draft')\n```\nFINAL(99)\n</think>\n{LOOK}", "FINAL(1883)"]
    )
    answer, log = await ask(model)
    assert answer.text == "1883"
    assert next(each.code.strip() for each in log.of(events.CellStarted)) == "print(len(context))"
    assert not any("draft" in message.content for message in model.asked[1])
    assert "draft" in log.of(events.CallFinished)[0].thoughts


async def test_native_tool_calls_with_code_are_run() -> None:
    model = SayingModel([completion(calls=(PRINTS,), stop="tool"), "FINAL(1883)"])
    node, log = node_with(model)
    answer = await answer_of(node, "repl", context="It opened in 1883.")
    assert answer.text == "1883"
    assert log.of(events.CellFinished)[0].output == "It opened in 1883.\n"


async def test_a_reply_that_was_cut_is_not_run_to_its_end_and_the_model_is_told() -> None:
    words = "```repl\nkeep = 10\nprint(keep)\n```\n```repl\nlimit = 1"
    model = SayingModel([completion(words, stop="length"), "```repl\nFINAL(keep)\n```"])
    node, log = node_with(model)
    answer = await answer_of(node, "repl")
    assert answer.data == 10
    assert next(each.code.strip() for each in log.of(events.CellStarted)) == "keep = 10\nprint(keep)"
    told = model.asked[1][-1].content
    assert "was cut" in told
    assert "`limit = 1`" in told


async def test_cut_prose_is_not_the_answer() -> None:
    cut = completion("It opened in", stop="length")
    model = SayingModel([LOOK, cut, cut, "FINAL(1883)"])
    node, _ = node_with(model)
    assert (await answer_of(node, "repl")).text == "1883"


async def test_replies_that_are_always_cut_do_not_go_on_for_ever() -> None:
    model = SayingModel([completion("```repl\nx = 1", stop="length", tokens=n) for n in range(30)])
    node, _ = node_with(model)
    answer = await answer_of(node, "repl")
    assert answer.status == "partial"
    assert len(model.asked) <= 5


async def test_a_local_model_that_turns_out_small_is_asked_again_under_short_rules() -> None:
    model = SayingModel(
        ["I cannot.", LOOK, "FINAL(1883)"],
        seems_local=True,
        description=ModelDescription(parameters=1_500_000_000),
    )
    node, _ = node_with(model)
    answer = await answer_of(node, "repl")
    assert answer.text == "1883"
    assert model.story == ["complete", "describe", "complete", "complete"]
    assert [messages[0].content for messages in model.asked] == [
        prompts.REPL_SYSTEM,
        *[SMALL_REPL_SYSTEM] * 2,
    ]
    assert len(model.asked[1]) == 2, "the first reply is forgotten"


async def test_the_last_turn_forces_an_answer() -> None:
    model = ScriptedModel([LOOK, LOOK, "It is probably 1883."])
    answer, _ = await ask(model, max_turns=3)
    assert (answer.text, answer.status) == ("It is probably 1883.", "partial")
    assert prompts.LAST_TURN in last_seen(model)


async def test_code_in_the_last_turn_may_still_finish() -> None:
    model = ScriptedModel([LOOK, "```repl\nFINAL('done')\n```"])
    answer, _ = await ask(model, max_turns=2)
    assert (answer.text, answer.status) == ("done", "ok")


async def test_code_that_does_not_finish_in_the_last_turn_gives_what_it_printed() -> None:
    answer, _ = await ask(ScriptedModel([LOOK, "```repl\nprint('so far: 1883')\n```"]), max_turns=2)
    assert (answer.text, answer.status) == ("so far: 1883", "partial")
    silent, _ = await ask(ScriptedModel([LOOK, "```repl\nx = 1\n```"]), max_turns=2)
    assert (silent.text, silent.status) == ("The turns ran out before the model finished.", "partial")
    chatty, _ = await ask(ScriptedModel([LOOK, "Let me see.\n```repl\nprint(42)\n```"]), max_turns=2)
    assert chatty.text == "42"
    broken, _ = await ask(ScriptedModel([LOOK, "```repl\n1 / 0\n```"]), max_turns=2)
    assert broken.status == "partial"


async def test_citations_inside_data_are_checked() -> None:
    value = """{"when": "1883 [a.txt \\"opened in 1883\\"]", "why": ["[a.txt \\"made up by the model\\"]"]}"""
    answer, _ = await ask(ScriptedModel([LOOK, f"```repl\nFINAL({value})\n```"]))
    assert answer.data == {"when": "1883 [a.txt:1]", "why": [""]}
    assert [each.quote for each in answer.citations] == ["opened in 1883"]
    assert answer.citations_dropped == 1


async def test_a_sub_call_with_a_refused_key_ends_the_run() -> None:
    sub = ScriptedModel([ModelError("no such key", model="m", status=401)], name="scripted/sub")
    model = ScriptedModel(["```repl\nprint(llm_query('x'))\n```", "FINAL(never)"])
    with pytest.raises(ModelError, match="no such key"):
        await ask(model, sub=sub)
    assert len(model.asked) == 1


async def test_a_child_may_be_given_another_model() -> None:
    sub = ScriptedModel(lambda messages: "```repl\nFINAL('from the sub-model')\n```", name="scripted/sub")
    model = ScriptedModel(
        ["```repl\nprint(rlm_query('Look.', 'some text', model='scripted/sub'))\n```", "FINAL(done)"]
    )
    answer, _ = await ask(model, sub=sub)
    assert "from the sub-model" in last_seen(model)
    assert answer.usage.by_model["scripted/sub"].calls == 2


async def test_the_transcript_only_grows() -> None:
    model = ScriptedModel([LOOK, LOOK, "FINAL(x)"])
    await ask(model)
    for before, after in zip(model.asked, model.asked[1:], strict=False):
        assert after[: len(before)] == before


@pytest.mark.parametrize(
    ("value", "text", "data"),
    [("42", "42", 42), ("[1, 'a']", '[\n  1,\n  "a"\n]', [1, "a"]), ("None", "null", None)],
)
async def test_values_that_are_not_text_are_data(value: str, text: str, data: object) -> None:
    answer, _ = await ask(ScriptedModel([LOOK, f"```repl\nFINAL({value})\n```"]))
    assert (answer.text, answer.data) == (text, data)


async def test_not_found_is_a_status() -> None:
    answer, _ = await ask(ScriptedModel([LOOK, "FINAL(NOT FOUND: no date is given.)"]))
    assert (answer.status, answer.text) == ("not_found", "no date is given.")


async def test_sub_calls_go_to_the_sub_model_and_are_counted() -> None:
    sub = ScriptedModel(lambda messages: messages[-1].content.upper(), name="scripted/sub", latency_s=0.01)
    model = ScriptedModel(
        ["```repl\nprint(llm_query('one'), llm_query_batched(['a', 'b', 'c']))\n```", "FINAL(done)"]
    )
    answer, log = await ask(model, sub=sub)
    assert "ONE ['A', 'B', 'C']" in last_seen(model)
    assert {name: each.calls for name, each in answer.usage.by_model.items()} == {
        "scripted/model": 2,
        "scripted/sub": 4,
    }
    assert sub.most_in_flight == 3
    assert sum(each.role == "sub" for each in log.of(events.CallStarted)) == 4


async def test_a_failed_sub_call_raises_in_the_cell_and_the_run_continues() -> None:
    sub = ScriptedModel([ModelUnavailable("the provider is away", model="m")])
    model = ScriptedModel(["```repl\nllm_query('one')\n```", "FINAL(did without)"])
    answer, _ = await ask(model, sub=sub)
    assert "llm_query failed: the provider is away" in last_seen(model)
    assert answer.text == "did without"


async def test_a_failed_root_call_ends_the_run() -> None:
    with pytest.raises(ModelUnavailable):
        await ask(ScriptedModel([LOOK, ModelUnavailable("away", model="m")]))


async def test_children_have_repls_of_their_own_down_to_the_depth() -> None:
    """Every node asks a child; below the deepest level the child is a plain call."""
    plain: list[str] = []

    def reply(messages: object) -> str:
        assert isinstance(messages, tuple)
        if len(messages) == 1:
            plain.append(messages[0].content)
            return "bottom"
        if len(messages) == 2:
            return "```repl\nr = rlm_query('go deeper', [context[0]])\nprint(r)\n```"
        return "```repl\nFINAL('up: ' + r)\n```"

    model = ScriptedModel(lambda messages: reply(tuple(messages)))
    answer, log = await ask(model, max_depth=3)
    assert answer.text == "up: up: up: up: bottom"
    assert [event.depth for event in log.of(events.NodeStarted)] == [0, 1, 2, 3]
    assert len(plain) == 1
    assert "The bridge opened in 1883." in plain[0]
    assert "<question>\ngo deeper\n</question>" in plain[0]
    assert answer.usage.calls == 9
    assert [event.node for event in log.of(events.NodeFinished)] == ["0.0.0.0", "0.0.0", "0.0", "0"]


async def test_depth_zero_has_no_children() -> None:
    model = ScriptedModel(["```repl\nprint(rlm_query('deeper'))\n```", "plain", "FINAL(x)"])
    _, log = await ask(model, max_depth=0)
    assert len(log.of(events.NodeStarted)) == 1


async def test_a_child_without_a_context_gets_its_prompt_as_context() -> None:
    def reply(messages: Sequence[Message]) -> str:
        if "child" in messages[1].content.split("<question>")[1].split("</question>")[0]:
            return (
                "```repl\nprint(context)\n```" if len(messages) == 2 else "```repl\nFINAL(context[:11])\n```"
            )
        return "```repl\nprint(rlm_query('child: read this'))\n```" if len(messages) == 2 else "FINAL(end)"

    model = ScriptedModel(lambda messages: reply(list(messages)))
    await ask(model)
    assert any("child: read" in messages[-1].content for messages in model.asked if len(messages) > 2)


async def test_repl_mode_has_no_sub_models() -> None:
    model = ScriptedModel(["```repl\nllm_query('x')\n```", "FINAL(x)"])
    await ask(model, mode="repl")
    assert "NameError" in last_seen(model)


async def test_direct_mode_is_one_call() -> None:
    answer, log = await ask(ScriptedModel(['1883 [a.txt "opened in 1883"]']), mode="direct")
    assert (answer.text, answer.sandbox, answer.usage.calls) == ("1883 [a.txt:1]", None, 1)
    assert not log.of(events.CellStarted)


async def test_auto_asks_the_router() -> None:
    node, log = node_with(ScriptedModel(["1883"]))
    answer = await solve(Task(question="When?", context=load(CONTEXT)), node)
    assert answer.route is not None
    assert answer.route.mode == answer.mode == "direct"
    assert log.of(events.Routed)[0].mode == "direct"


async def test_from_95_percent_on_the_next_turn_is_the_last() -> None:
    replies = ["```repl\nprint('x')\n```"] * 30
    node, _ = node_with(ScriptedModel(replies), caps=Caps(calls=1000), prices=PRICES)
    await use_calls(node, 960)
    answer = await answer_of(node)
    assert answer.status == "partial"
    assert answer.usage.calls == 2
    assert answer.text == "x"


async def test_a_transcript_that_outgrew_the_window_is_shortened_from_its_longest_output() -> None:
    class Small(ScriptedModel):
        async def complete(self, messages, sampling):  # type: ignore[no-untyped-def]
            if sum(len(message.content) for message in messages) > 12_000:
                raise ContextOverflow("too long", model=self.name)
            return await super().complete(messages, sampling)

    model = Small(
        ["```repl\nprint('a' * 9000)\n```", "```repl\nprint('b' * 3000)\n```", "```repl\nFINAL('done')\n```"]
    )
    node, _ = node_with(model)
    answer = await answer_of(node)
    assert answer.text == "done"
    last = "".join(message.content for message in model.asked[-1])
    assert "characters left out" in last
    assert "b" * 1000 in last


async def test_an_overflow_that_no_shortening_removes_is_raised() -> None:
    node, _ = node_with(ScriptedModel([ContextOverflow("too long", model="scripted/model")]))
    with pytest.raises(ContextOverflow):
        await answer_of(node)
