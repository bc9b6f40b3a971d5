"""A node whose model leads nowhere is helped to an honest end."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from harlm import events
from harlm.budget import Caps
from harlm.context import load
from harlm.engine import solve
from harlm.errors import BadCompletion, CallLimit, DeadlineExceeded
from harlm.testing import EventLog
from harlm.types import Answer, Message, Task
from tests.support.completions import Reply, SayingModel
from tests.support.nodes import PRICES, node_with

TEXT = "The access code of project Falcon is 48213.\n"
LONG = {"book.txt": "The river is long and slow.\n" * 40_000 + TEXT + "The sea is wide.\n" * 40_000}
LOOK = "```repl\nprint(context)\n```"
Prompt = Sequence[Message]


def is_last_call(messages: Prompt) -> bool:
    return "<learned>" in messages[-1].content


def is_direct(messages: Prompt) -> bool:
    return "<document name" in messages[-1].content


def stubborn(
    turn: str, *, last: Reply = "It is 48213.", direct: Reply = "48213"
) -> Callable[[Prompt], Reply]:
    """Always the same in turns; ``last`` from what was learned, ``direct`` over documents."""

    def reply(messages: Prompt) -> Reply:
        return last if is_last_call(messages) else direct if is_direct(messages) else turn

    return reply


async def ask(
    reply: Callable[[Prompt], Reply], context: object = TEXT, caps: Caps | None = None
) -> tuple[Answer, SayingModel, EventLog]:
    model = SayingModel(reply)
    node, log = node_with(model, caps=caps, prices=PRICES)
    task = Task(question="What is the access code of project Falcon?", context=load(context), mode="repl")
    return await solve(task, node), model, log


# -- a cell that is repeated -------------------------------------------------------------------------------


async def test_a_repeated_cell_is_told_once_and_then_the_output_gives_the_answer() -> None:
    answer, model, log = await ask(stubborn(LOOK))
    assert (answer.text, answer.status) == ("It is 48213.", "partial")
    assert len(model.asked) == 4, "three turns and the last call"
    told = [messages[-1].content for messages in model.asked if "ran this before" in messages[-1].content]
    assert len(told) == 1
    assert "48213" in model.asked[-1][-1].content
    assert any("repeats itself" in note.message for note in log.of(events.Noted))


async def test_verified_quotes_make_such_an_answer_ok() -> None:
    cited = 'It is 48213 [<text> "project Falcon is 48213"].'
    answer, _, _ = await ask(stubborn(LOOK, last=cited))
    assert (answer.status, len(answer.citations)) == ("ok", 1)
    answer, _, log = await ask(stubborn(LOOK, last=cited + ' [<text> "made up"]'))
    assert (answer.status, answer.citations_dropped) == ("partial", 1)
    assert log.of(events.NodeFinished)[0].status == "partial"


@pytest.mark.parametrize(
    "last",
    [
        BadCompletion("gone", model="scripted/model"),
        LOOK,
        '<tool_call>\n{"name": "x", "arguments": {}}\n</tool_call>',
    ],
)
async def test_without_a_last_reply_in_words_what_was_learned_is_the_partial_answer(last: Reply) -> None:
    answer, _, _ = await ask(stubborn(LOOK, last=last))
    assert answer.status == "partial"
    assert answer.text.startswith("No answer was reached: ")
    assert "48213" in answer.text


async def test_not_found_in_a_part_is_partial() -> None:
    answer, _, _ = await ask(stubborn(LOOK, last="NOT FOUND: a code"))
    assert (answer.text, answer.status) == ("a code", "partial")


# -- no code at all ----------------------------------------------------------------------------------------


async def test_prose_without_any_output_is_told_twice_and_then_asked_directly() -> None:
    answer, model, _ = await ask(stubborn("[1.0000, 477 s."))
    assert (answer.text, answer.status) == ("48213", "ok")
    assert (len(model.asked), answer.mode) == (4, "repl")
    assert "Nothing has been printed yet" in model.asked[2][-1].content


async def test_markup_is_never_the_answer() -> None:
    markup = '<tool_call>\n{"name": "search", "arguments": {"q": "Falcon"}}\n</tool_call>'
    answer, model, _ = await ask(stubborn(markup, direct=markup))
    assert answer.status == "partial"
    assert "tool_call" not in answer.text
    assert "not read as code here" in model.asked[1][-1].content


async def test_a_context_that_is_too_long_is_searched() -> None:
    cited = '48213 [book.txt:40001 "project Falcon is 48213"]'
    answer, model, _ = await ask(stubborn("I do not know.", direct=cited), LONG)
    assert (answer.text, answer.status) == ("48213 [book.txt:40001]", "ok")
    shown = model.asked[-1][-1].content
    assert '<document name="book.txt:' in shown
    assert "48213" in shown
    assert len(shown) < 20_000


async def test_without_a_verified_quote_an_answer_from_a_search_is_partial() -> None:
    for direct, text in (("48213", "48213"), ("NOT FOUND: it", "it")):
        answer, _, _ = await ask(stubborn("I do not know.", direct=direct), LONG)
        assert (answer.text, answer.status) == (text, "partial")


async def test_a_search_that_finds_nothing_ends_without_a_call() -> None:
    answer, model, _ = await ask(stubborn("I do not know."), {"a.txt": "zzz " * 400_000})
    assert answer.status == "partial"
    assert "Nothing had been learned" in answer.text or "I do not know." in answer.text
    assert len(model.asked) == 3


async def test_fewer_passages_are_shown_where_the_budget_does_not_cover_more() -> None:
    answer, model, _ = await ask(stubborn("I do not know."), LONG, Caps(tokens=14_000))
    assert answer.text == "48213"
    assert answer.usage.input_tokens + answer.usage.output_tokens <= 14_000
    assert is_direct(model.asked[-1])


async def test_a_budget_that_ends_while_helping_is_a_breach_with_the_partial_answer() -> None:
    with pytest.raises(CallLimit) as caught:
        await ask(stubborn("I do not know."), LONG, Caps(calls=3))
    assert caught.value.partial is not None
    assert caught.value.partial.status == "partial"
    assert not isinstance(caught.value, DeadlineExceeded)
