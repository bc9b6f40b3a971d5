"""The waterfall of a run: a bar for each call, as inline SVG without scripts, for pages that are light or dark."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from harlm.types.timeline import TimedCall, critical_chain

MOST_BARS = 60
"""How many calls are drawn: those that the run waited for, and the longest of the others."""

_WIDTH, _ROW, _BAR, _LEAST = 800, 9, 7, 2  # units of the drawing
_COLOURS = {"root": "#4c78a8", "sub": "#59a14f", "summary": "#b07aa1"}  # readable on white and on black
_FAILED, _CRITICAL, _EARLY = "#e15759", "#f28e2b", 0.45


def waterfall(calls: Sequence[TimedCall], seconds: float, of: int) -> str:
    """The drawing with its legend; empty if there are no calls.

    Args:
        calls: of the run.
        seconds: how long the run took.
        of: how many calls it made in all.
    """
    if not calls:
        return ""
    critical = critical_chain(calls)
    drawn = _chosen(calls, critical)
    whole = max(seconds, *(call.ended_s for call in drawn), 1e-9)
    bars = "".join(_bar(call, row, whole, is_critical=call in critical) for row, call in enumerate(drawn))
    height = _ROW * len(drawn)
    said = f"{len(drawn)} calls over {whole:.2f} s"
    drawing = (
        f'<svg role="img" aria-label="{said}" viewBox="0 0 {_WIDTH} {height}" preserveAspectRatio="none" '
        f'style="width:100%;height:{height}px;background:rgba(127,127,127,.1);border-radius:3px">{bars}</svg>'
    )
    return f'<figure style="margin:.5em 0">{drawing}<figcaption>{_legend(drawn, of, whole)}</figcaption></figure>'


def _chosen(calls: Sequence[TimedCall], critical: Sequence[TimedCall]) -> list[TimedCall]:
    """The calls to draw, in the order in which they began."""
    marked = sorted(critical, key=lambda call: -call.seconds)[:MOST_BARS]
    others = sorted((call for call in calls if call not in critical), key=lambda call: -call.seconds)
    chosen = [*marked, *others[: MOST_BARS - len(marked)]]
    return sorted(chosen, key=lambda call: (call.began_s, call.depth))


def _bar(call: TimedCall, row: int, whole: float, *, is_critical: bool) -> str:
    left = _WIDTH * call.began_s / whole
    width = max(_LEAST, _WIDTH * call.seconds / whole)
    left = max(0.0, min(left, _WIDTH - width))
    colour = _FAILED if call.status == "failed" else _COLOURS.get(call.role, _COLOURS["sub"])
    is_hollow = call.status in ("reused", "cancelled")
    paint = f'fill="none" stroke="{colour}"' if is_hollow else f'fill="{colour}"'
    edge = f' stroke="{_CRITICAL}" stroke-width="2"' if is_critical else ""
    shade = f' fill-opacity="{_EARLY}"' if call.is_early and not is_hollow else ""
    return (
        f'<rect x="{left:.1f}" y="{row * _ROW + 1}" width="{width:.1f}" height="{_BAR}" '
        f'{paint}{edge}{shade} vector-effect="non-scaling-stroke">'
        f"<title>{escape(_said(call))}</title></rect>"
    )


def _said(call: TimedCall) -> str:
    early = ", early" if call.is_early else ""
    return (
        f"{call.role} call of node {call.node} (depth {call.depth}) to {call.model}: "
        f"{call.seconds:.2f} s from {call.began_s:.2f} s, {call.status}{early}"
    )


def _legend(drawn: Sequence[TimedCall], of: int, whole: float) -> str:
    """The colours that occur, and how many calls are left out."""
    found = [
        (colour, f"{role} calls")
        for role, colour in _COLOURS.items()
        if any(call.role == role for call in drawn)
    ]
    if any(call.status == "failed" for call in drawn):
        found.append((_FAILED, "failed"))
    found.append((_CRITICAL, "waited for"))
    is_early = any(call.is_early for call in drawn)
    keys = " ".join(
        f'<span style="white-space:nowrap"><span style="color:{colour}">■</span> {escape(name)}</span>'
        for colour, name in found
    )
    left_out = f" · {of - len(drawn):,} shorter calls are not drawn" if of > len(drawn) else ""
    early = " · early calls are paler" if is_early else ""
    return f"<small>{keys}{early} · 0 – {whole:.2f} s{left_out}</small>"
