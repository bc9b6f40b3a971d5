"""Runs HARLM in every mode on a simulated model, through the measurements of ``harlm_bench``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from harlm.cli.printing import say
from harlm_bench import assembly, journal, runner, suites
from harlm_bench.progress import Progress
from harlm_bench.serving import Wanted
from harlm_bench.suites import Suite

PROFILES: tuple[tuple[str, str], ...] = (
    ("gpt-5-like", "gpt-5-mini-like"),
    ("gpt-5-mini-like", "gpt-5-mini-like"),
    ("qwen-8b-like", "qwen-8b-like"),
)
"""Root and sub-model of each simulation: a strong, a cheap and a small root."""

FIRST_SEED = 1_000
"""Of the texts to train on: reports of ``harlm bench`` are of texts with smaller seeds, which no router that ships may know."""

_SCALE = 0.002  # of the simulated clock: nothing is learned of times


def simulate(
    folder: Path,
    *,
    seed: int = 0,
    draws: int = 3,
    suite: Suite | None = None,
    profiles: Sequence[tuple[str, str]] = PROFILES,
) -> list[Path]:
    """The journals of a suite in every mode, several draws of each pair of models. A journal that is whole is not run again.

    Args:
        folder: for the journals.
        seed: of the texts.
        draws: of each simulated model over the same texts.
        suite: what is asked; by default ``router``.
        profiles: root and sub-model of each run.

    Raises:
        ConfigError: a journal there is of another run.
    """
    suite = suite or suites.suite("router")
    made = []
    for draw in range(draws):
        for root, sub in profiles:
            path = folder / f"{root}-{seed}-{draw}.jsonl"
            say(f"{root}, draw {draw + 1} of {draws}: {path}")
            wanted = Wanted(
                suite=suite,
                seed=FIRST_SEED + seed,
                draw=draw,
                jobs=suite.jobs,
                profile=root,
                sub_profile=sub,
                time_scale=_SCALE,
                command="harlm router train --simulate",
            )
            with (
                assembly.assembled(wanted) as ready,
                journal.Writer(path, ready.header, fresh=False) as kept,
                Progress(ready.expected, wanted.jobs) as progress,
            ):
                runner.run(ready.work, kept, progress)
            made.append(path)
    return made
