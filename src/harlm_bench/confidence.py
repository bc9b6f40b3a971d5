"""Calibrations of HARLM's confidence from journals: what HARLM measured of its own answers, beside whether they were right."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from harlm.branching.calibration import Calibration, Origin, Record, fit
from harlm.branching.signals import from_numbers
from harlm.branching.stopping import conformal, promised
from harlm.errors import ConfigError, ContextError
from harlm.patterns import lazy_pattern
from harlm_bench.journal import ASKED_AGAIN, Journal
from harlm_bench.outcomes import Result

RIGHT = 1.0
"""The score from which on an answer counts as right."""

RISK, DELTA = 0.1, 0.1
"""Of the thresholds that are told."""

_SIGNAL = "signal_"
_NOT_IN_A_NAME = lazy_pattern(r"[^A-Za-z0-9._-]+")


class Answering(NamedTuple):
    """What answered: a mode and the full name of a model."""

    mode: str
    model: str


def records_from(journal: Journal, *, right: float = RIGHT) -> Mapping[Answering, Sequence[Record]]:
    """The scored answers of a journal, by what answered. Results without signals, such as those of rivals, are left out.

    Args:
        journal: of any run.
        right: the score from which on an answer counts as right.

    Raises:
        ContextError: a result has signals out of their bounds.
    """
    found: dict[Answering, list[Record]] = {}
    for result in journal.results:
        notes = result.outcome.notes
        numbers = {
            name.removeprefix(_SIGNAL): each for name, each in notes.items() if name.startswith(_SIGNAL)
        }
        if not numbers or result.outcome.status in ASKED_AGAIN:
            continue
        answering = Answering(str(notes.get("mode", "")), str(notes.get("model", "")))
        found.setdefault(answering, []).append(_record(result, numbers, right, journal.path))
    return found


def calibrations(journals: Sequence[Journal], *, right: float = RIGHT) -> tuple[Calibration, ...]:
    """A calibration for each mode and model with enough answers in all journals together.

    Raises:
        ConfigError: there are too few for any; the message says so for each.
        ContextError: as ``records_from``.
    """
    answers: dict[Answering, list[Record]] = {}
    origins: dict[Answering, list[Origin]] = {}
    for journal in journals:
        for answering, records in records_from(journal, right=right).items():
            answers.setdefault(answering, []).extend(records)
            origins.setdefault(answering, []).append(_origin(journal))
    made, missing = [], []
    for answering, records in sorted(answers.items()):
        try:
            made.append(fit(records, mode=answering.mode, model=answering.model, origins=origins[answering]))
        except ConfigError as error:
            missing.append(str(error))
    if not made:
        told = "; ".join(missing) or "no result has signals: run HARLM's systems with this version"
        raise ConfigError(f"nothing can be calibrated: {told}")
    return tuple(made)


def file_of(calibration: Calibration, folder: Path) -> Path:
    """Where a calibration is kept in a folder."""
    return folder / f"{calibration.mode}-{_NOT_IN_A_NAME.sub('_', calibration.model)}.json"


def told(made: Iterable[Calibration]) -> Iterable[str]:
    """Lines about calibrations: what each was made of, how well it holds, and when a race may stop."""
    for each in made:
        quality = each.quality
        yield str(each)
        yield (
            f"  held out: {quality.records:,} answers, {quality.right:.1%} right; Brier {quality.brier:.3f} "
            f"(always {quality.right:.0%}: {quality.right * (1 - quality.right):.3f}), off by {quality.error:.1%} on average"
        )
        for threshold in (conformal(each.levels, RISK), promised(each.levels, RISK, DELTA)):
            at = "" if threshold.least is None else f"from {threshold.least:.1%} on, "
            yield f"  stops: {at}{threshold.reason}"


def _record(result: Result, numbers: Mapping[str, object], right: float, path: Path) -> Record:
    try:
        signals = from_numbers(numbers)
    except ValueError as error:
        raise ContextError(
            f"journal {str(path)!r}, question {result.question!r} of {result.window!r}: {error}; run it again with --fresh"
        ) from error
    return Record(signals=signals, right=result.score >= right, group=result.digest)


def _origin(journal: Journal) -> Origin:
    header = journal.header
    return Origin(
        suite=header.suite,
        seed=header.seed,
        label=header.label.name,
        detail=header.label.detail,
        code=header.code,
    )
