"""How a node behaves as its budget runs out: on a scripted model, with the money in the test's hand."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

import pytest

from harlm import events
from harlm.budget import Account, Caps
from harlm.context import load
from harlm.engine import Node, prompts, solve
from harlm.engine.grants import Grants
from harlm.engine.remaining import left_in_words, what_is_left
from harlm.errors import (
    CallLimit,
    CodeError,
    ContextOverflow,
    DeadlineExceeded,
    LimitExceeded,
    ModelUnavailable,
    TokenLimit,
)
from harlm.testing import EventLog, ScriptedModel
from harlm.types import Answer, Context, Message, Mode, Price, Task
from tests.support.nodes import api_of, ask_model, node_with

PRICES = {"scripted/model": Price(input=1.0, output=4.0), "scripted/sub": Price(input=0.1, output=0.4)}
ASK = "```repl\nprint(llm_query('a part'))\n```"
DONE = "```repl\nFINAL('done')\n```"


def node_on(
    model: ScriptedModel,
    caps: Caps,
    *,
    sub: ScriptedModel | None = None,
    economy: ScriptedModel | None = None,
    prices: Mapping[str, Price] | None = None,
) -> tuple[Node, EventLog]:
    return node_with(model, sub, economy=economy, caps=caps, prices=prices or PRICES)


async def ask(node: Node, mode: Mode = "full", context: object = "a text") -> Answer:
    return await solve(Task(question="What?", context=load(context), mode=mode), node)


def said(words: Callable[[Sequence[Message]], str], name: str = "scripted/model") -> ScriptedModel:
    return ScriptedModel(words, name=name)


async def test_a_refused_call_is_an_exception_in_the_cell_and_the_node_finishes_with_what_it_has() -> None:
    def words(messages: Sequence[Message]) -> str:
        if "<learned>" in messages[-1].content:
            return "as far as I know: 42"
        if len(messages) == 1:
            return "forty-two"
        return "```repl\nfor i in range(50):\n    print(llm_query('a part'))\n```"

    node, log = node_on(said(words), Caps(calls=5))
    with pytest.raises(CallLimit) as caught:
        await ask(node)
    partial = caught.value.partial
    assert partial is not None
    assert (partial.text, partial.status, partial.usage.calls) == ("as far as I know: 42", "partial", 5)
    cell = log.of(events.CellFinished)[0]
    assert cell.output.count("forty-two") == 3, "the first call, three in the cell, and the last"
    assert "llm_query was not made: 4 calls of 5 calls are used" in (cell.error or "")
    assert [event.limit for event in log.of(events.LimitReached)] == ["calls"]
    assert log.of(events.NodeFinished)[0].status == "partial"


async def test_where_the_last_call_fails_too_what_was_learned_is_the_answer() -> None:
    def words(messages: Sequence[Message]) -> str:
        if "<learned>" in messages[-1].content:
            raise ModelUnavailable("gone", model="scripted/model")
        return "forty-two" if len(messages) == 1 else "```repl\nwhile True:\n    llm_query('a part')\n```"

    node, _ = node_on(said(words), Caps(calls=6))
    with pytest.raises(LimitExceeded) as caught:
        await ask(node)
    assert caught.value.partial is not None
    assert caught.value.partial.text.startswith("No answer was reached: 5 calls of 6 calls are used")
    assert "Asked: a part\nReply: forty-two" in caught.value.partial.text


async def test_a_budget_too_small_for_anything_is_a_typed_refusal_before_any_call() -> None:
    model = said(lambda messages: DONE)
    for caps in (Caps(tokens=100), Caps(micros=3)):
        node, _ = node_on(model, caps)
        with pytest.raises(LimitExceeded) as caught:
            await ask(node)
        assert caught.value.partial is not None
        assert "Nothing had been learned" in caught.value.partial.text
    assert model.asked == []


@pytest.mark.parametrize("mode", ["direct", "repl", "full"])
async def test_time_that_is_over_before_the_start_asks_nobody(mode: Mode) -> None:
    model = said(lambda messages: DONE)
    node, _ = node_on(model, Caps(ends=time.monotonic() - 1))
    with pytest.raises(DeadlineExceeded) as caught:
        await ask(node, mode)
    assert caught.value.partial is not None
    assert model.asked == []


async def test_a_cell_that_computes_for_ever_ends_with_the_time() -> None:
    def words(messages: Sequence[Message]) -> str:
        if "<learned>" in messages[-1].content:
            return "what the first turn printed: " + messages[-1].content.partition("first ")[2][:5]
        return (
            "```repl\nprint('first found')\n```"
            if len(messages) == 2
            else "```repl\nimport time\ntime.sleep(2)\n```"
        )

    node, _ = node_on(said(words), Caps(ends=time.monotonic() + 0.5))
    started = time.monotonic()
    with pytest.raises(DeadlineExceeded) as caught:
        await ask(node)
    assert time.monotonic() - started < 1.5
    assert caught.value.partial is not None
    assert caught.value.partial.text == "what the first turn printed: found"


async def test_direct_mode_has_nothing_to_finish_with() -> None:
    node, _ = node_on(said(lambda messages: "x"), Caps(tokens=50))
    with pytest.raises(TokenLimit) as caught:
        await ask(node, "direct")
    assert caught.value.partial is not None
    assert (caught.value.partial.mode, caught.value.partial.status) == ("direct", "partial")


async def test_from_95_percent_on_the_next_turn_is_the_last() -> None:
    replies = ["```repl\nprint('x')\n```"] * 30
    node, _ = node_on(ScriptedModel(replies), Caps(calls=1000))
    spent = await node.account.reserve(node.account.left._replace(calls=960, tokens=0, micros=0))
    spent.settle(spent.bound)
    answer = await ask(node)
    assert answer.status == "partial"
    assert answer.usage.calls == 2
    assert answer.text == "x"


async def test_from_70_percent_on_cells_call_the_cheaper_model() -> None:
    cheap, dear = (
        said(lambda messages: "cheap", "scripted/cheap"),
        said(lambda messages: "dear", "scripted/sub"),
    )
    cell = "```repl\nprint(llm_query('p'), llm_query('p', model='scripted/model'))\n```"
    root = ScriptedModel([cell, cell.replace("'p'", "'q'"), DONE])
    node, log = node_on(root, Caps(calls=100), sub=dear, economy=cheap)

    async def used(calls: int) -> None:
        spent = await node.account.reserve(node.account.left._replace(calls=calls, tokens=0, micros=0))
        spent.settle(spent.bound)

    await used(75)
    await ask(node)
    assert [each.output.strip() for each in log.of(events.CellFinished)][:2] == ["cheap cheap"] * 2
    assert dear.asked == []


async def test_the_model_is_told_what_is_left_each_turn() -> None:
    model = ScriptedModel(["```repl\nprint(budget())\n```", DONE])
    node, log = node_on(model, Caps(calls=10, micros=2_000_000, ends=time.monotonic() + 100))
    await ask(node)
    first, second = (messages[-1].content for messages in model.asked)
    assert "Turn 1 of 20. Left: $" in first
    assert "9 calls" in first, "one is kept for finishing"
    assert "8 calls" in second
    told = eval(log.of(events.CellFinished)[0].output, {})
    assert (told["calls_left"], told["calls_used"], told["tokens_left"]) == (8, 1, None)
    assert 0 < told["usd_left"] < 2
    assert 0 < told["seconds_left"] <= 100


def test_nothing_is_said_of_what_is_not_limited() -> None:
    assert left_in_words(Account()) == ""
    assert set(what_is_left(Account()).values()) == {None}


async def test_a_transcript_that_outgrew_the_window_is_shortened_from_its_longest_output() -> None:
    class Small(ScriptedModel):
        async def complete(self, messages, sampling):  # type: ignore[no-untyped-def]
            if sum(len(message.content) for message in messages) > 12_000:
                raise ContextOverflow("too long", model=self.name)
            return await super().complete(messages, sampling)

    model = Small(["```repl\nprint('a' * 9000)\n```", "```repl\nprint('b' * 3000)\n```", DONE])
    node, _ = node_on(model, Caps())
    answer = await ask(node)
    assert answer.text == "done"
    last = "".join(message.content for message in model.asked[-1])
    assert "characters left out" in last
    assert "b" * 1000 in last


async def test_an_overflow_that_no_shortening_mends_is_raised() -> None:
    node, _ = node_on(ScriptedModel([ContextOverflow("too long", model="scripted/model")]), Caps())
    with pytest.raises(ContextOverflow):
        await ask(node)


async def test_direct_that_does_not_fit_after_all_becomes_repl_where_the_router_chose() -> None:
    model = ScriptedModel(
        [ContextOverflow("too long", model="scripted/model"), "```repl\nprint(1)\n```", DONE]
    )
    node, log = node_on(model, Caps())
    answer = await solve(Task(question="Who is it?", context=Context.of_text("It is Ada.")), node)
    assert (answer.mode, answer.text) == ("repl", "done")
    assert "in parts instead" in log.of(events.Noted)[0].message
    again, _ = node_on(ScriptedModel([ContextOverflow("too long", model="scripted/model")]), Caps())
    with pytest.raises(ContextOverflow):
        await ask(again, "direct")


async def test_children_of_one_batch_share_by_need_and_their_parent_has_a_share() -> None:
    import asyncio

    node, _ = node_on(said(lambda messages: DONE), Caps(tokens=120_000))
    siblings = Grants(node)
    texts = [Context.of_text("word " * size) for size in (100, 20_000, 20_000, 20_000)]
    small, *large = await asyncio.gather(*(siblings.caps(text) for text in texts))
    assert 100_000 < small.tokens + sum(each.tokens for each in large) <= 110_000, "the parent has a share"
    assert 10_000 <= small.tokens < min(each.tokens for each in large)
    assert 60_000 <= (await siblings.caps(texts[0])).tokens < 120_000


async def test_a_child_that_meets_its_limit_hands_its_partial_answer_to_its_parent() -> None:
    def words(messages: Sequence[Message]) -> str:
        text = messages[-1].content
        if "<learned>" in text:
            return "half of it"
        if len(messages) == 1:
            return "a reply"
        if "<question>\nWhat?" in messages[1].content:
            return (
                "```repl\nfor each in rlm_query_batched(['sum up', 'sum up']):\n    print(each)\n```"
                if len(messages) == 2
                else DONE
            )
        return "```repl\nwhile True:\n    llm_query('a part')\n```"

    node, log = node_on(said(words), Caps(calls=40))
    answer = await ask(node)
    assert answer.text == "done", "the parent's own budget is not spent"
    output = next(each.output for each in log.of(events.CellFinished) if each.node == "0")
    assert output.count("PARTIAL (") == 2
    assert output.count("half of it") == 2
    assert answer.usage.calls <= 40


async def test_a_reply_cut_at_our_limit_is_asked_for_once_more_with_a_larger_one() -> None:
    limits: list[int | None] = []

    class Wordy(ScriptedModel):
        async def complete(self, messages, sampling):  # type: ignore[no-untyped-def]
            limits.append(sampling.max_tokens)
            completion = await super().complete(messages, sampling)
            if len(limits) > 1:
                return completion
            from dataclasses import replace

            usage = replace(completion.usage, output_tokens=sampling.max_tokens)
            return replace(completion, stop="length", usage=usage)

    node, _ = node_on(Wordy(["cut", "whole"]), Caps(micros=10_000_000))
    completion = await ask_model(node, [Message(role="user", content="hi")])
    assert completion.text == "whole"
    assert limits == [8_192, 16_384]


async def test_a_cell_is_told_why_its_call_was_not_made() -> None:
    from harlm.context import Searcher

    node, _ = node_on(said(lambda messages: "x"), Caps(tokens=100))
    context = load("a text")
    with Searcher(context) as searcher:
        api = api_of(Task(question="?", context=context), node, searcher)
        with pytest.raises(
            CodeError, match=r"llm_query was not made: 0 tokens of 100 tokens are used.*--max-tokens"
        ):
            await api.call("llm_query", {"prompt": "word " * 200})


def test_the_last_prompt_says_what_ended_the_run_and_what_is_known() -> None:
    task = Task(question="Why?", context=Context.of_text("x"))
    (message,) = prompts.finishing_messages(task, "the sky is blue", "The money is spent")
    assert message.content.startswith("The money is spent. Nothing more can be looked up.")
    assert "<learned>\nthe sky is blue\n</learned>" in message.content
