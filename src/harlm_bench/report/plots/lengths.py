"""Score against length: a panel for each task that was asked at several sizes, its curves named at their ends."""

from __future__ import annotations

from collections.abc import Mapping

from harlm_bench import statistics
from harlm_bench.report.groups import Group, clusters, score_of, unreached
from harlm_bench.report.plots.canvas import LINE, Canvas, Scale, spread
from harlm_bench.report.plots.pareto import amount
from harlm_bench.report.plots.series import kinds
from harlm_bench.report.scores import COMPARED
from harlm_bench.statistics import Estimate

_WIDTH, _HEIGHT = 720.0, 330.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 44.0, 520.0, 58.0, 286.0

_Curves = Mapping[str, Mapping[int, Estimate]]


def lengths(group: Group) -> tuple[str, ...]:
    """A plot for each task with two sizes or more."""
    return tuple(
        _plot(group, task)
        for task in group.tasks
        if len({it.tokens for it in group.results if it.task == task}) > 1
    )


def _plot(group: Group, task: str) -> str:
    sizes = sorted({result.tokens for result in group.results if result.task == task})
    curves = _curves(group, task, sizes)
    canvas = Canvas(
        _WIDTH,
        _HEIGHT,
        title=f"Score against length: {task}",
        label=group.label,
        subtitle="Flat and high is better. Bars: 95 % intervals of ours and the reference.",
    )
    x = Scale(low=sizes[0] / 1.15, high=sizes[-1] * 1.15, start=_LEFT + 6, end=_RIGHT, is_log=True)
    y = Scale(low=0, high=100, start=_BOTTOM, end=_TOP)
    for value in y.ticks(5):
        canvas.line((_LEFT, y(value)), (_RIGHT, y(value)), "m-grid")
        canvas.text(_LEFT - 8, y(value) + 4, f"{value:g}", "t-tick", "end")
    for size in sizes:
        canvas.line((x(size), _BOTTOM), (x(size), _BOTTOM + 5), "m-axis")
        canvas.text(x(size), _BOTTOM + 20, _size(size), "t-tick", "middle")
    canvas.line((_LEFT, _BOTTOM), (_RIGHT, _BOTTOM), "m-axis")
    canvas.text(_RIGHT, _BOTTOM + 38, "tokens of the text (logarithmic)", "t-quiet", "end")
    _draw(canvas, group, curves, x, y)
    return canvas.svg()


def _curves(group: Group, task: str, sizes: list[int]) -> _Curves:
    found: dict[str, dict[int, Estimate]] = {}
    for name in group.names(*COMPARED):
        for size in sizes:
            results = group.of(name, task, size)
            if results and unreached(results) < len(results):
                found.setdefault(name, {})[size] = statistics.mean(clusters(results, score_of))
    return found


def _draw(canvas: Canvas, group: Group, curves: _Curves, x: Scale, y: Scale) -> None:
    kind = kinds(group)
    names = sorted(curves, key=lambda name: kind[name].startswith("ours"))
    for place, name in enumerate(names):
        is_barred = kind[name].startswith(("ours", "reference"))  # bars of all would hide the curves
        nudge = 2.0 * (place - (len(names) - 1) / 2)  # so that whiskers at one size stand side by side
        places = [(x(size) + nudge, y(100 * it.value)) for size, it in curves[name].items()]
        for (at, _), it in zip(places, curves[name].values(), strict=True):
            if is_barred:
                canvas.line((at, y(100 * it.low)), (at, y(100 * it.high)), f"m-whisker {kind[name]}")
        canvas.path(places, f"m-curve {kind[name]}")
        for at_place, (size, it) in zip(places, curves[name].items(), strict=True):
            said = f"{name}, {_size(size)}: {100 * it.value:.1f}"
            canvas.dot(at_place, 3.5, f"m-dot {kind[name]}", said)
    ends = [y(100 * list(curves[name].values())[-1].value) for name in names]
    for name, end, at in zip(names, ends, spread(ends, LINE, _TOP + 4, _BOTTOM - 2), strict=True):
        canvas.path([(_RIGHT + 4, end), (_RIGHT + 14, at)], f"m-leader {kind[name]}")
        canvas.text(_RIGHT + 18, at + 4, name, f"t-label {kind[name]}")


def _size(tokens: int) -> str:
    if tokens >= 1 << 20 and tokens % (1 << 20) == 0:
        return f"{tokens >> 20}M"
    return f"{tokens // 1024}K" if tokens % 1024 == 0 else amount(tokens, "tokens")
