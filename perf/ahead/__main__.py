"""From the root's first request to its second: how much of a reply's calls is done while it is still written.

``python -m perf.ahead [--only NAME,…] [--systems NAME,…] [--repeats N] [--cache FOLDER]``: measured are ten shapes of programs
and spec-ptc's patterns, with one call after another, with two peers in environments of their own, and with HARLM. A run of a
part is printed, and not kept.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from harlm_bench.systems.attempt import NotInstalled
from perf.ahead import tables
from perf.ahead.cpu import follow
from perf.ahead.oracle import Best, best_of
from perf.ahead.pattern import Pattern
from perf.ahead.patterns import AWAITED, PATTERNS, PUBLISHED, SHAPES
from perf.ahead.runs import Measured, Run, measured, run_once
from perf.ahead.script import Dialect
from perf.ahead.systems import IN_FLIGHT, PEERS, Runner, harlm, peer
from perf.measure import Table, report, server_process

_SYSTEMS = (tables.SERIAL, *PEERS, tables.OURS)
_REPEATS = 3
_COLD = ("plain map of 16", "sweep_w64")


def main() -> None:
    """Measure all, or what the options name."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", metavar="NAME,…", default="", help="patterns, by how their names begin")
    parser.add_argument("--systems", metavar="NAME,…", default="", help=f"some of {', '.join(_SYSTEMS)}")
    parser.add_argument("--repeats", metavar="N", type=int, default=_REPEATS, help="runs of each pattern")
    parser.add_argument("--cache", metavar="FOLDER", type=Path, help="where the peers' environments stay")
    options = parser.parse_args()
    only = [name for name in options.only.split(",") if name]
    chosen = [name for name in options.systems.split(",") if name] or list(_SYSTEMS)
    if unknown := set(chosen) - set(_SYSTEMS):
        parser.error(f"no such system: {', '.join(sorted(unknown))}")
    patterns = [
        each for each in (*SHAPES, AWAITED, *PUBLISHED) if not only or each.name.startswith(tuple(only))
    ]
    best = {pattern.name: best_of(pattern) for pattern in patterns}
    is_all = not (only or options.systems)
    with tempfile.TemporaryDirectory() as folder:
        with _runners(chosen, folder, options.cache or Path(folder)) as (runners, missing):
            done = _measured(runners, patterns, best, options.repeats)
        more = [_cold(folder), follow(folder)] if is_all else []
    report(
        "ahead",
        "Calls under way while the root model writes (SIMULATED models)",
        f"{_ABOUT} {_peers_are(missing)}",
        [*_tables(patterns, best, done), *more],
        options=" ".join(
            [f"--repeats {options.repeats}"] * (options.repeats != _REPEATS)
            + ["--cache FOLDER"] * bool(options.cache)
        ),
        keep=is_all,
    )


_ABOUT = (
    "Seconds from the root's first request to its second. A scripted root streams 60 tokens/s over loopback HTTP; sub-calls take "
    f"0.3 s unless the name says otherwise, at most {IN_FLIGHT} in flight. Serial: HARLM with `speculation=off`, run once. Limit: the "
    "longer of the time to write and the chain of calls, each begun once its text and the replies that it needs are there. Second "
    "table: spec-ptc's patterns in our own code, without `nonspec_interleave` and `nonspec_only`. In vain: calls that the code "
    "does not make."
)
# A loop that a reply may end counts as foreseen in the limit. Requests that are made a second time count as in vain. In hooks,
# blocks of a reply become one, and prose between them becomes comments.
_NOTES = {
    "spec-ptc": "spec-ptc 0.1.1 runs in its own harness.",
    "dspy-rlm-hooks": "dspy-rlm-hooks 0.1.15 runs in DSPy 3.4.0, in a plain subprocess; the marks of its format take no time.",
}


def _peers_are(missing: Mapping[str, str]) -> str:
    """What is to be known of the peers, and which of them are missing and why."""
    return " ".join(
        f"{name} is left out: {missing[name]}." if name in missing else _NOTES[name] for name in PEERS
    )


@contextmanager
def _runners(
    chosen: Sequence[str], home: str, cache: Path
) -> Iterator[tuple[Mapping[str, Runner], Mapping[str, str]]]:
    """The systems that can be run, and why the others cannot."""
    runners: dict[str, Runner] = {}
    missing: dict[str, str] = {}
    with ExitStack() as stack:
        for name in chosen:
            if name not in PEERS:
                runners[name] = harlm(home, is_serial=name == tables.SERIAL)
                continue
            try:
                runners[name] = stack.enter_context(peer(name, cache))
            except NotInstalled as error:
                missing[name] = str(error)
        yield runners, missing


def _measured(
    runners: Mapping[str, Runner], patterns: Sequence[Pattern], best: Mapping[str, Best], repeats: int
) -> dict[str, dict[str, Measured]]:
    """All patterns in all systems, which take turns."""
    done: dict[str, dict[str, Measured]] = {}
    with server_process("perf.ahead.server") as server:
        first = SHAPES[0]
        for name, runner in runners.items():  # loads what is loaded late
            run_once(runner, first, best_of(first), server.url, _dialect(name))
        for pattern in patterns:
            runs: dict[str, list[Run]] = {name: [] for name in runners}
            for repeat in range(repeats):
                for name, runner in runners.items():
                    if repeat == 0 or name != tables.SERIAL:
                        runs[name].append(
                            run_once(runner, pattern, best[pattern.name], server.url, _dialect(name))
                        )
            done[pattern.name] = {name: measured(each) for name, each in runs.items()}
            print(
                pattern.name,
                *(f"{name} {run.seconds}" for name, run in done[pattern.name].items()),
                file=sys.stderr,
            )
    return done


def _dialect(system: str) -> Dialect:
    return PEERS[system].dialect if system in PEERS else "repl"


def _tables(
    patterns: Sequence[Pattern], best: Mapping[str, Best], done: Mapping[str, Mapping[str, Measured]]
) -> list[Table]:
    groups = {
        "ten shapes": [each for each in patterns if each in SHAPES],
        "spec-ptc's patterns": [each for each in patterns if each in PUBLISHED],
    }
    groups = {name: group for name, group in groups.items() if group}
    made = [tables.seconds(f"Seconds: {name}", group, best, done) for name, group in groups.items()]
    if AWAITED in patterns:
        made.append(tables.seconds("Seconds: `await` outside of functions", [AWAITED], best, done))
    if tables.OURS in next(iter(done.values())):
        made.append(tables.wanted(groups, best, done))
    return [*made, tables.systems("Each system over all patterns", best, done), tables.not_equal(done)]


def _cold(folder: str) -> Table:
    """HARLM's first and second run in a home and against an address that it does not know."""
    rows: list[list[object]] = []
    for name in _COLD:
        with tempfile.TemporaryDirectory(dir=folder) as home, server_process("perf.ahead.server") as server:
            pattern = PATTERNS[name]
            runs = [run_once(harlm(home), pattern, best_of(pattern), server.url, "repl") for _ in range(2)]
            rows.append([name, *(run.seconds for run in runs), best_of(pattern).seconds])
    title = "HARLM against an address that it does not know: seconds of its first and second run"
    return Table(title, ["pattern", "first", "second", "limit"], rows)


if __name__ == "__main__":
    main()
