"""Made-up scored answers, whose probability to be right is known."""

from __future__ import annotations

import random
from datetime import date

from harlm.branching.calibration import Calibration, Origin, Record, fit
from harlm.types import Share, Signals

MADE_UP = Origin(suite="made up", seed=7, label="SIMULATED", detail="records drawn from a known law")
CLEAN, UNCLEAN = 0.9, 0.3
"""How often an answer is right that was reached cleanly, or not."""


def scored(number: int, *, seed: int = 7, per_text: int = 4) -> list[Record]:
    """Answers, some of them about the same text."""
    draw = random.Random(seed)
    records = []
    for count in range(number):
        is_clean = draw.random() < 0.6
        signals = Signals(
            ran_clean=is_clean,
            has_type=draw.choice([None, True, False]),
            quotes=Share(draw.randint(0, 2), 2),
        )
        is_right = draw.random() < (CLEAN if is_clean else UNCLEAN)
        records.append(Record(signals=signals, right=is_right, group=f"text {count // per_text}"))
    return records


def calibrated(number: int = 600, *, mode: str = "direct", model: str = "scripted/model") -> Calibration:
    """A calibration of these answers."""
    return fit(scored(number), mode=mode, model=model, origins=[MADE_UP], on=date(2026, 12, 1))
