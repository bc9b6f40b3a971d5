"""What turns signals into a probability, for one mode and one model: fitted from scored answers, and kept as a JSON file with
the data that it came from.

Answers about the same text are alike, so records are split by their group: the regression and the steps are fitted on
two thirds of the groups, and the last third says how well the result holds and when a race may stop.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated

import msgspec

from harlm.branching.scoring import FEATURES, Scale, fit_scale
from harlm.branching.stopping import Level
from harlm.config.tables import read_settings_file
from harlm.errors import ConfigError
from harlm.isotonic import Knot, fault_in, fit_knots, value_at
from harlm.types import Signals

FORMAT = 1
"""The version of the file."""

LEAST_RECORDS = 60
"""Fewer scored answers make no calibration: a third of them is held out, and 20 cannot show a risk of 5 %."""

_HELD_OUT = 3  # one group of so many
_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """An answer whose correctness is known.

    Attributes:
        signals: about it.
        right: whether it was right.
        group: names the text that was asked about; records of a group are never split.
    """

    signals: Signals
    right: bool
    group: str


class Origin(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where records come from.

    Attributes:
        suite, seed: what was asked.
        label: what answered: EMBEDDED, SIMULATED, REPLAY, REAL ENDPOINT.
        detail: the weights or the profile, with the digest.
        code: the digest of the sources that asked and scored; empty if it is not known.
    """

    suite: _Name
    seed: int
    label: _Name
    detail: str
    code: str = ""


