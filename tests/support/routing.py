"""What routers are told, and the models that learned ones are made of, for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal, cast

from hypothesis import strategies as st

from harlm.budget.options import options_for
from harlm.isotonic import Knot
from harlm.router.features import NAMES, kind_of
from harlm.router.model import ExampleSource, Head, RouterModel
from harlm.router.trees import Tree
from harlm.router.wording import growth_of
from harlm.types import (
    STRATEGIES,
    Confidence,
    Context,
    Forecast,
    Growth,
    Left,
    Mode,
    ModelFacts,
    Price,
    Profile,
    Proposal,
    RouteOption,
    Signals,
    Situation,
    Status,
    Strategy,
    Task,
    Tried,
    Worth,
)

Structure = Literal["prose", "code", "records", "mixed"]

STRUCTURES: tuple[Structure, ...] = ("prose", "code", "records", "mixed")
QUESTIONS = (
    "Who wrote it?",
    "How many files import re?",
    "Summarise it.",
    "Compare A and B",
    "List every name",
    "Is the door of the vault open?",
    "?",
    "",
)
ROOT_PRICE, SUB_PRICE = Price(input=1.25, output=10.0), Price(input=0.25, output=2.0)


def model_of(name: str = "root", window: int = 128_000, price: Price | None = ROOT_PRICE) -> ModelFacts:
    """A model."""
    return ModelFacts(name=name, window=window, price=price)


def profile_of(tokens: int, structure: str = "prose", documents: int = 1) -> Profile:
    """The profile of a text of so many tokens."""
    return Profile(
        tokens=tokens,
        characters=4 * tokens,
        documents=documents,
        kinds=(("text", documents),),
        structure=cast("Structure", structure),
        largest=(("a.txt", 4 * tokens // max(1, documents)),),
    )


def proposal_of(
    strategy: Strategy = "label",
    fit: float = 0.9,
    *,
    calls: int = 5,
    micros: int | None = 900,
    growth: Growth = "linear",
) -> Proposal:
    """A strategy for a task."""
    return Proposal(
        strategy=strategy,
        cells=("FINAL(1)",),
        forecast=Forecast(
            calls=calls,
            input_tokens=1_000 * calls,
            output_tokens=20 * calls,
            micros=micros,
            seconds=2.0,
            depth=1,
        ),
        growth=growth,
        leaf="labeller",
        fit=fit,
        reasons=("the question asks for one number",),
    )


def situation_of(
    question: str = "Who wrote it?",
    tokens: int = 20_000,
    *,
    text: str = "The vault of the town was opened by no one.",
    structure: str = "prose",
    documents: int = 1,
    root: ModelFacts | None = None,
    sub: ModelFacts | None = None,
    proposals: Sequence[Proposal] = (),
    no_code: str | None = None,
    left: Left | None = None,
    worth: Worth | None = None,
    root_skill: float | None = None,
    draw: float | None = None,
) -> Situation:
    """What a router is told, with the options that a run would have."""
    root = root or model_of()
    sub = sub or model_of("sub", root.window, None if root.price is None else SUB_PRICE)
    return Situation(
        task=Task(question=question, context=Context.of_text(text)),
        profile=profile_of(tokens, structure, documents),
        root=root,
        sub=sub,
        options=options_for(
            tokens,
            growth_of(question),
            root,
            sub,
            max_turns=20,
            concurrency=8,
            proposals=proposals,
            no_code=no_code,
        ),
        left=left or Left(),
        worth=worth or Worth(),
        root_skill=root_skill,
        draw=draw,
    )


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


def tried_in(
    mode: Mode = "direct",
    *,
    status: Status = "ok",
    confidence: float | None = None,
    signals: Signals | None = None,
) -> Tried:
    """An answer of a mode."""
    return Tried(
        mode=mode, status=status, confidence=Confidence(value=confidence, signals=signals or Signals())
    )


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    """What a router may be told."""
    priced = st.sampled_from([None, ROOT_PRICE, SUB_PRICE])
    windows = st.one_of(st.sampled_from([8_000, 128_000, 1_000_000]), st.integers(1_000, 2_000_000))
    fits = st.floats(0, 1)
    known = draw(st.lists(st.sampled_from(STRATEGIES), max_size=3, unique=True))
    limits = st.one_of(st.none(), st.integers(0, 5_000_000))
    return situation_of(
        draw(st.one_of(st.sampled_from(QUESTIONS), st.text(max_size=60))),
        draw(st.one_of(st.sampled_from([0, 300, 20_000, 500_000]), st.integers(0, 10**9))),
        structure=draw(st.sampled_from(STRUCTURES)),
        documents=draw(st.integers(1, 300)),
        root=model_of(window=draw(windows), price=draw(priced)),
        sub=model_of("sub", draw(windows), draw(priced)),
        proposals=[
            proposal_of(each, draw(fits), calls=draw(st.integers(0, 5_000)), micros=draw(limits))
            for each in known
        ],
        no_code=draw(st.sampled_from([None, None, "no sandbox works here"])),
        left=Left(
            micros=draw(limits),
            tokens=draw(limits),
            calls=draw(st.one_of(st.none(), st.integers(0, 50))),
            seconds=draw(st.one_of(st.none(), st.floats(0, 600))),
        ),
        worth=Worth(
            answer=draw(st.sampled_from([0.01, 1.0, 100.0])),
            second=draw(st.sampled_from([0.0, 0.001])),
            target=draw(st.sampled_from([None, 0.5, 0.9])),
        ),
        root_skill=draw(st.one_of(st.none(), fits)),
        draw=draw(st.one_of(st.none(), fits)),
    )
