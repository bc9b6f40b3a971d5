"""What the rules choose where a router has not seen such a task: the task is put together again from its question and its features."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from harlm.router.features import KNOWN_STRATEGIES, Features
from harlm.router.heuristic import HeuristicRouter
from harlm.types import (
    Context,
    Forecast,
    Mode,
    ModelFacts,
    Profile,
    Proposal,
    RouteOption,
    Situation,
    Strategy,
    Task,
)

_READ_ALL: tuple[Strategy, ...] = ("label", "map", "filter", "compare")
_NOTHING = Forecast(calls=0, input_tokens=0, output_tokens=0, micros=None, seconds=0.0, depth=0)
_STRUCTURES: tuple[Literal["prose", "code", "records"], ...] = ("prose", "code", "records")
_FEWEST = 2  # tokens of a window


def chosen_by_rules(question: str, features: Features, modes: Iterable[Mode]) -> Mode:
    """The mode that the rules choose among those that are possible.

    Args:
        question: as it was asked.
        features: of the task, with those of any of its options.
        modes: that are possible.
    """
    tokens = max(0, round(2 ** features["log_tokens"] - 1))
    facts = ModelFacts(name="", window=max(_FEWEST, round((tokens + 1) / 2 ** features["log_fill"])))
    proposal = _proposal(features)
    situation = Situation(
        task=Task(question=question, context=Context.of_text("")),
        profile=Profile(
            tokens=tokens, characters=4 * tokens, documents=1, kinds=(), structure=_structure(features)
        ),
        root=facts,
        sub=facts,
        options=tuple(
            RouteOption(mode=mode, proposal=proposal if mode == "plan" else None) for mode in modes
        ),
    )
    return HeuristicRouter().route(situation).mode


def _structure(features: Features) -> Literal["prose", "code", "records", "mixed"]:
    for name in _STRUCTURES:
        if features[f"is_{name}"]:
            return name
    return "mixed"


def _proposal(features: Features) -> Proposal | None:
    strategy = next((name for name in KNOWN_STRATEGIES if features[f"is_{name}"]), None)
    if strategy is None:
        return None
    return Proposal(
        strategy=strategy,
        cells=(),
        forecast=_NOTHING,
        growth="linear" if strategy in _READ_ALL else "constant",
        leaf="none" if features["needs_no_model"] else "reader",
        fit=features["fit"],
        reasons=("it fits the question",),
    )
