"""A failure in the middle of a node keeps what was found."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from harlm import events
from harlm.engine.failing import partial_in, with_partial
from harlm.errors import (
    BadCompletion,
    CallLimit,
    ConfigError,
    ContextOverflow,
    ModelError,
    ModelUnavailable,
    QuotaExceeded,
    SandboxFailure,
)
from harlm.testing import ScriptedModel
from harlm.types import Answer, Message
from tests.support.nodes import answer_of, node_with

FOUND = "```repl\nprint('found: 4711 in row 3')\n```"
QUOTA = QuotaExceeded("the account is empty", model="scripted/model", status=429)
GONE = ModelUnavailable("it is away", model="scripted/model")


@pytest.mark.parametrize(
    "failure",
    [
        GONE,
        QUOTA,
        BadCompletion("no completion", model="scripted/model"),
        ContextOverflow("too long", model="scripted/model"),
        ModelError("odd refusal.", model="scripted/model", status=400),
    ],
)
async def test_a_model_that_fails_at_a_later_turn_leaves_the_partial_answer(failure: ModelError) -> None:
    model = ScriptedModel([FOUND, *[failure] * 3])
    node, log = node_with(model)
    with pytest.raises(type(failure)) as caught:
        await answer_of(node, "repl")
    assert caught.value is failure
    partial = caught.value.partial
    assert partial is not None
    assert (partial.status, partial.run_id, partial.mode) == ("partial", "R", "repl")
    assert partial.text.startswith(f"No answer was reached: {str(failure).rstrip('.')}. Learned by then:")
    assert "found: 4711 in row 3" in partial.text
    assert log.of(events.NodeFinished)[0].status == "partial"


async def test_a_model_that_failed_is_not_asked_for_a_last_answer() -> None:
    model = ScriptedModel([FOUND, GONE, "never"])
    node, _ = node_with(model)
    with pytest.raises(ModelUnavailable):
        await answer_of(node, "repl")
    assert len(model.asked) == 2


async def test_a_failure_before_anything_was_found_is_the_error_alone() -> None:
    node, _ = node_with(ScriptedModel([ModelUnavailable("it is away", model="scripted/model")]))
    with pytest.raises(ModelUnavailable) as caught:
        await answer_of(node, "repl")
    assert caught.value.partial is None


async def test_what_the_failing_cell_had_found_is_kept() -> None:
    sub = ScriptedModel(["row 3 holds 4711", QUOTA], name="scripted/sub")
    node, _ = node_with(ScriptedModel(["```repl\nfor i in range(9):\n    llm_query(f'part {i}')\n```"]), sub)
    with pytest.raises(QuotaExceeded) as caught:
        await answer_of(node)
    assert caught.value.partial is not None
    assert "row 3 holds 4711" in caught.value.partial.text
    assert len(sub.asked) <= 9


async def test_earlier_blocks_of_the_failing_turn_are_kept() -> None:
    sub = ScriptedModel([QUOTA], name="scripted/sub")
    node, _ = node_with(ScriptedModel([f"{FOUND}\n```repl\nllm_query('x')\n```"]), sub)
    with pytest.raises(QuotaExceeded) as caught:
        await answer_of(node)
    assert caught.value.partial is not None
    assert "found: 4711" in caught.value.partial.text


async def test_a_broken_sandbox_leaves_an_answer_of_the_model() -> None:
    def reply(messages: Sequence[Message]) -> str | Exception:
        if "<learned>" in messages[-1].content:
            return "As far as I know: 4711."
        return FOUND if len(messages) == 2 else "```repl\nllm_query('x')\n```"

    sub = ScriptedModel([SandboxFailure("the worker died")], name="scripted/sub")
    node, log = node_with(ScriptedModel(reply), sub)
    with pytest.raises(SandboxFailure, match="the worker died") as caught:
        await answer_of(node)
    assert caught.value.partial is not None
    assert caught.value.partial.text == "As far as I know: 4711."
    assert "the worker died" in log.of(events.Noted)[0].message


# -- below the root ----------------------------------------------------------------------------------------


def family(failure: Exception, seen: list[str]) -> ScriptedModel:
    """A root that asks a child, which finds something and then fails."""

    def reply(messages: Sequence[Message]) -> str | Exception:
        if "<question>\nWhat?" in messages[1].content:
            if len(messages) == 2:
                return "```repl\nprint(rlm_query('a part', 'some text'))\n```"
            seen.append(messages[-1].content)
            return "```repl\nFINAL('done')\n```"
        return FOUND if len(messages) == 2 else failure

    return ScriptedModel(reply)


async def test_a_child_that_fails_hands_its_partial_answer_to_its_parent() -> None:
    seen: list[str] = []
    node, _ = node_with(family(GONE, seen))
    answer = await answer_of(node)
    assert answer.text == "done"
    assert "PARTIAL (it is away): No answer was reached" in seen[0]
    assert "found: 4711" in seen[0]


async def test_an_empty_account_below_ends_the_run_with_the_partial_answer_of_the_root() -> None:
    node, _ = node_with(family(QUOTA, []))
    with pytest.raises(QuotaExceeded) as caught:
        await answer_of(node)
    partial = caught.value.partial
    assert partial is not None
    assert "found: 4711" in partial.text, "what the child had found is kept"
    assert partial.usage.calls == node.account.usage.calls


# -- errors and their answers ------------------------------------------------------------------------------


def test_a_partial_answer_replaces_that_of_a_node_below() -> None:
    error = with_partial(ModelUnavailable("x", model="m"), Answer(text="child"))
    assert partial_in(with_partial(error, Answer(text="root"))) == Answer(text="root")
    limit = CallLimit("x", limit="calls", used=1, allowed=1)
    assert partial_in(with_partial(limit, Answer(text="root"))) == Answer(text="root")
    assert partial_in(limit) is None


@pytest.mark.parametrize("error", [ConfigError("x"), KeyboardInterrupt(), SandboxFailure("x")])
def test_other_errors_carry_none(error: BaseException) -> None:
    assert partial_in(error) is None
