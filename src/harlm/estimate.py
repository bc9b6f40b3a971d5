"""Estimates the cost of a question from settings and a context alone: opens no run, needs no key, calls no
model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from harlm.assembly import caps_of, router_of
from harlm.branching.brought import BroughtStrategies
from harlm.branching.strategies import Asked, fitting
from harlm.budget import UNLIMITED, PriceList
from harlm.budget.estimate import RunEstimate, estimate
from harlm.config import Config
from harlm.context import profile
from harlm.engine.routing import situation_before, worth_of
from harlm.home import prices_file, skills_file
from harlm.models.brought import brought_model, is_model
from harlm.models.choosing import ModelChoice, default_window
from harlm.models.names import parse_model_name
from harlm.router.wording import growth_of
from harlm.tracing.experience import Skills
from harlm.types import Left, ModelFacts, Price, Proposal, Situation, Task


def known_models(
    config: Config,
    *,
    root: ModelChoice | None = None,
    sub: ModelChoice | None = None,
    prices: Mapping[str, Price] | None = None,
) -> tuple[ModelFacts, ModelFacts]:
    """The names, windows and prices of the root model and the sub-model. Opens no run and needs no key.

    Args:
        config: the settings.
        root, sub: models that replace those in ``config``.
        prices: prices by full model name, above those in files.

    Raises:
        ConfigError: a model name or a price file cannot be used.
    """
    listed = PriceList(prices_file(config), prices)
    root_model = _known(root if root is not None else config.models.root, config, listed)
    named_sub = sub if sub is not None else config.models.sub
    return root_model, root_model if named_sub is None else _known(named_sub, config, listed)


def _known(choice: ModelChoice, config: Config, prices: PriceList) -> ModelFacts:
    if isinstance(choice, str):
        named = parse_model_name(choice)
        if named.is_brought:
            model = brought_model(named, config.models).model
            window = config.models.window or model.window
            return ModelFacts(name=named.full, window=window, price=prices.of(named.full))
        is_custom = bool(named.base_url or (named.provider == "openai" and config.models.base_url))
        window = config.models.window or default_window(
            named, None if is_custom else prices.window_of(named.full), is_custom=is_custom
        )
        return ModelFacts(name=named.full, window=window, price=prices.of(named.full))
    if not is_model(choice):
        from harlm.models.function import FunctionModel

        choice = FunctionModel(choice)  # type: ignore[arg-type] # only its name is used
    return ModelFacts(name=choice.name, window=choice.window, price=prices.of(choice.name))


def situation_of(asked: Asked, found: tuple[Proposal, ...], config: Config) -> Situation:
    """What a router would know at the beginning of a run.

    Raises:
        ConfigError: there is no home folder.
    """
    known = situation_before(asked.task, asked.profile, asked.root, asked.sub, config.engine, found)
    limit = caps_of(config).micros
    return replace(
        known,
        left=Left(micros=None if limit >= UNLIMITED else limit),
        root_skill=Skills(skills_file(config)).of(asked.root.name),
        worth=worth_of(config.engine, config.router),
    )


def estimate_run(task: Task, config: Config, root: ModelFacts, sub: ModelFacts) -> RunEstimate:
    """The cost of ``task`` with these models in each mode, and the mode that a run would use."""
    known = profile(task.context)
    growth = growth_of(task.question)
    chosen, settings, limit = task.mode, config.engine, caps_of(config).micros
    asked = Asked(task=task, profile=known, root=root, sub=sub, concurrency=settings.concurrency)
    found = fitting(asked, BroughtStrategies())
    route = None
    if chosen == "auto":
        route = router_of(config).route(situation_of(asked, found, config))
        chosen = route.mode
    return RunEstimate(
        chosen=chosen,
        modes=estimate(
            known.tokens,
            growth,
            root,
            sub,
            max_turns=settings.max_turns,
            concurrency=settings.concurrency,
            proposal=found[0] if found else None,
        ),
        growth=growth,
        tokens=known.tokens,
        root=root,
        sub=sub,
        limit_micros=None if limit >= UNLIMITED else limit,
        proposals=found,
        route=route,
    )
