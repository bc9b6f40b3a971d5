"""How well HARLM's confidence in the offline model holds: calibrated on our own questions, tried on texts that were held out.

The questions are those of ``perf.reading`` (48 articles, all with an answer) and ``perf.questions`` (documents of many
kinds, a quarter without an answer), only those that the model was not fitted or tuned on. ``--write`` also keeps the
calibrations in the package.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Sequence
from typing import NamedTuple, get_args

import harlm
from harlm import HARLM
from harlm.branching import confidence as shipped
from harlm.branching.calibration import Calibration, Origin, Record, fit, save
from harlm.branching.stopping import conformal, promised
from harlm.context import load
from harlm.events import Judged
from harlm.testing import EventLog
from harlm.types import Answer, Context, Mode, Signals
from perf import questions, reading
from perf.measure import ROOT, Table, report

MODEL = "offline/extractive"
MODES = tuple(mode for mode in get_args(Mode) if mode in ("direct", "repl"))
RISKS = (0.2, 0.1, 0.05)
DELTA = 0.1
FOLDER = ROOT / "src/harlm/branching" / shipped.FOLDER


class Scored(NamedTuple):
    """One answer: the set that it is of, what was measured, and whether it was right."""

    set: str
    record: Record


def scored(mode: Mode) -> Iterator[Scored]:
    """All held-out questions of both sets, asked in a mode through HARLM's public door."""
    with tempfile.TemporaryDirectory() as home:
        client = HARLM(model=MODEL, home=home, mode=mode)
        articles = load(reading.DATA / "articles")
        _, asked = reading.items()
        for item in asked:
            if item.held_out:
                answer, signals = _asked(client, item.question, articles)
                right = reading.holds(answer.text, reading.WORDS, item)
                yield Scored("reading", Record(signals=signals, right=right, group=item.article))
        for each in questions.items():
            if each.held_out:
                answer, signals = _asked(
                    client, each.question, load(questions.DATA / "documents" / each.document.replace("*", ""))
                )
                verdict = questions.judged(each, answer.status, answer.text.strip().split("\n")[0])
                record = Record(signals=signals, right=verdict == "right", group=each.document)
                yield Scored("questions", record)


def _asked(client: HARLM, question: str, context: Context) -> tuple[Answer, Signals]:
    log = EventLog()
    answer = client.ask(question, context, sinks=[log])
    return answer, log.of(Judged)[-1].confidence.signals


def calibrated(found: Sequence[Scored], mode: str) -> Calibration:
    """The calibration of the answers of a mode."""
    names = sorted({each.set for each in found})
    origins = [
        Origin(
            suite=f"perf.{name}, held out",
            seed=0,
            label="BUILT-IN",
            detail=f"{MODEL} of HARLM {harlm.__version__}",
        )
        for name in names
    ]
    return fit([each.record for each in found], mode=mode, model=MODEL, origins=origins)


def _row(mode: str, found: Sequence[Scored], made: Calibration) -> list[object]:
    quality = made.quality
    base = quality.right * (1 - quality.right)
    return [
        mode, len(found), f"{quality.records}, {quality.right:.1%} right", f"{quality.brier:.3f} / {base:.3f}",
        f"{quality.error:.1%}", *(_threshold(made, risk) for risk in RISKS),
    ]  # fmt: skip


def _threshold(made: Calibration, risk: float) -> str:
    shown = (
        "-" if each.least is None else f"{each.least:.0%}"
        for each in (conformal(made.levels, risk), promised(made.levels, risk, DELTA))
    )
    return " / ".join(shown)


def _across(mode: str, found: Sequence[Scored]) -> Iterator[list[object]]:
    """Calibrated on one set, tried on the other: what happens if the texts are of another kind."""
    for other in sorted({each.set for each in found}):
        made = calibrated([each for each in found if each.set != other], mode)
        records = [each.record for each in found if each.set == other]
        pairs = [(made.value(each.signals), each.right) for each in records]
        known = [(value, right) for value, right in pairs if value is not None]
        said = sum(value for value, _ in known) / len(known)
        yield [mode, other, len(known), f"{said:.1%}", f"{sum(right for _, right in known) / len(known):.1%}"]


def main() -> None:
    """Measure both modes."""
    rows: list[list[object]] = []
    across: list[list[object]] = []
    for mode in MODES:
        found = list(scored(mode))
        made = calibrated(found, mode)
        rows.append(_row(mode, found, made))
        across += _across(mode, found)
        if "--write" in sys.argv[1:]:
            save(made, FOLDER / f"{mode}-offline_extractive.json")
    risks = [f"stops at {risk:.0%}, mean / sure" for risk in RISKS]
    report(
        "confidence",
        "Confidence in the offline model",
        "The probability that an answer is right, calibrated on questions of our own, beside how many are right among texts that "
        f"were held out; and from which confidence a race may stop at a risk, on average and with a chance of {1 - DELTA:.0%}.",
        [
            Table(
                "Texts of the same kinds",
                ["mode", "answers", "held out", "Brier / always the mean", "off by", *risks],
                rows,
            ),
            Table(
                "Texts of another kind: calibrated on one set, tried on the other",
                ["mode", "tried on", "answers", "mean confidence", "right"],
                across,
            ),
        ],
    )


if __name__ == "__main__":
    main()
