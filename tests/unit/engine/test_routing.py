from __future__ import annotations

import threading

from harlm import events
from harlm.budget import Caps
from harlm.config import RouterSettings
from harlm.context import load, profile
from harlm.engine.routing import chosen_first, foreseen, left_of, reading, routed, situation_of
from harlm.router import HeuristicRouter
from harlm.testing import ScriptedModel
from harlm.types import Route, Situation, Task
from tests.support.nodes import PRICES, node_with
from tests.support.routing import proposal_of

TASK = Task(question="When did the harbour open?", context=load("The harbour opened in 1883."))
FOUND = (proposal_of("label", 0.9), proposal_of("search", 0.5))


def test_a_situation_holds_every_option_and_what_may_be_spent() -> None:
    node, _ = node_with(ScriptedModel([]), caps=Caps(calls=7, micros=2_000_000), prices=PRICES)
    found = situation_of(TASK, node, profile(TASK.context), FOUND)
    assert [each.name for each in found.options] == ["direct", "plan: label", "plan: search", "repl", "full"]
    assert (found.left.calls, found.left.tokens, found.left.seconds) == (7, None, None)
    assert found.left == left_of(node)
    assert found.worth.answer == node.settings.value_of_answer
    assert (found.root_skill, found.draw) == (None, None)


async def test_a_mode_that_the_caller_requires_is_not_routed() -> None:
    node, log = node_with(ScriptedModel([]))
    required = Task(question=TASK.question, context=TASK.context, mode="full")
    assert await routed(situation_of(required, node, profile(TASK.context), ()), node) is None
    route = await routed(situation_of(TASK, node, profile(TASK.context), ()), node)
    assert route is not None
    assert [each.mode for each in log.of(events.Routed)] == [route.mode]


def test_the_strategy_of_the_route_comes_first() -> None:
    route = Route(mode="plan", probabilities={}, strategy="search")
    assert [each.strategy for each in chosen_first(FOUND, route)] == ["search", "label"]
    assert chosen_first(FOUND, None) == FOUND


def test_the_sub_model_reads_where_the_route_says_so() -> None:
    root, sub = ScriptedModel([]), ScriptedModel([], name="scripted/sub")
    node, _ = node_with(root, sub)
    assert reading(node, Route(mode="direct", probabilities={}, reader="sub")).models.root is sub
    assert reading(node, Route(mode="full", probabilities={}, reader="sub")).models.root is root


def test_what_was_known_of_an_option_is_kept_for_training() -> None:
    sub = ScriptedModel([], name="scripted/sub")
    node, _ = node_with(ScriptedModel([]), sub, prices=PRICES)
    situation = situation_of(TASK, node, profile(TASK.context), FOUND)
    micros = {each.name: each.micros for each in situation.options}
    required = foreseen(situation, None, "plan", "search", is_first=True)
    assert (required.features["is_search"], required.propensity, required.micros) == (
        1.0,
        1.0,
        micros["plan: search"],
    )
    route = Route(mode="direct", probabilities={}, reader="sub", propensity=0.25)
    chosen = foreseen(situation, route, "direct", None, is_first=True)
    assert (chosen.propensity, chosen.micros) == (0.25, micros["direct, sub-model"])
    assert (
        chosen.features["log_price"]
        < foreseen(situation, None, "direct", None, is_first=True).features["log_price"]
    )
    later = foreseen(situation, route, "repl", None, is_first=False)
    assert (later.propensity, later.micros) == (1.0, micros["repl"])
    assert foreseen(situation, route, "plan", "follow", is_first=True).features == {}, "it was no option"


def test_features_of_the_route_are_not_taken_twice() -> None:
    node, _ = node_with(ScriptedModel([]))
    situation = situation_of(TASK, node, profile(TASK.context), FOUND)
    route = Route(mode="full", probabilities={}, features={"log_tokens": 3.0})
    assert foreseen(situation, route, "full", None, is_first=True).features == {"log_tokens": 3.0}


async def test_an_encoder_reads_in_a_thread() -> None:
    node, _ = node_with(ScriptedModel([]))
    node.run.router_settings = RouterSettings(kind="encoder")
    threads: list[int] = []
    plain = node.run.router

    class Watched(HeuristicRouter):
        def route(self, situation: Situation) -> Route:
            threads.append(threading.get_ident())
            return plain.route(situation)

    node.run.router = Watched()
    assert await routed(situation_of(TASK, node, profile(TASK.context), ()), node) is not None
    assert threads
    assert threads[0] != threading.get_ident()
