"""Accuracy against cost: which system answers best for the money, with the frontier that none of the others passes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from harlm_bench import statistics
from harlm_bench.report.bills import mean_usd
from harlm_bench.report.groups import Group, clusters, score_of, tokens_of, unreached
from harlm_bench.report.plots.canvas import Canvas, Scale, log_scale
from harlm_bench.report.plots.series import beside_dots, kinds
from harlm_bench.report.scores import COMPARED
from harlm_bench.statistics import Estimate

_WIDTH, _HEIGHT = 720.0, 430.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 44.0, 704.0, 58.0, 382.0


class _Point(NamedTuple):
    name: str
    cost: float
    score: Estimate


def pareto(group: Group) -> str | None:
    """The plot over all tasks; ``None`` unless two systems were given all of them, at some cost."""
    points = [point for name in group.names(*COMPARED) if (point := _point(group, name)) is not None]
    if len(points) < 2:
        return None
    unit = "USD" if group.has_prices else "tokens"
    canvas = Canvas(
        _WIDTH,
        _HEIGHT,
        title="Accuracy and cost",
        label=group.label,
        subtitle=f"Mean score over {len(group.tasks)} tasks, mean {unit} of a question. Up and to the left is better.",
    )
    x = log_scale((point.cost for point in points), _LEFT + 8, _RIGHT - 90)
    y = Scale(low=0, high=100, start=_BOTTOM, end=_TOP)
    _axes(canvas, x, y, unit)
    frontier = _frontier(points, x, y)
    canvas.path(frontier, "m-frontier")
    _dots(canvas, group, points, (x, y), frontier)
    return canvas.svg()


def _point(group: Group, name: str) -> _Point | None:
    of_tasks = [group.of(name, task) for task in group.tasks]
    results = [result for each in of_tasks for result in each]
    if not all(of_tasks) or unreached(results):
        return None
    cost = mean_usd(results) if group.has_prices else sum(map(tokens_of, results)) / len(results)
    if not cost:
        return None
    score = statistics.macro_mean([clusters(each, score_of) for each in of_tasks])
    return _Point(name, cost, score)


def _axes(canvas: Canvas, x: Scale, y: Scale, unit: str) -> None:
    for value in y.ticks(5):
        canvas.line((_LEFT, y(value)), (_RIGHT, y(value)), "m-grid")
        canvas.text(_LEFT - 8, y(value) + 4, f"{value:g}", "t-tick", "end")
    for value in x.ticks():
        canvas.line((x(value), _BOTTOM), (x(value), _BOTTOM + 5), "m-axis")
        canvas.text(x(value), _BOTTOM + 20, amount(value, unit), "t-tick", "middle")
    canvas.line((_LEFT, _BOTTOM), (_RIGHT, _BOTTOM), "m-axis")
    canvas.text(_RIGHT, _BOTTOM + 40, f"{unit} per question (logarithmic)", "t-quiet", "end")


def amount(value: float, unit: str) -> str:
    """A tick in USD, tokens or seconds."""
    if unit == "USD":
        return f"${value:g}"
    if value >= 1e6:
        return f"{value / 1e6:g}M"
    return f"{value / 1e3:g}k" if value >= 1e3 else f"{value:g}"


def _frontier(points: Sequence[_Point], x: Scale, y: Scale) -> list[tuple[float, float]]:
    places: list[tuple[float, float]] = []
    best = -1.0
    for point in sorted(points, key=lambda each: (each.cost, -each.score.value)):
        if point.score.value > best:
            if places:
                places.append((x(point.cost), places[-1][1]))
            best = point.score.value
            places.append((x(point.cost), y(100 * best)))
    return [*places, (_RIGHT, places[-1][1])]


def _dots(
    canvas: Canvas,
    group: Group,
    points: Sequence[_Point],
    scales: tuple[Scale, Scale],
    frontier: Sequence[tuple[float, float]],
) -> None:
    kind, (x, y) = kinds(group), scales
    places = [(x(point.cost), y(100 * point.score.value)) for point in points]
    for point, place in zip(points, places, strict=True):
        low, high = y(100 * point.score.low), y(100 * point.score.high)
        canvas.line((place[0], low), (place[0], high), f"m-whisker {kind[point.name]}")
    for point, place in zip(points, places, strict=True):
        said = f"{point.name}: {100 * point.score.value:.1f}, {point.cost:.4g} per question"
        canvas.dot(place, 5.5, f"m-dot {kind[point.name]}", said)
    names = [point.name for point in points]
    for at, name in zip(beside_dots(places, names, (_WIDTH, _BOTTOM), frontier), names, strict=True):
        canvas.text(at.x, at.y, name, f"t-label {kind[name]}", at.anchor)
