from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from harlm import events
from harlm.config import RouterSettings
from harlm.context import load
from harlm.engine import Node, solve
from harlm.errors import ModelUnavailable, SandboxFailure
from harlm.protocols import Repl, ReplHost, ReplSetup
from harlm.testing import EventLog, ScriptedModel
from harlm.types import Answer, Mode, NextMode, Route, RouteOption, Situation, Task, Tried, Weighed
from tests.support.nodes import node_with

CONTEXT = "The harbour opened in 1883."


class FixedRouter:
    """Takes one mode after another, and says how probable a right answer is."""

    def __init__(self, *modes: Mode, right: Sequence[float] = (), reader: str = "root") -> None:
        self.modes, self.right, self.reader = modes, list(right), reader
        self.seen: list[Situation] = []

    def route(self, situation: Situation) -> Route:
        self.seen.append(situation)
        weighed = tuple(_weighed(each) for each in situation.options)
        return Route(
            mode=self.modes[0],
            probabilities={self.modes[0]: 0.9},
            reasons=("said so",),
            reader=self.reader,  # type: ignore[arg-type] # one of the two
            weighed=weighed,
        )

    def judge(self, route: Route, tried: Tried) -> float | None:
        return self.right.pop(0) if self.right else None

    def follow(self, situation: Situation, route: Route, tried: Sequence[Tried]) -> NextMode | None:
        self.seen.append(situation)
        return NextMode(self.modes[len(tried)], "it is doubtful") if len(tried) < len(self.modes) else None


def _weighed(option: RouteOption) -> Weighed:
    return Weighed(option=option.name, mode=option.mode, right=0.5, micros=0, seconds=0.0, utility=0.5)


def place(router: FixedRouter, *replies: object) -> tuple[Node, EventLog, ScriptedModel]:
    model = ScriptedModel(list(replies))  # type: ignore[arg-type] # texts and errors
    node, log = node_with(model)
    node.run.router = router
    return node, log, model


async def ask(node: Node) -> Answer:
    return await solve(Task(question="When did the harbour open?", context=load(CONTEXT)), node)


async def test_an_answer_that_stands_is_the_only_attempt() -> None:
    node, log, _ = place(FixedRouter("direct"), "1883")
    answer = await ask(node)
    assert (answer.text, answer.mode, answer.usage.calls) == ("1883", "direct", 1)
    assert [each.mode for each in log.of(events.Judged)] == ["direct"]


async def test_a_doubtful_answer_is_followed_by_another_mode_that_knows_of_it() -> None:
    router = FixedRouter("direct", "repl", right=(0.2, 0.9))
    node, log, model = place(router, "1803", "```repl\nFINAL(context.split()[-1].strip('.'))\n```")
    answer = await ask(node)
    assert (answer.text, answer.mode, answer.route and answer.route.mode) == ("1883", "repl", "direct")
    assert [each.mode for each in log.of(events.Judged)] == ["direct", "repl"]
    assert [each.message for each in log.of(events.Noted)] == ["it is doubtful"]
    told = model.asked[-1][-1].content
    assert "'1803'" in told
    assert "doubtful" in told
    assert answer.usage.calls == 2, "both attempts are paid from one account"


async def test_the_better_of_two_attempts_is_the_answer() -> None:
    router = FixedRouter("direct", "repl", right=(0.6, 0.3))
    node, _, _ = place(router, "1883", "```repl\nFINAL(context.split()[0])\n```")
    answer = await ask(node)
    assert (answer.text, answer.mode) == ("1883", "direct")


async def test_an_attempt_that_finds_nothing_does_not_replace_an_answer() -> None:
    router = FixedRouter("direct", "repl", right=(0.1, 0.9))
    node, _, _ = place(router, "1883", "```repl\nFINAL('NOT FOUND')\n```")
    assert (await ask(node)).text == "1883"


async def test_a_second_attempt_that_fails_leaves_the_first_answer() -> None:
    router = FixedRouter("direct", "repl", right=(0.1,))
    failure = ModelUnavailable("the server is away", model="scripted/model")
    node, log, _ = place(router, "1883", failure)
    answer = await ask(node)
    assert (answer.text, answer.mode) == ("1883", "direct")
    assert "the earlier answer stands" in log.of(events.Noted)[-1].message


async def test_what_is_left_is_known_when_another_attempt_is_weighed() -> None:
    router = FixedRouter("direct", right=(0.1,))
    node, _, _ = place(router, "1883")
    await ask(node)
    before, after = router.seen
    assert before.left.calls is None
    assert after.options == before.options


async def test_nothing_follows_if_the_user_turned_it_off_or_chose_the_mode() -> None:
    router = FixedRouter("direct", "repl", right=(0.1,))
    node, log, _ = place(router, "1803")
    node.run.router_settings = RouterSettings(escalate=False)
    assert (await ask(node)).text == "1803"
    node, log, _ = place(FixedRouter("direct", "repl"), "1803")
    await solve(Task(question="When?", context=load(CONTEXT), mode="direct"), node)
    assert not log.of(events.Routed)
    assert len(log.of(events.Judged)) == 1


async def test_the_reader_of_the_route_reads() -> None:
    sub = ScriptedModel(["by the sub-model"], name="scripted/sub")
    node, log = node_with(ScriptedModel([]), sub)
    node.run.router = FixedRouter("direct", reader="sub")
    answer = await ask(node)
    assert answer.text == "by the sub-model"
    assert set(answer.usage.by_model) == {"scripted/sub"}
    assert [each.model for each in log.of(events.Judged)] == ["scripted/sub"]


class _NoSandbox:
    tier = "s3"

    async def open(self, setup: ReplSetup, host: ReplHost) -> Repl:
        raise SandboxFailure("no tier works here")

    async def close(self) -> None:
        """Nothing is open."""


async def test_without_a_sandbox_a_short_text_is_read_in_one_call() -> None:
    node, log, _ = place(FixedRouter("repl"), "```repl\nprint(1)\n```", "1883")
    node.run.sandbox = _NoSandbox()
    answer = await ask(node)
    assert (answer.text, answer.mode, answer.sandbox) == ("1883", "direct", None)
    assert "no tier works here; reading it in one call instead" in log.of(events.Noted)[0].message


async def test_a_judged_answer_is_an_example_for_training() -> None:
    node, log, _ = place(FixedRouter("direct"), "1883")
    await ask(node)
    (judged,) = log.of(events.Judged)
    assert judged.features["log_tokens"] > 0
    assert judged.corpus
    assert (judged.propensity, judged.strategy) == (1.0, None)


async def test_the_route_bounds_the_depth_of_its_children() -> None:
    looks, ends = "```repl\nleft = budget()['depth_left']\nprint(left)\n```", "```repl\nFINAL(str(left))\n```"
    node, _, _ = place(FixedRouter("full"), looks, ends)
    node.run.router = _Shallow("full")
    assert (await ask(node)).text == "1"


class _Shallow(FixedRouter):
    def route(self, situation: Situation) -> Route:
        return replace(super().route(situation), depth=1)
