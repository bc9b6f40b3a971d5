"""Blocks that run while their reply is still written, on a REPL without a process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from harlm import events
from harlm.budget import Caps
from harlm.context import load
from harlm.engine import solve
from harlm.errors import ModelError, ModelUnavailable
from harlm.protocols import LanguageModel, Repl, ReplHost
from harlm.testing import EventLog, FakeSandbox, ScriptedModel
from harlm.types import Answer, Mode, Task
from tests.support.nodes import node_with, use_calls
from tests.support.streaming import Attempts, Said, StreamingModel

LOOK = "```repl\nfound = context.find('1883')\nprint(found)\n```\n"
FINISH = "```repl\nFINAL(context[found:found + 4])\n```\n"
PROSE = "".join(f"I looked at line {n}, and this is what I think of it.\n" for n in range(20))
LONG = 20 * PROSE
CONTEXT = "The bridge opened in 1883."


async def ask(
    model: StreamingModel,
    sub: LanguageModel | None = None,
    *,
    mode: Mode = "full",
    caps: Caps | None = None,
    used: int = 0,
    sandbox: FakeSandbox | None = None,
    **settings: Any,
) -> tuple[Answer, EventLog]:
    node, log = node_with(model, sub, caps=caps, **settings)
    node.run.sandbox = sandbox or FakeSandbox()
    model.count = lambda: len(model.wrote)
    if used:
        await use_calls(node, used)
    return await solve(Task(question="When?", context=load(CONTEXT), mode=mode), node), log


def kinds(log: EventLog) -> list[str]:
    return [event.kind for event in log.events]


class NoTwins(FakeSandbox):
    """Its REPLs have no twins; counts how often one was asked for."""

    def __init__(self) -> None:
        self.asked = 0

    async def open(self, setup: Any, host: ReplHost) -> Any:
        repl = await super().open(setup, host)

        async def twin(host: ReplHost) -> Repl | None:
            self.asked += 1
            return None

        repl.twin = twin  # type: ignore[method-assign,assignment] # none can be made
        return repl


@pytest.mark.parametrize("mode", ["repl", "full"])
async def test_a_reply_ends_once_a_block_has_finished_the_node(mode: Mode) -> None:
    model = StreamingModel([LOOK + FINISH + LONG])
    answer, log = await ask(model, mode=mode)
    assert (answer.text, answer.status, answer.usage.calls) == ("1883", "ok", 1)
    assert answer.usage.estimated
    assert (LOOK + FINISH).strip() in model.wrote[0]
    assert len(model.wrote[0]) < len(LOOK + FINISH + LONG)
    assert [each.stop for each in log.of(events.CallFinished)] == ["enough"]


async def test_without_speculation_the_reply_is_read_to_its_end_with_the_same_result() -> None:
    model = StreamingModel([LOOK + FINISH + PROSE])
    answer, _ = await ask(model, speculation="off")
    assert answer.text == "1883"
    assert model.wrote == [LOOK + FINISH + PROSE]


async def test_a_reply_whose_finish_is_refused_goes_on() -> None:
    made_up = "```repl\nprint(len(context))\nFINAL('1884')\n```\n"
    model = StreamingModel([made_up + PROSE, "```repl\nFINAL('1883')\n```"])
    answer, _ = await ask(model)
    assert answer.text == "1883"
    assert model.wrote[0] == made_up + PROSE


async def test_the_trace_tells_the_same_story_in_the_same_order() -> None:
    seen = []
    for speculation in ("off", "safe"):
        model = StreamingModel([LOOK + PROSE, FINISH])
        answer, log = await ask(model, speculation=speculation, mode="repl")
        cells = [(each.code, each.turn) for each in log.of(events.CellStarted)]
        seen.append((answer.text, kinds(log), cells, [each[-1].content for each in model.asked]))
    assert seen[0] == seen[1]


async def test_calls_of_an_early_block_are_claimed_and_not_wasted() -> None:
    sub = ScriptedModel(lambda messages: messages[-1].content.upper(), name="scripted/sub")
    ask_twice = "```repl\nx = [llm_query(each) for each in ('a', 'b')]\nprint(x)\n```\n"
    model = StreamingModel([ask_twice + PROSE, "```repl\nFINAL(x)\n```"])
    answer, _ = await ask(model, sub)
    assert answer.data == ["A", "B"]
    assert len(sub.asked) == 2
    assert answer.usage.early.wasted == 0


async def test_another_attempt_that_writes_something_else_starts_where_the_first_one_did() -> None:
    sub = ScriptedModel(lambda messages: messages[-1].content.upper(), name="scripted/sub")
    first = "```repl\nx = ['first', llm_query('in vain')]\nprint(x)\n```\n"
    second = "```repl\nprint('x' in globals(), llm_query('asked'))\n```\n"
    model = StreamingModel([Attempts((first + PROSE,), second), "```repl\nFINAL(str(len(context)))\n```"])
    answer, log = await ask(model, sub)
    assert "False ASKED" in model.asked[1][-1].content
    assert next(each.code for each in log.of(events.CellStarted)).startswith("print('x'")
    assert answer.usage.early.wasted == 1
    assert answer.usage.early.wasted_tokens > 0
    assert answer.usage.by_model["scripted/sub"].calls == 2
    wasted = [each for each in log.of(events.Scheduled) if each.wasted]
    assert [(each.calls, each.claimed, each.wasted) for each in wasted] == [(1, 0, 1)]


async def test_another_attempt_that_begins_the_same_keeps_what_was_done() -> None:
    sub = ScriptedModel(lambda messages: messages[-1].content.upper(), name="scripted/sub")
    block = "```repl\nx = llm_query('once')\nprint(x)\n```\n"
    model = StreamingModel([Attempts((block + PROSE,), block + "Let me see.\n"), "```repl\nFINAL(x)\n```"])
    answer, _ = await ask(model, sub)
    assert answer.text == "ONCE"
    assert len(sub.asked) == 1
    assert answer.usage.early.wasted == 0


async def test_a_call_that_fails_leaves_the_repl_as_it_was() -> None:
    class Breaking(StreamingModel):
        async def complete(self, messages: Any, sampling: Any) -> Any:
            completion = await super().complete(messages, sampling)
            if len(self.asked) == 2:
                raise ModelUnavailable("away", model="m")
            return completion

    model = Breaking([LOOK, "```repl\nfound = 0\nprint('never told')\n```\n" + PROSE])
    node, log = node_with(model)
    with pytest.raises(ModelUnavailable) as caught:
        await solve(Task(question="When?", context=load(CONTEXT), mode="full"), node)
    assert caught.value.partial is not None
    assert "never told" not in caught.value.partial.text
    assert not any("never told" in each.code for each in log.of(events.CellStarted))


async def test_a_refused_key_ends_the_run_as_it_does_without() -> None:
    sub = ScriptedModel([ModelError("no such key", model="m", status=401)], name="scripted/sub")
    model = StreamingModel(["```repl\nprint(llm_query('x'))\n```\n" + PROSE])
    with pytest.raises(ModelError, match="no such key"):
        await ask(model, sub)


async def test_an_exception_ends_the_blocks_of_a_reply() -> None:
    model = StreamingModel(
        ["```repl\nx = 1\n1 / 0\n```\n```repl\nx = 2\n```\n" + PROSE, "```repl\nFINAL(str(x))\n```"]
    )
    answer, log = await ask(model)
    assert answer.text == "1"
    assert "1 more block(s) of this reply were not run" in model.asked[1][-1].content
    assert len(log.of(events.CellStarted)) == 2


async def test_what_depends_on_the_moment_waits_for_the_end_of_the_reply() -> None:
    cell = "```repl\nprint(budget()['calls_used'])\n```\n"
    told = []
    for speculation in ("off", "safe"):
        model = StreamingModel([cell + PROSE, "```repl\nFINAL(str(len(context)))\n```"])
        await ask(model, speculation=speculation)
        told.append(model.asked[1][-1].content)
    assert told[0] == told[1]
    assert "Output:\n1" in told[0]


async def test_a_note_of_a_block_that_does_not_count_is_not_kept() -> None:
    first = "```repl\nmemory.note('a note in vain')\n```\n"
    second = "```repl\nprint([hit['text'] for hit in memory.search('note')])\n```\n"
    model = StreamingModel([Attempts((first + PROSE,), second), "```repl\nFINAL('none')\n```"])
    await ask(model)
    assert "in vain" not in model.asked[1][-1].content


async def test_a_repl_without_twins_runs_its_blocks_after_the_reply() -> None:
    sandbox = NoTwins()
    model = StreamingModel([LOOK + PROSE, LOOK + FINISH + PROSE])
    answer, _ = await ask(model, sandbox=sandbox)
    assert answer.text == "1883"
    assert model.wrote == [LOOK + PROSE, LOOK + FINISH + PROSE]
    assert sandbox.asked == 1, "it is not asked again"


async def test_once_most_of_the_budget_is_used_blocks_wait() -> None:
    model = StreamingModel([LOOK + FINISH + PROSE])
    answer, _ = await ask(model, caps=Caps(calls=100), used=90)
    assert answer.text == "1883"
    assert model.wrote == [LOOK + FINISH + PROSE]


@pytest.mark.parametrize(("before", "is_cut"), [((), False), ((LOOK,), True)])
async def test_a_reply_that_may_be_thoughts_is_not_run_ahead(before: Sequence[Said], is_cut: bool) -> None:
    """Words before the first block may be thoughts that end further on, unless the model has shown that it has none."""
    draft = f"Well, let me think.\n{LOOK}{FINISH}{LONG if is_cut else PROSE}"
    model = StreamingModel([*before, draft])
    answer, _ = await ask(model)
    assert answer.text == "1883"
    assert (len(model.wrote[-1]) < len(draft)) == is_cut


async def test_a_draft_in_thoughts_that_no_mark_opens_is_not_the_answer() -> None:
    draft = "I could write this:\n```repl\nFINAL(context[:3])\n```\n" + PROSE
    model = StreamingModel([f"{draft}</think>\n{LOOK}", FINISH])
    answer, _ = await ask(model)
    assert answer.text == "1883"


async def test_a_model_that_cannot_stop_writes_on_with_the_same_result() -> None:
    model = StreamingModel([LOOK + FINISH + PROSE], stops=False)
    answer, _ = await ask(model)
    assert answer.text == "1883"
    assert model.wrote == [LOOK + FINISH + PROSE]