class Quality(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How well the probabilities hold for the records that were held out.

    Attributes:
        records: how many.
        right: the share of right answers.
        brier: the mean squared distance between probability and outcome; 0 is best, and always saying ``right`` gives
            ``right * (1 - right)``.
        error: the mean distance between a probability and the share of right answers that got it (expected calibration error).
    """

    records: int
    right: float
    brier: float
    error: float


class Calibration(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From signals to a probability, for one mode and one model.

    Attributes:
        format: of the file.
        mode, model: what answered: the mode, and the full name of the model.
        date: of the fit, ISO 8601.
        origins: where the records come from.
        records: how many scored answers it was made of, with those held out.
        scale: the regression.
        knots: the steps from score to probability.
        levels: the held-out records by confidence, from which thresholds are made.
        quality: how well it holds for them.
    """

    format: int
    mode: _Name
    model: _Name
    date: str
    origins: Annotated[tuple[Origin, ...], msgspec.Meta(min_length=1)]
    records: Annotated[int, msgspec.Meta(ge=1)]
    scale: Scale
    knots: Annotated[tuple[Knot, ...], msgspec.Meta(min_length=1)]
    levels: tuple[Level, ...]
    quality: Quality

    def value(self, signals: Signals) -> float | None:
        """The probability that an answer is right; ``None`` if none of the signals that count was measured."""
        if not self.scale.is_told_by(signals):
            return None
        return value_at(self.knots, self.scale.score(signals))

    def __str__(self) -> str:
        came = ", ".join(
            dict.fromkeys(f"{each.label}, suite {each.suite}, seed {each.seed}" for each in self.origins)
        )
        return f"{self.records:,} scored answers of {self.model} in mode {self.mode} ({came}; {self.date})"


def fit(
    records: Sequence[Record], *, mode: str, model: str, origins: Sequence[Origin], on: date | None = None
) -> Calibration:
    """The calibration of a mode and a model.

    Args:
        records: scored answers of this mode and model. Those without any signal are left out.
        mode, model: what answered.
        origins: where the records come from.
        on: the date of the fit; today by default.

    Raises:
        ConfigError: there are too few records, or texts, or no signal varies.
    """
    known = [each for each in records if any(read(each.signals) is not None for read in FEATURES.values())]
    groups = sorted({each.group for each in known}, key=_order)
    if len(known) < LEAST_RECORDS or len(groups) < _HELD_OUT * 2:
        raise ConfigError(
            f"{len(known):,} scored answers about {len(groups):,} texts are too few to calibrate mode {mode} of {model}: "
            f"run more, at least {LEAST_RECORDS} answers about {_HELD_OUT * 2} texts"
        )
    held = set(groups[::_HELD_OUT])
    fitted = [each for each in known if each.group not in held]
    scale = fit_scale([each.signals for each in fitted], [each.right for each in fitted])
    if not scale.weights:
        raise ConfigError(
            f"no signal of mode {mode} of {model} varies, so none can tell right answers from wrong ones"
        )
    knots = fit_knots([scale.score(each.signals) for each in fitted], [each.right for each in fitted])
    levels = _levels_of([each for each in known if each.group in held], scale, knots)
    return Calibration(
        format=FORMAT,
        mode=mode,
        model=model,
        date=(on or date.today()).isoformat(),
        origins=tuple(origins),
        records=len(known),
        scale=scale,
        knots=knots,
        levels=levels,
        quality=_quality_of(levels),
    )


def save(calibration: Calibration, path: Path) -> None:
    """Write a calibration as JSON.

    Raises:
        ConfigError: the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(msgspec.json.format(msgspec.json.encode(calibration), indent=1) + b"\n")
    except OSError as error:
        raise ConfigError(
            f"calibration {str(path)!r} cannot be written ({error.strerror}); name another file"
        ) from error


def load(path: Path) -> Calibration:
    """The calibration in a file.

    Raises:
        ConfigError: it cannot be read, is not a calibration, or is of a newer version of HARLM.
    """
    data = read_settings_file(path, may_be_link=True)
    if data is None:
        raise ConfigError(
            f"calibration {str(path)!r} does not exist or may not be read; name a file that `save` has written"
        )
    return read(data, str(path))


def read(data: bytes, name: str) -> Calibration:
    """The calibration in the bytes of the file ``name``.

    Raises:
        ConfigError: as ``load``.
    """
    try:
        version = msgspec.json.decode(data, type=_Version).format
        if version > FORMAT:
            raise ConfigError(
                f"calibration {name!r} has format {version}, this version of HARLM reads {FORMAT}: update HARLM, or fit it again"
            )
        found = msgspec.json.decode(data, type=Calibration)
        _check(found)
    except (msgspec.DecodeError, ValueError) as error:
        raise ConfigError(
            f"{name!r} is not a calibration of confidence ({error}); fit it again, or remove the file"
        ) from error
    return found


class _Version(msgspec.Struct, frozen=True):
    format: int


def _check(found: Calibration) -> None:
    """Refuse figures that no fit gives.

    Raises:
        ValueError: what is wrong.
    """
    if found.format != FORMAT:
        raise ValueError(f"its format is {found.format}")
    if unknown := found.scale.weights.keys() - FEATURES.keys():
        raise ValueError(f"it weighs {', '.join(sorted(unknown))}, which is not measured")
    figures = [
        found.scale.intercept,
        *(x for each in found.scale.weights.values() for x in (each.weight, each.centre)),
    ]
    if not all(map(math.isfinite, figures)):
        raise ValueError("a figure is not finite")
    if fault := fault_in(found.knots):
        raise ValueError(fault)
    if len({knot.least for knot in found.knots}) < len(found.knots):
        raise ValueError("two steps begin at one score")
    if not all(0 <= level.value <= 1 for level in found.levels):
        raise ValueError("a probability is not between 0 and 1")
    if not all(0 <= level.right <= level.records for level in found.levels):
        raise ValueError("a level has more right answers than records")


def _order(group: str) -> str:
    """An order of groups that does not follow their names, the same on every machine."""
    return hashlib.sha256(group.encode()).hexdigest()


def _levels_of(records: Sequence[Record], scale: Scale, knots: Sequence[Knot]) -> tuple[Level, ...]:
    outcomes: dict[float, list[bool]] = {}
    for each in records:
        outcomes.setdefault(value_at(knots, scale.score(each.signals)), []).append(each.right)
    return tuple(
        Level(value=value, records=len(right), right=sum(right)) for value, right in sorted(outcomes.items())
    )


def _quality_of(levels: Sequence[Level]) -> Quality:
    records = sum(level.records for level in levels)
    off = sum(
        level.right * (1 - level.value) ** 2 + (level.records - level.right) * level.value**2
        for level in levels
    )
    return Quality(
        records=records,
        right=sum(level.right for level in levels) / records,
        brier=off / records,
        error=sum(abs(level.right - level.value * level.records) for level in levels) / records,
    )
