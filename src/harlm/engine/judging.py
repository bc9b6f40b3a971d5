"""Judges the confidence of an answer at the root of a run, by what was measured of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from harlm import events
from harlm.branching.confidence import confidence
from harlm.branching.forms import asked_form, has_form
from harlm.branching.signals import Report, joined
from harlm.context import Cited
from harlm.engine.node import Node
from harlm.engine.outcome import Outcome
from harlm.types import Confidence, Mode, Share, Signals, Task, corpus_of


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownBefore:
    """What a router could know of a run before it.

    Attributes:
        features: by name; empty if they were not taken.
        propensity: the chance with which its mode was chosen.
        micros, seconds: what it was expected to cost; ``micros`` is ``None`` if a price is unknown.
    """

    features: Mapping[str, float] = field(default_factory=dict)
    propensity: float = 1.0
    micros: int | None = None
    seconds: float = 0.0


NOTHING_KNOWN = KnownBefore()


def judged(
    task: Task,
    node: Node,
    mode: Mode,
    outcome: Outcome,
    cited: Cited,
    reported: Sequence[Report] = (),
    *,
    before: KnownBefore = NOTHING_KNOWN,
) -> Confidence:
    """The confidence of an answer, with an event that holds what it was made of.

    Below the root there is none: citations are checked at the root only, and a parent judges what a child says.

    Args:
        task: what was asked.
        node: answered it.
        mode: in which it did.
        outcome: how it ended.
        cited: the answer, with its citations checked.
        reported: what cells have reported about their own steps. Code in a sandbox may report anything, so no acceptance
            of theirs counts.
        before: what a router could know of it.
    """
    if node.depth:
        return Confidence()
    model = (node.models.sub if mode == "plan" else node.models.root).name  # a plan asks no root model
    signals = joined(signals_of(task, outcome, cited), reported)
    found = confidence(signals, mode=mode, model=model, known=node.run.calibrations)
    node.emit(
        events.Judged(
            model=model,
            mode=mode,
            confidence=found,
            strategy=outcome.strategy,
            corpus=corpus_of(task.context),
            features=before.features,
            propensity=before.propensity,
            expected_micros=before.micros,
            expected_seconds=before.seconds,
        )
    )
    return found


def signals_of(task: Task, outcome: Outcome, cited: Cited) -> Signals:
    """What every answer shows by itself: its quotes, its form, and how it was reached.

    An answer that says that the context does not hold it is not expected to have a form.
    """
    is_found = outcome.status != "not_found"
    form = asked_form(task.question) if is_found else None
    verified = len(cited.citations)
    return Signals(
        quotes=Share(verified, verified + cited.dropped),
        has_type=None if form is None else has_form(form, cited.text, outcome.data),
        ran_clean=outcome.status != "partial" and outcome.ended_by is None and not outcome.exceptions,
        is_found=is_found,
    )
