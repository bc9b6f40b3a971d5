"""What the router is told of a task, and what follows from its choice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import msgspec

from harlm import events
from harlm.budget.options import options_for
from harlm.config import EngineSettings, RouterSettings
from harlm.engine.judging import NOTHING_KNOWN, KnownBefore
from harlm.engine.node import Node
from harlm.engine.remaining import what_is_left
from harlm.router.features import features_of_option, features_of_task
from harlm.router.wording import growth_of
from harlm.types import Left, Mode, ModelFacts, Profile, Proposal, Route, Situation, Strategy, Task, Worth

_ROUTE = "route"  # the name of this choice in the run's journal


def situation_of(task: Task, node: Node, known: Profile, proposed: Sequence[Proposal]) -> Situation:
    """What a router knows of a task.

    Args:
        task: the question and its context.
        node: answers it, and pays.
        known: the profile of the context.
        proposed: what the strategies propose.
    """
    run = node.run
    root, sub = run.facts_of(node.models.root), run.facts_of(node.models.sub)
    return replace(
        situation_before(task, known, root, sub, node.settings, proposed),
        left=left_of(node),
        worth=worth_of(node.settings, run.router_settings),
        root_skill=run.skill_of(root.name),
        draw=None if node.depth else run.draw,
    )


def left_of(node: Node) -> Left:
    """What a node may still spend."""
    left = what_is_left(node.account)
    usd, tokens, calls = left["usd_left"], left["tokens_left"], left["calls_left"]
    return Left(
        micros=None if usd is None else round(usd * 1_000_000),
        tokens=None if tokens is None else int(tokens),
        calls=None if calls is None else int(calls),
        seconds=left["seconds_left"],
    )


def situation_before(
    task: Task,
    known: Profile,
    root: ModelFacts,
    sub: ModelFacts,
    settings: EngineSettings,
    proposed: Sequence[Proposal],
) -> Situation:
    """What is known of a task before there is a run: no limits, no history."""
    return Situation(
        task=task,
        profile=known,
        root=root,
        sub=sub,
        options=options_for(
            known.tokens,
            growth_of(task.question),
            root,
            sub,
            max_turns=settings.max_turns,
            concurrency=settings.concurrency,
            proposals=proposed,
        ),
    )


def worth_of(settings: EngineSettings, router: RouterSettings) -> Worth:
    """What the caller pays for, by the settings."""
    return Worth(answer=settings.value_of_answer, second=settings.value_per_second, target=router.target)


async def routed(situation: Situation, node: Node) -> Route | None:
    """The router's choice, with its event; ``None`` if the caller requires a mode, or has tools, which only code can call. An
    encoder reads in a thread.
    """
    if situation.task.mode != "auto" or node.run.tools:
        return None
    run, router = node.run, node.run.router
    if (chosen := run.journal.choice(node.name, _ROUTE)) is not None:
        route = msgspec.json.decode(
            chosen, type=Route
        )  # by an earlier attempt; what was learned since may choose another
    elif node.run.router_settings.kind == "encoder":
        route = await node.run.threads.do(lambda _: router.route(situation))
    else:
        route = router.route(situation)
    run.journal.choose(node.name, _ROUTE, msgspec.json.encode(route).decode())
    node.emit(
        events.Routed(
            mode=route.mode,
            probabilities=route.probabilities,
            reasons=route.reasons,
            strategy=route.strategy,
            basis=route.basis,
            is_sure=route.is_sure,
            weighed=route.weighed,
        )
    )
    return route


def chosen_first(proposed: tuple[Proposal, ...], route: Route | None) -> tuple[Proposal, ...]:
    """The proposals with the strategy of the route before the others."""
    if route is None or route.strategy is None:
        return proposed
    return tuple(sorted(proposed, key=lambda each: each.strategy != route.strategy))


def reading(node: Node, route: Route | None) -> Node:
    """The node with the model that the route has read in *direct* mode."""
    if route is None or route.mode != "direct" or route.reader == "root":
        return node
    return replace(node, models=replace(node.models, root=node.models.sub), layered={})


def foreseen(
    situation: Situation, route: Route | None, mode: Mode, strategy: Strategy | None, *, is_first: bool
) -> KnownBefore:
    """What was known of an option before it was carried out.

    Args:
        situation: what was known of the task.
        route: the router's choice; ``None`` if the caller required a mode.
        mode, strategy: in which the answer was reached.
        is_first: whether it was the first attempt, to which the chance of the route belongs.
    """
    reader = route.reader if route is not None and route.mode == mode else "root"
    options = [each for each in situation.options if each.mode == mode and each.reader == reader]
    option = next((each for each in options if strategy in (None, each.strategy)), None)
    if option is None:
        return NOTHING_KNOWN
    is_chosen = route is not None and (route.mode, route.strategy) == (mode, option.strategy)
    features = route.features if route is not None and is_chosen else {}
    return KnownBefore(
        features=features or {**features_of_task(situation), **features_of_option(situation, option)},
        propensity=route.propensity if route is not None and is_first else 1.0,
        micros=option.micros,
        seconds=option.seconds,
    )
