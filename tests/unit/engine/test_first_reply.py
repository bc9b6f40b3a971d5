from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from harlm import events
from harlm.budget import Caps
from harlm.engine import Node
from harlm.engine.call import Call
from harlm.engine.first_reply import Promise, first_reply, promise_of
from harlm.engine.root_reply import root_reply_in
from harlm.errors import LimitExceeded, ModelError, ModelUnavailable
from harlm.testing import EventLog, ScriptedModel
from harlm.types import Amounts, Completion, Message, Mode, Sampling
from tests.support.completions import completion
from tests.support.nodes import answer_of, node_with

LOOP = "kinds = llm_query_batched([f'Kind? {line}' for line in context.splitlines()])\nprint(kinds[:5])"
PEEK = "print(context[:500])"


def said(*cells: str, stop: str = "end") -> Completion:
    return completion("\n".join(f"```repl\n{cell}\n```" for cell in cells), stop=stop)


def promise(*cells: str, mode: Mode = "full", stop: str = "end") -> Promise:
    return promise_of(root_reply_in(said(*cells, stop=stop)), mode)


# -- what code promises --------------------------------------------------------------------------------------


def test_code_that_asks_about_all_of_the_context_leaves_nothing_to_be_wished_for() -> None:
    assert promise(LOOP).is_full
    assert promise("for line in context.splitlines():\n    print(len(line))", mode="repl").is_full


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ((LOOP,), (PEEK,)),
        ((PEEK,), ("print('hello')",)),
        (("print(llm_query(context))",), (PEEK,)),
        ((PEEK,), ("for for",)),
        ((LOOP,), ("for part in [context[:900]]:\n    print(llm_query(part))",)),
        (
            (LOOP,),
            ("text = ''\nfor line in context.splitlines():\n    text = llm_query(text + line)\nprint(text)",),
        ),
        ((LOOP,), (LOOP + "\nFINAL(kinds)",)),
        (("print(search('Otto'))",), ("print(1)",)),
        ((PEEK, LOOP), (PEEK, "def broken(:")),
    ],
)
def test_the_better_plan_promises_more(better: tuple[str, ...], worse: tuple[str, ...]) -> None:
    assert promise(*better) > promise(*worse)


def test_prose_and_code_that_was_cut_promise_nothing() -> None:
    assert promise_of(root_reply_in(completion("I would count the lines.")), "full") == Promise()
    assert promise(LOOP, stop="length") == Promise()
    assert promise("x = 1\n" * 4_000) == Promise(), "longer than what is analysed"


# -- drawing two ---------------------------------------------------------------------------------------------


class Drawing(ScriptedModel):
    """Answers the first and the second draw of one prompt; they differ in their temperature.

    Args:
        first, second: what each says; an exception is raised, and ``None`` is never answered.

    Attributes:
        cancelled: how many requests were cancelled.
    """

    def __init__(self, first: str | Exception | None, second: str | Exception | None) -> None:
        super().__init__([])
        self._draws = {0.0: first, 1.0: second}
        self.cancelled = 0
        self.sampled: list[Sampling] = []

    async def complete(self, messages: Sequence[Message], sampling: Sampling) -> Completion:
        self.sampled.append(sampling)
        reply = self._draws[sampling.temperature or 0.0]
        if reply is None:
            try:
                await asyncio.get_running_loop().create_future()
            except asyncio.CancelledError:
                self.cancelled += 1
                raise
        if isinstance(reply, Exception):
            raise reply
        assert reply is not None
        return said(reply)


async def drawn(
    model: ScriptedModel, *, caps: Caps | None = None, branches: int = 2
) -> tuple[Completion, Node, EventLog]:
    node, log = node_with(model, caps=caps, branches=branches)
    call = Call(model=model, messages=[Message(role="user", content="?")], role="root", reads_calls=True)
    return await first_reply(node, call, "full"), node, log


@pytest.mark.parametrize(
    ("first", "second", "winner"), [(PEEK, LOOP, LOOP), (LOOP, "x = 1", LOOP), (PEEK, PEEK, PEEK)]
)
async def test_the_reply_with_the_better_plan_goes_on(first: str, second: str, winner: str) -> None:
    model = Drawing(first, second)
    reply, node, log = await drawn(model)
    assert winner in reply.text
    assert {each.temperature for each in model.sampled} == {0.0, 1.0}
    (raced,) = log.of(events.Raced)
    assert raced.winner == ("first reply 2" if winner != first else "first reply 1")
    assert sum(each.calls for each in raced.branches) == node.account.usage.calls == 2


async def test_a_full_promise_cancels_the_other_draw_which_stays_booked() -> None:
    model = Drawing(LOOP, None)
    reply, node, log = await drawn(model, caps=Caps(tokens=1_000_000))
    assert LOOP in reply.text
    assert model.cancelled == 1
    (raced,) = log.of(events.Raced)
    assert [each.status for each in raced.branches] == ["won", "cancelled"]
    assert raced.branches[1].tokens > 0
    assert node.account.usage.calls == 2
    assert not any(node.account.reserved)


@pytest.mark.parametrize(
    "error", [ModelUnavailable("down", model="m"), LimitExceeded("spent", limit="calls", used=1, allowed=1)]
)
async def test_a_draw_that_fails_leaves_the_other(error: Exception) -> None:
    assert PEEK in (await drawn(Drawing(PEEK, error)))[0].text
    assert PEEK in (await drawn(Drawing(error, PEEK)))[0].text


async def test_if_both_fail_the_first_error_is_raised() -> None:
    with pytest.raises(ModelUnavailable, match="first"):
        await drawn(Drawing(ModelUnavailable("first", model="m"), ModelUnavailable("second", model="m")))


async def test_a_refused_key_does_not_wait_for_the_other() -> None:
    model = Drawing(ModelError("no key", model="m", status=401), None)
    with pytest.raises(ModelError, match="no key"):
        await drawn(model)
    assert model.cancelled == 1


async def test_a_budget_for_one_call_draws_one() -> None:
    reply, node, _ = await drawn(Drawing(PEEK, LOOP), caps=Caps(calls=1))
    assert PEEK in reply.text
    assert node.account.committed.calls == 1
    assert node.account.refused is None, "nothing has ended"


async def test_one_is_drawn_without_branches_below_the_root_and_near_the_end_of_the_budget() -> None:
    model = Drawing(PEEK, LOOP)
    await drawn(model, branches=1)
    node, _ = node_with(model, branches=2, caps=Caps(calls=10))
    call = Call(model=model, messages=[Message(role="user", content="?")], role="root", reads_calls=True)
    await first_reply(node.child(), call, "full")
    (await node.account.reserve(Amounts(calls=8))).settle(Amounts(calls=8))
    await first_reply(node, call, "full")
    assert [each.temperature for each in model.sampled] == [0.0, 0.0, 0.0]


async def test_the_loop_goes_on_with_the_better_first_reply() -> None:
    finish = "```repl\nFINAL('done')\n```"

    class Root(Drawing):
        async def complete(self, messages: Sequence[Message], sampling: Sampling) -> Completion:
            if len(messages) > 2:
                return completion(finish)
            return await super().complete(messages, sampling)

    model = Root(PEEK, LOOP)
    node, log = node_with(model, ScriptedModel(lambda _: "a kind", name="scripted/sub"), branches=2)
    answer = await answer_of(node)
    assert answer.text == "done"
    assert [each.code.strip() for each in log.of(events.CellStarted)] == [LOOP, "FINAL('done')"]
    assert answer.usage.calls == 4
