"""How many questions are answered within a time: one curve for each system, named at the curve itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harlm_bench.report.groups import Group, unreached, wall_of
from harlm_bench.report.plots.canvas import LETTER, Canvas, Scale, log_scale
from harlm_bench.report.plots.series import kinds
from harlm_bench.report.scores import COMPARED

_WIDTH, _HEIGHT = 720.0, 400.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 48.0, 704.0, 58.0, 352.0


def latency(group: Group) -> str | None:
    """The plot; ``None`` if no system was timed, or replies were recorded ones. An answer that failed counts as one that never comes."""
    if not group.label.has_times:
        return None
    walls = {}
    for name in group.names(*COMPARED):
        results = group.of(name)
        answered = sorted(wall_of(result) for result in results if result.outcome.status == "answered")
        if answered and not unreached(results):
            walls[name] = (answered, len(results))
    if not walls:
        return None
    scaled = ", on a scaled clock" if group.label.kind == "SIMULATED" else ""
    canvas = Canvas(
        _WIDTH,
        _HEIGHT,
        title="Time to the answer",
        label=group.label,
        subtitle=f"Share of all questions that are answered within a time{scaled}. Further left is better.",
    )
    x = log_scale((wall for times, _ in walls.values() for wall in times), _LEFT, _RIGHT - 60)
    y = Scale(low=0, high=1, start=_BOTTOM, end=_TOP)
    _axes(canvas, x, y)
    _curves(canvas, group, walls, x, y)
    return canvas.svg()


def _axes(canvas: Canvas, x: Scale, y: Scale) -> None:
    for value in (0.0, 0.25, 0.5, 0.75, 1.0):
        canvas.line((_LEFT, y(value)), (_RIGHT, y(value)), "m-grid strong" if value == 0.5 else "m-grid")
        canvas.text(_LEFT - 8, y(value) + 4, f"{100 * value:g} %", "t-tick", "end")
    for value in x.ticks(8):
        canvas.line((x(value), _BOTTOM), (x(value), _BOTTOM + 5), "m-axis")
        canvas.text(x(value), _BOTTOM + 20, f"{value:g} s", "t-tick", "middle")
    canvas.line((_LEFT, _BOTTOM), (_RIGHT, _BOTTOM), "m-axis")
    canvas.text(_RIGHT, _BOTTOM + 40, "seconds (logarithmic)", "t-quiet", "end")


def _curves(
    canvas: Canvas, group: Group, walls: Mapping[str, tuple[Sequence[float], int]], x: Scale, y: Scale
) -> None:
    kind = kinds(group)
    order = sorted(walls, key=lambda name: walls[name][0][len(walls[name][0]) // 2])
    drawn = sorted(order, key=lambda name: kind[name].startswith("ours"))  # ours on top
    for name in drawn:
        canvas.path(_steps(*walls[name], x, y), f"m-curve {kind[name]}")
    for place, name in enumerate(order):
        times, total = walls[name]
        # Each name at another height, the fastest system's lowest, so that names stay apart where curves run together.
        wanted = 0.12 + 0.8 * (place + 0.5) / len(order)
        share = min(wanted, len(times) / total)
        wall = times[min(len(times) - 1, int(share * total))]
        fits = x(wall) + 10 + LETTER * len(name) < _WIDTH
        at, anchor = (x(wall) + 7, "start") if fits else (x(wall) - 7, "end")
        canvas.dot((x(wall), y(share)), 3, f"m-dot {kind[name]}")
        canvas.text(at, y(share) + 4, name, f"t-label {kind[name]}", "start" if anchor == "start" else "end")


def _steps(times: Sequence[float], total: int, x: Scale, y: Scale) -> list[tuple[float, float]]:
    places = [(x(times[0]), y(0))]
    for count, wall in enumerate(times, 1):
        places.append((x(wall), places[-1][1]))
        places.append((x(wall), y(count / total)))
    return [*places, (_RIGHT, places[-1][1])]
