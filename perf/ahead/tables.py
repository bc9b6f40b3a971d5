"""The tables of the page."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence

from perf.ahead.oracle import Best
from perf.ahead.pattern import Pattern
from perf.ahead.runs import Measured
from perf.measure import Table

OURS, SERIAL = "HARLM", "serial"
BESIDE_PEER, BESIDE_LIMIT, FIRST_S = 1.02, 1.05, 0.060
"""What is wanted of HARLM: its time over that of the best peer and over the limit, and when its first call arrives."""

Row = Mapping[str, Measured]
"""What each system did with one pattern."""


def seconds(
    title: str, patterns: Sequence[Pattern], best: Mapping[str, Best], done: Mapping[str, Row]
) -> Table:
    """A row for each pattern: the seconds of each system and at best, and HARLM's ratios."""
    systems = list(next(iter(done.values())))
    rows = []
    for pattern in patterns:
        row, limit = done[pattern.name], best[pattern.name]
        ours = row.get(OURS)
        rows.append(
            [
                pattern.name,
                len(limit.calls),
                *(_shown(row[system].seconds) for system in systems),
                f"{limit.seconds:.2f}",
                _ratio(ours, _best_peer(row)),
                _ratio(ours, limit.seconds),
                "-" if ours is None or ours.first_s is None else f"{1000 * ours.first_s:.0f}",
                "-" if ours is None else f"{ours.in_vain} of {ours.made}",
            ]
        )
    header = [
        "pattern",
        "calls",
        *systems,
        "limit",
        "HARLM / best peer",
        "HARLM / limit",
        "first call after, ms",
        "in vain",
    ]
    return Table(title, header, rows)


def systems(title: str, best: Mapping[str, Best], done: Mapping[str, Row]) -> Table:
    """A row for each system, over all patterns."""
    rows: list[list[object]] = []
    for system in next(iter(done.values())):
        each = {name: row[system] for name, row in done.items()}
        ran = {name: run for name, run in each.items() if run.seconds is not None}
        first = [run.first_s for run in ran.values() if run.first_s is not None]
        made = sum(run.made for run in each.values())
        rows.append(
            [
                system,
                f"{len(ran)} of {len(each)}",
                sum((run.seconds or 0.0) <= BESIDE_LIMIT * best[name].seconds for name, run in ran.items()),
                f"{statistics.median((run.seconds or 0.0) / best[name].seconds for name, run in ran.items()):.2f}"
                if ran
                else "-",
                f"{1000 * statistics.median(first):.0f}" if first else "-",
                sum(value <= FIRST_S for value in first),
                f"{sum(run.in_vain for run in each.values()) / max(1, made):.1%}",
            ]
        )
    header = [
        "system", "ran as the serial run", f"<= {BESIDE_LIMIT:.2f} x limit", "time / limit, median",
        "first call after, ms, median", f"<= {1000 * FIRST_S:.0f} ms", "calls in vain",
    ]  # fmt: skip
    return Table(title, header, rows)


def wanted(
    groups: Mapping[str, Sequence[Pattern]], best: Mapping[str, Best], done: Mapping[str, Row]
) -> Table:
    """A row for each group of patterns: in how many HARLM is as fast as is wanted."""
    rows: list[list[object]] = []
    for group, patterns in groups.items():
        ours = {pattern.name: done[pattern.name][OURS] for pattern in patterns}
        peers = {name: _best_peer(done[name]) for name in ours}
        beside = [name for name, peer in peers.items() if peer is not None]
        first = [run.first_s for run in ours.values() if run.made]
        made, in_vain = (sum(getattr(run, each) for run in ours.values()) for each in ("made", "in_vain"))
        rows.append(
            [
                group,
                f"{sum(_is_within(ours[name], BESIDE_PEER * (peers[name] or 0.0)) for name in beside)} of {len(beside)}",
                f"{sum(_is_within(run, BESIDE_LIMIT * best[name].seconds) for name, run in ours.items())} of {len(ours)}",
                f"{sum(value is not None and value <= FIRST_S for value in first)} of {len(first)}",
                f"{in_vain / max(1, made):.1%} ({in_vain} of {made})",
            ]
        )
    header = [
        "HARLM", f"<= {BESIDE_PEER:.2f} x best peer", f"<= {BESIDE_LIMIT:.2f} x limit",
        f"first call within {1000 * FIRST_S:.0f} ms", "calls in vain",
    ]  # fmt: skip
    return Table("In how many patterns HARLM is as fast as is wanted", header, rows)


def not_equal(done: Mapping[str, Row]) -> Table:
    """Each pattern that a system did not run as the serial run would, with how it differed."""
    rows = [
        [system, name, run.why_not]
        for name, row in done.items()
        for system, run in row.items()
        if run.why_not
    ]
    return Table(
        "What did not run as code run one call after another", ["system", "pattern", "instead"], rows
    )


def _peers(row: Row) -> Iterator[float]:
    for system, run in row.items():
        if system not in (OURS, SERIAL) and run.seconds is not None:
            yield run.seconds


def _best_peer(row: Row) -> float | None:
    return min(_peers(row), default=None)


def _is_within(run: Measured, most: float) -> bool:
    return run.seconds is not None and run.seconds <= most


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _ratio(ours: Measured | None, other: float | None) -> str:
    return "-" if ours is None or ours.seconds is None or other is None else f"{ours.seconds / other:.2f}"
