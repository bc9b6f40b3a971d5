"""Differences with their intervals around a line at zero: what each part of HARLM is worth, and what it gains or loses."""

from __future__ import annotations

from collections.abc import Sequence

from harlm_bench.labels import Label
from harlm_bench.report.plots.canvas import Canvas, Scale
from harlm_bench.report.scores import ALL, Gain
from harlm_bench.report.tables import signed

_WIDTH = 720.0
_LEFT, _RIGHT = 250.0, 560.0
_ROW, _TOP = 24.0, 66.0


def forest(gains: Sequence[Gain], *, title: str, label: Label) -> str | None:
    """The plot; ``None`` without a difference. Rows of all tasks together are bold."""
    if not gains:
        return None
    height = _TOP + _ROW * len(gains) + 44
    ours = gains[0].ours
    canvas = Canvas(
        _WIDTH,
        height,
        title=title,
        label=label,
        subtitle=f"Points of score, {ours} minus the other; 95 % intervals. Hollow: none shown, or too few to tell.",
    )
    ends = [
        100 * end for gain in gains for end in (gain.difference.estimate.low, gain.difference.estimate.high)
    ]
    most = max(5.0, *(abs(end) for end in ends))
    x = Scale(low=-most, high=most, start=_LEFT, end=_RIGHT)
    bottom = _TOP + _ROW * len(gains)
    for value in x.ticks(6):
        canvas.line((x(value), _TOP - 8), (x(value), bottom), "m-zero" if value == 0 else "m-grid")
        canvas.text(x(value), bottom + 16, signed(value), "t-tick", "middle")
    canvas.text(x(0) - 10, bottom + 34, "← the other is better", "t-quiet", "end")
    canvas.text(x(0) + 10, bottom + 34, f"{ours} is better →", "t-quiet")
    whole = {(gain.theirs, gain.task) for gain in gains}
    for place, gain in enumerate(_together(gains)):
        is_below = (gain.theirs, ALL) in whole
        _row(canvas, gain, _TOP + _ROW * place + 10, x, is_below=is_below)
    return canvas.svg()


def _together(gains: Sequence[Gain]) -> list[Gain]:
    """The rows of each system together, that of all tasks first."""
    systems = list(dict.fromkeys(gain.theirs for gain in gains))
    return sorted(gains, key=lambda gain: (systems.index(gain.theirs), gain.task != ALL))


def _row(canvas: Canvas, gain: Gain, y: float, x: Scale, *, is_below: bool) -> None:
    it = gain.difference.estimate
    verdict = gain.difference.verdict
    kind = {"higher": "win", "lower": "loss"}.get(verdict, "even")
    strong = " strong" if gain.task == ALL else ""
    name = f"{gain.theirs}, {gain.task}"
    shown = _short(gain.theirs if gain.task == ALL else gain.task if is_below else name)
    canvas.text(_LEFT - 14, y + 4, shown, f"t-label{strong or ' quiet'}", "end")
    canvas.line((x(100 * it.low), y), (x(100 * it.high), y), f"m-interval {kind}{strong}")
    said = f"{name}: {signed(100 * it.value, 1)} [{signed(100 * it.low, 1)}, {signed(100 * it.high, 1)}], {verdict}"
    canvas.dot((x(100 * it.value), y), 5 if strong else 4, f"m-estimate {kind}", said)
    figures = f"{signed(100 * it.value, 1)}  [{signed(100 * it.low)}, {signed(100 * it.high)}]"
    canvas.text(_RIGHT + 16, y + 4, figures, f"t-figure{strong}")


def _short(name: str) -> str:
    return name if len(name) <= 38 else f"{name[:37]}…"
