"""What sort of programmer a root is in one conversation: its quality, its program, its habits and its mistakes.

Drawn from the question alone, so that every scaffold meets the same programmer. The rates of mistakes follow
"Recursive Language Models" (arXiv 2512.24601v3): an open-weights root misused FINAL in 16 % of its turns and FINAL_VAR in
13 %, re-verified right answers up to five times and then answered wrongly, and failed on syntax in 5-30 % of turns; the
rates of the other two qualities are assumptions, in proportion.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from harlm_bench.simulator.draw import Draw

Quality = Literal["expert", "typical", "sloppy"]
QUALITIES: Final[tuple[Quality, ...]] = ("expert", "typical", "sloppy")

VARIANTS: Final = 2
"""Programs of each quality in each family: one that may be tuned, one that must not be."""

MIX: Final[Mapping[Quality, float]] = {"expert": 0.25, "typical": 0.5, "sloppy": 0.25}
"""The shares of the qualities where a profile says nothing."""

Misuse = Literal["prose", "name", "plan"]
"""A finish outside code; a finish with the name of a variable in place of its value, or the value in place of the name;
a finish with the plan in place of the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """How often a quality makes which mistake.

    Attributes:
        slips: exceptions per turn, as the lowest and highest rate of a conversation.
        final, final_var: finishes that are misused, per turn that finishes.
        plan: conversations that answer with the plan.
        early: conversations that answer after the first look.
        verifies: conversations that check an answer that stands.
        most_checks: times that they check it, at most.
        changes: checked answers that are changed for a worse one.
        delegates: conversations that give chunks to a child with a REPL, where there are children, instead of a call.
        patience: turns with an exception after which it gives up.
    """

    slips: tuple[float, float]
    final: float
    final_var: float
    plan: float
    early: float
    verifies: float
    most_checks: int
    changes: float
    delegates: float
    patience: int


RATES: Final[Mapping[Quality, Rates]] = {
    "expert": Rates(
        slips=(0.0, 0.03),
        final=0.02,
        final_var=0.01,
        plan=0.0,
        early=0.0,
        verifies=0.05,
        most_checks=1,
        changes=0.0,
        delegates=0.10,
        patience=6,
    ),
    "typical": Rates(
        slips=(0.02, 0.10),
        final=0.08,
        final_var=0.06,
        plan=0.01,
        early=0.02,
        verifies=0.20,
        most_checks=2,
        changes=0.05,
        delegates=0.10,
        patience=5,
    ),
    "sloppy": Rates(
        slips=(0.05, 0.30),
        final=0.16,
        final_var=0.13,
        plan=0.04,
        early=0.10,
        verifies=0.35,
        most_checks=5,
        changes=0.20,
        delegates=0.15,
        patience=4,
    ),
}

_LINES: Final[Mapping[Quality, tuple[int, ...]]] = {
    "expert": (30, 40, 50),
    "typical": (50, 100, 150),
    "sloppy": (10, 250, 500, 1_000),
}
"""Lines that are labelled in one call. Both ends of the sloppy ones are wrong: too many calls, or too long a list."""

_CHARACTERS: Final[Mapping[Quality, tuple[int, ...]]] = {
    "expert": (24_000, 40_000),
    "typical": (40_000, 80_000, 120_000),
    "sloppy": (4_000, 200_000, 400_000),
}
"""Characters of text that are read in one call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A programmer.

    Attributes:
        quality: how good it is.
        variant: which of the programs of its quality it writes, from 0.
        rates: of its mistakes.
        slips: the rate of exceptions per turn in this conversation.
        checks: how often it checks an answer that stands.
        is_early: whether it answers after the first look.
        gives_plan: whether it answers with its plan.
        changes_mind: whether it answers otherwise after its checks.
        delegates: whether it gives chunks to children.
        lines, characters: how much it puts into one call.
        draw: for everything else in this conversation.
    """

    quality: Quality
    variant: int
    rates: Rates
    slips: float
    checks: int
    is_early: bool
    gives_plan: bool
    changes_mind: bool
    delegates: bool
    lines: int
    characters: int
    draw: Draw

    def slips_in(self, turn: int) -> bool:
        """Whether the code of a turn, counted from 0, has a slip."""
        return self.draw.happens(f"turn {turn}: slip", self.slips)

    def misuse_in(self, turn: int, *, has_final_var: bool) -> Misuse | None:
        """How the finish of a turn is misused, if it is."""
        if self.draw.happens(f"turn {turn}: final", self.rates.final):
            return "prose"
        if has_final_var and self.draw.happens(f"turn {turn}: final_var", self.rates.final_var):
            return "name"
        return None


def drawn(draw: Draw, mix: Mapping[Quality, float] = MIX) -> Policy:
    """The programmer of a conversation; ``draw`` belongs to its question."""
    quality = draw.weighted("quality", mix)
    rates = RATES[quality]
    low, high = rates.slips
    checks = 0
    if draw.happens("verifies", rates.verifies):
        checks = draw.choice("checks", range(1, rates.most_checks + 1))
    return Policy(
        quality=quality,
        variant=draw.choice("variant", range(VARIANTS)),
        rates=rates,
        slips=low + (high - low) * draw.uniform("slips"),
        checks=checks,
        is_early=draw.happens("early", rates.early),
        gives_plan=draw.happens("plan", rates.plan),
        changes_mind=bool(checks) and draw.happens("changes", rates.changes),
        delegates=draw.happens("delegates", rates.delegates),
        lines=draw.choice("lines", _LINES[quality]),
        characters=draw.choice("characters", _CHARACTERS[quality]),
        draw=draw,
    )
