"""The calls of one question over time, of two systems under each other on one clock: where calls wait and where they overlap."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from harlm_bench.outcomes import Result, Span
from harlm_bench.report.groups import Group, paired
from harlm_bench.report.plots.canvas import Canvas, Scale

_WIDTH = 720.0
_LEFT, _RIGHT, _TOP = 8.0, 704.0, 62.0
_TALLEST, _LOWEST = 9.0, 1.6  # of a lane
_LANES_HEIGHT = 190.0  # of one system, at most


def waterfall(group: Group, ours: str, theirs: str) -> str | None:
    """The question at which the number of our calls is the median one; ``None`` if no times of calls were kept."""
    pairs = [
        (mine, other)
        for mine, other in zip(*paired(group.of(ours), group.of(theirs)), strict=True)
        if mine.usage.timeline and other.usage.timeline
    ]
    several = [pair for pair in pairs if len(pair[0].usage.timeline) > 1] or pairs
    if not several:
        return None
    middle = statistics.median_low(len(mine.usage.timeline) for mine, _ in several)
    shown = next(pair for pair in several if len(pair[0].usage.timeline) == middle)
    return _plot(group, shown)


def _plot(group: Group, shown: Sequence[Result]) -> str:
    ends = [max(_end(result), result.outcome.wall_s) for result in shown]
    heights = [_lane(result) * len(_lanes(result.usage.timeline)) + 34 for result in shown]
    first = shown[0]
    canvas = Canvas(
        _WIDTH,
        _TOP + sum(heights) + 40,
        title="Calls of one question over time",
        label=group.label,
        subtitle=f"{first.window}, question {first.question}. Each bar is a call.",
    )
    _legend(canvas)
    x = Scale(low=0, high=max(ends), start=_LEFT, end=_RIGHT)
    bottom = _TOP + sum(heights) + 2
    for value in x.ticks(7):
        canvas.line((x(value), _TOP - 8), (x(value), bottom), "m-grid")
        canvas.text(x(value), bottom + 16, f"{value:g} s", "t-tick", "middle" if value else "start")
    top = _TOP
    for result, height, end in zip(shown, heights, ends, strict=True):
        _calls(canvas, result, top, x)
        canvas.line((x(end), top + 4), (x(end), top + height - 14), "m-zero")
        top += height
    return canvas.svg()


def _legend(canvas: Canvas) -> None:
    left = _RIGHT - 258
    for kind, name, width in (
        ("root", "root model", 88.0),
        ("sub", "sub-model", 82.0),
        ("refused", "refused", 70.0),
    ):
        canvas.bar((left, 26, 12, 9), f"m-call {kind}")
        canvas.text(left + 17, 34, name, "t-quiet")
        left += width + 8


def _calls(canvas: Canvas, result: Result, top: float, x: Scale) -> None:
    lanes, height = _lanes(result.usage.timeline), _lane(result)
    count, wall = len(result.usage.timeline), result.outcome.wall_s
    more = f" (first {count} shown)" if result.usage.calls + result.usage.refused > count else ""
    total = result.usage.calls
    canvas.text(_LEFT, top + 8, f"{result.system}: {total} calls{more}, {wall:.1f} s", "t-label halo")
    for row, lane in enumerate(lanes):
        y = top + 16 + row * height
        for span in lane:
            kind = "refused" if span.is_refused else span.role
            said = f"{span.role}, {span.begin_s:.2f}–{span.end_s:.2f} s, {span.tokens:,} tokens"
            width = x(span.end_s) - x(span.begin_s)
            canvas.bar((x(span.begin_s), y, width, height * 0.8), f"m-call {kind}", said)


def _lanes(spans: Sequence[Span]) -> list[list[Span]]:
    """The fewest rows in which no call covers another one."""
    lanes: list[list[Span]] = []
    for span in sorted(spans, key=lambda each: (each.begin_s, each.end_s)):
        free = next((lane for lane in lanes if lane[-1].end_s <= span.begin_s), None)
        if free is None:
            lanes.append([span])
        else:
            free.append(span)
    return lanes


def _lane(result: Result) -> float:
    return max(_LOWEST, min(_TALLEST, _LANES_HEIGHT / len(_lanes(result.usage.timeline))))


def _end(result: Result) -> float:
    return max(span.end_s for span in result.usage.timeline)
