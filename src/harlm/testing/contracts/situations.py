"""Situations for tests of routers: what a router may be told, by hand and drawn by Hypothesis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, cast

from hypothesis import strategies as st

from harlm.budget.options import options_for
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
