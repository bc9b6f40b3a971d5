"""Scored runs for the tests of training, made of a rule."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from functools import cache

from harlm.router.features import NAMES
from harlm.router.model import ExampleSource, RouterModel
from harlm.types import MODES, Mode, Signals, Status
from harlm_train.examples import Example, Examples
from harlm_train.fitting import fit

ORIGIN = ExampleSource(label="SIMULATED", detail="made for a test", examples=1)
MODES_OF_CODE: tuple[Mode, ...] = ("repl", "full")

Rule = Callable[[Mode, Mapping[str, float], str], float]
"""The probability of a right answer, by the mode, the features and the name of the text."""


def example(
    mode: Mode = "direct",
    score: float = 1.0,
    features: Mapping[str, float] | None = None,
    *,
    task: str = "task",
    text: str = "text",
    run: str = "run",
    micros: int | None = 1_000,
    expected_micros: int | None = 1_000,
    status: Status = "ok",
    signals: Signals | None = None,
    weight: float = 1.0,
) -> Example:
    """A scored run; the features that are not named are 0."""
    return Example(
        task=task,
        text=text,
        wording="how many",
        prompt="",
        family="",
        source="SIMULATED",
        run=run,
        mode=mode,
        features={**dict.fromkeys(NAMES, 0.0), **(features or {})},
        score=score,
        micros=micros,
        expected_micros=expected_micros,
        status=status,
        signals=signals or Signals(),
        weight=weight,
    )


def examples(of: Iterable[Example]) -> Examples:
    """Examples with their origin."""
    return Examples(all=tuple(of), origins=(ORIGIN,))


def drawn(rule: Rule, texts: int, *, seed: int = 0, modes: tuple[Mode, ...] = MODES) -> Examples:
    """Two questions about each text, each answered in every mode as a rule says."""
    draw = random.Random(seed)
    made = []
    for text in range(texts):
        for question in range(2):
            features = {
                "fit": draw.random(),
                "log_tokens": draw.uniform(6, 20),
                "log_fill": draw.uniform(-6, 3),
                "log_effective_fill": draw.uniform(-4, 5),
                "root_skill": draw.random(),
                "keys": float(draw.randrange(4)),
            }
            name = f"text {seed} {text}"
            for mode in modes:
                chance = rule(mode, features, name)
                made.append(
                    example(
                        mode,
                        float(draw.random() < chance),
                        features,
                        task=f"{name} {question}",
                        text=name,
                        micros=(1 + MODES.index(mode)) * 2_000,
                        expected_micros=(1 + MODES.index(mode)) * 1_000,
                    )
                )
    return examples(made)


def obvious(mode: Mode, features: Mapping[str, float], text: str) -> float:
    """Plan is right where its strategy fits, direct where the text is short; code is right in seven of ten."""
    if mode == "plan":
        return float(features["fit"] > 0.5)
    return float(features["log_tokens"] < 13) if mode == "direct" else 0.7


def perverse(mode: Mode, features: Mapping[str, float], text: str) -> float:
    """The opposite of what must hold: longer texts are read better, worse strategies and models do better."""
    if mode == "direct":
        return features["log_tokens"] / 25 + (features["log_fill"] > 0) / 5
    return 1 - features["fit" if mode == "plan" else "root_skill"]


@cache
def learned(rule: Rule, texts: int = 110) -> RouterModel:
    """The router that learned a rule."""
    return fit(drawn(rule, texts))
