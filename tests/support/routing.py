"""What routers are told, and the models that learned ones are made of, for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from harlm.isotonic import Knot
from harlm.router.features import NAMES, kind_of
from harlm.router.model import ExampleSource, Head, RouterModel
from harlm.router.trees import Tree
from harlm.testing.contracts.situations import (
    QUESTIONS,
    ROOT_PRICE,
    STRUCTURES,
    SUB_PRICE,
    model_of,
    profile_of,
    proposal_of,
    situation_of,
    situations,
    tried_in,
)
from harlm.types import STRATEGIES, Left, Mode, RouteOption, Situation, Worth

__all__ = [
    "QUESTIONS",
    "ROOT_PRICE",
    "STRUCTURES",
    "SUB_PRICE",
    "among",
    "head_of",
    "kinds",
    "model_of",
    "profile_of",
    "proposal_of",
    "router_model",
    "situation_of",
    "situations",
    "stump",
    "tried_in",
]


def among(
    options: Sequence[RouteOption], *, left: Left | None = None, worth: Worth | None = None
) -> Situation:
    """A situation with these options."""
    return replace(situation_of(), options=tuple(options), left=left or Left(), worth=worth or Worth())


def kinds() -> tuple[str, ...]:
    """Every kind of task."""
    needs: tuple[tuple[str, ...], ...] = ((), ("needs_exact",), ("needs_meaning",))
    structures: tuple[tuple[str, ...], ...] = ((), ("is_prose",), ("is_code",), ("is_records",))
    strategies: tuple[tuple[str, ...], ...] = ((), *((f"is_{name}",) for name in STRATEGIES))
    pairs: tuple[tuple[str, ...], ...] = ((), ("asks_pairs",))
    none = dict.fromkeys(NAMES, 0.0)
    return tuple(
        dict.fromkeys(
            kind_of({**none, **dict.fromkeys((*need, *pair, *structure, *strategy), 1.0)})
            for need in needs
            for pair in pairs
            for structure in structures
            for strategy in strategies
        )
    )


LEAF = Tree(feature=(-1,), least=(0.0,), left=(0,), right=(0,), value=(0.0,))


def stump(name: str, least: float, low: float, high: float) -> Tree:
    """A tree of one comparison: ``low`` up to ``least``, ``high`` above it."""
    return Tree(
        feature=(NAMES.index(name), -1, -1),
        least=(least, 0.0, 0.0),
        left=(1, 0, 0),
        right=(2, 0, 0),
        value=((low + high) / 2, low, high),
    )


def head_of(base: float = 0.0, *trees: Tree, knots: tuple[Knot, ...] = ()) -> Head:
    """How probable a right answer is in one mode."""
    return Head(base=base, trees=trees, knots=knots, examples=100, right=0.5)


def router_model(
    heads: Mapping[Mode, Head], *, bounds: tuple[float, float] = (-1e9, 1e9), **more: object
) -> RouterModel:
    """A learned router with these heads, which has seen every kind of task."""
    low, high = bounds
    fields: dict[str, object] = {"kinds": kinds(), **more}
    return RouterModel(
        date="2026-12-01",
        heads=dict(heads),
        lowest=(low,) * len(NAMES),
        highest=(high,) * len(NAMES),
        origins=(ExampleSource(label="SIMULATED", detail="made for a test", examples=400),),
        **fields,  # type: ignore[arg-type] # by name
    )
