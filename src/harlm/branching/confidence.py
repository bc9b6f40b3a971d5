"""How probable it is that an answer is right, by what speaks for it, or "no confidence" if nothing justifies a number.

A deterministic acceptor outranks everything: what it rejects has confidence 0, and what it accepts has 1. Everything else
goes through the calibration of its mode and model; without one there is no number.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from harlm.branching.calibration import Calibration, load, read
from harlm.branching.signals import as_numbers
from harlm.types import Confidence, Signals

FOLDER = "calibrations"
"""The folder of calibrations, in this package and in the user's home."""

_VERDICTS = {
    "recount": (
        "a second, exact computation gave the same answer",
        "a second, exact computation gave another answer",
    ),
    "schema": ("the answer fits its schema", "the answer does not fit its schema"),
    "test": ("the caller's test passed", "the caller's test failed"),
}


def confidence(signals: Signals, *, mode: str, model: str, known: Iterable[Calibration]) -> Confidence:
    """The confidence of an answer.

    Args:
        signals: about it.
        mode: in which it was made.
        model: the full name of the model that answered.
        known: the calibrations to choose from; the first one of this mode and model is used.
    """
    told = tuple(_in_words(signals))
    if signals.verdict is not None:
        said = _VERDICTS[signals.verdict.acceptor][0 if signals.verdict.accepted else 1]
        return Confidence(value=float(signals.verdict.accepted), reasons=(said, *told), signals=signals)
    calibration = next((each for each in known if (each.mode, each.model) == (mode, model)), None)
    if not as_numbers(signals):
        return _none("nothing was measured that speaks for or against the answer", told, signals)
    if calibration is None:
        return _none(f"no scored answers of {model} in mode {mode} are known to compare with", told, signals)
    value = calibration.value(signals)
    if value is None:
        return _none(f"what was measured here was not measured in {calibration}", told, signals)
    chance = f"{value:.0%} of answers like this were right, by {calibration}"
    return Confidence(value=value, reasons=(chance, *told), signals=signals, calibration=str(calibration))


def calibrations_in(folder: Path) -> tuple[Calibration, ...]:
    """The calibrations in a folder, by name of the file; none if there is no such folder.

    Raises:
        ConfigError: a file with the name ``*.json`` is not a calibration.
    """
    return tuple(load(path) for path in sorted(folder.glob("*.json")))


@lru_cache(maxsize=1)
def shipped() -> tuple[Calibration, ...]:
    """The calibrations that this version of HARLM ships with."""
    found = files("harlm.branching").joinpath(FOLDER)
    if not found.is_dir():
        return ()
    names = sorted(
        (each for each in found.iterdir() if each.name.endswith(".json")), key=lambda each: each.name
    )
    return tuple(read(each.read_bytes(), each.name) for each in names)


def _none(why: str, told: tuple[str, ...], signals: Signals) -> Confidence:
    return Confidence(reasons=(why, *told), signals=signals)


def _in_words(signals: Signals) -> Iterator[str]:
    """What was measured, as sentences."""
    if signals.agreement is not None and signals.agreement.whole > 1:
        yield f"{signals.agreement} ways to decompose the task came to this answer"
    if signals.coverage is not None:
        yield f"{signals.coverage} items were judged"
    if signals.quotes is not None:
        made = signals.quotes.whole
        yield f"{signals.quotes} quotes were found in the text" if made else "the answer quotes nothing"
    if signals.audit is not None and signals.audit.whole:
        yield f"{signals.audit} items that were checked again were wrong"
    if signals.has_type is not None:
        yield f"the answer has {'' if signals.has_type else 'not '}the form that the question asks for"
    if signals.ran_clean is not None:
        yield (
            "it was reached without exceptions, cuts or limits"
            if signals.ran_clean
            else "it was not reached cleanly: an exception, a cut or a limit"
        )
    if signals.is_found is False:
        yield "the model says that the context does not hold the answer"
    if signals.logprob is not None:
        yield f"the model gave its own words a mean probability of {signals.logprob:.0%}"
