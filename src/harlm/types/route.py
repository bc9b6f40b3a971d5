"""What a router knows when it chooses, what it may choose, and its choice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from harlm.types.confidence import Confidence
from harlm.types.context import Profile
from harlm.types.mode import Mode, Status, Strategy
from harlm.types.model import ModelFacts
from harlm.types.proposal import Proposal
from harlm.types.task import Task

Reading = Literal["root", "sub"]
"""The model that reads in *direct* mode."""

Basis = Literal["rules", "trees", "encoder", "exploration"]
"""What a route rests on: rules written by hand, boosted trees, a fine-tuned encoder, or a draw that tries another mode."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteOption:
    """One way to answer a task, and what it is expected to cost.

    Attributes:
        mode: the mode.
        reader: the model that reads everything, in *direct* mode.
        proposal: the strategy that is carried out, in *plan* mode.
        calls: model requests.
        tokens: input and output tokens together.
        micros: micro-dollars; ``None`` if a price is unknown.
        seconds: wall time.
        obstacle: why it is impossible for this text, these models or this sandbox; ``None`` if it is not.
    """

    mode: Mode
    reader: Reading = "root"
    proposal: Proposal | None = None
    calls: int = 0
    tokens: int = 0
    micros: int | None = 0
    seconds: float = 0.0
    obstacle: str | None = None

    @property
    def strategy(self) -> Strategy | None:
        """The strategy, in *plan* mode."""
        return None if self.proposal is None else self.proposal.strategy

    @property
    def name(self) -> str:
        """Such as ``full``, ``plan: label`` or ``direct, sub-model``."""
        if self.proposal is not None:
            return f"{self.mode}: {self.proposal.strategy}"
        return f"{self.mode}, sub-model" if self.reader == "sub" else self.mode


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What a node may still spend; ``None`` for what is not limited."""

    micros: int | None = None
    tokens: int | None = None
    calls: int | None = None
    seconds: float | None = None

    def lacks(self, option: RouteOption) -> str | None:
        """Why this does not cover an option; ``None`` if it does, as far as costs are known."""
        if self.micros is not None and option.micros is not None and option.micros > self.micros:
            return f"it is expected to cost ${option.micros / 1e6:.4f}, and ${max(0, self.micros) / 1e6:.4f} are left"
        if self.tokens is not None and option.tokens > self.tokens:
            return f"it is expected to use {option.tokens:,} tokens, and {max(0, self.tokens):,} are left"
        if self.calls is not None and option.calls > self.calls:
            return f"it is expected to make {option.calls:,} calls, and {max(0, self.calls):,} are left"
        if self.seconds is not None and option.seconds > self.seconds:
            return (
                f"it is expected to take {option.seconds:.0f} s, and {max(0.0, self.seconds):.0f} s are left"
            )
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """What the caller pays for.

    Attributes:
        answer: dollars that a right answer is worth.
        second: dollars that each second is worth by which the answer comes earlier.
        target: the probability of a right answer that is enough, so that the cheapest option with it is taken; ``None`` weighs
            probability, money and time against one another.
    """

    answer: float = 1.0
    second: float = 0.0
    target: float | None = None


USUAL_SKILL = 0.7
"""The share of clean runs of a root model of which none is known."""

_USUAL_RUNS = 10  # that are added to those of each model, so that one run says little


def skill_from(clean: float, runs: int) -> float:
    """How well a root model writes code: the share of its runs in code that ended cleanly, drawn towards ``USUAL_SKILL``."""
    return (clean + _USUAL_RUNS * USUAL_SKILL) / (runs + _USUAL_RUNS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What a router knows when it chooses.

    Attributes:
        task: the question and its context.
        profile: of the context.
        root, sub: the models.
        options: what it may choose from.
        left: what may be spent.
        worth: what the caller pays for.
        root_skill: of the root model's own runs in code (``skill_from``); ``None`` if none is known.
        draw: a number drawn for this run, 0 to 1, for routers that try other modes now and then; ``None`` if they must not.
    """

    task: Task
    profile: Profile
    root: ModelFacts
    sub: ModelFacts
    options: tuple[RouteOption, ...]
    left: Left = field(default_factory=Left)
    worth: Worth = field(default_factory=Worth)
    root_skill: float | None = None
    draw: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """An answer that a route led to.

    Attributes:
        mode: in which it was reached.
        status: of the answer.
        confidence: with the signals that were measured.
    """

    mode: Mode
    status: Status
    confidence: Confidence


class NextMode(NamedTuple):
    """A mode to try next, and why, as a sentence."""

    mode: Mode
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """One option, as a router judges it.

    Attributes:
        option: its name.
        mode: its mode.
        right: how probable a right answer is.
        micros: expected micro-dollars; ``None`` if a price is unknown.
        seconds: expected wall time.
        utility: dollars: the worth of the probability less money and time; ``None`` if it cannot be chosen.
        obstacle: why it cannot be chosen; ``None`` if it can.
    """

    option: str
    mode: Mode
    right: float
    micros: int | None
    seconds: float
    utility: float | None
    obstacle: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A router's choice for a task.

    Attributes:
        mode: the mode.
        probabilities: by mode: how probable a right answer is, by a learned router; its share of the points, by rules.
        reasons: why, as sentences, the weightiest first.
        reader: the model that reads, in *direct* mode.
        strategy: the strategy, in *plan* mode.
        depth: how deep *full* mode may recurse; ``None`` for as deep as the settings allow.
        basis: what the choice rests on.
        is_sure: whether the task is of a kind that the router has learned, and the best option is well ahead. An unsure router
            takes the safest mode that the budget allows.
        weighed: every option as it was judged, in the order of its utility; empty for rules.
        features: what the router saw, by name; empty for rules.
        propensity: the chance with which this mode was chosen; below 1 only where other modes are tried now and then.
        version: of the router's model.
    """

    mode: Mode
    probabilities: Mapping[Mode, float]
    reasons: tuple[str, ...] = ()
    reader: Reading = "root"
    strategy: Strategy | None = None
    depth: int | None = None
    basis: Basis = "rules"
    is_sure: bool = True
    weighed: tuple[Weighed, ...] = ()
    features: Mapping[str, float] = field(default_factory=dict)
    propensity: float = 1.0
    version: str = ""
