"""Many runs of the nemesis, some at a time, and what is counted over them."""

from __future__ import annotations

import math
import shutil
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.chaos_oracle import Violation, violations
from tests.support.chaos_provider import Provider
from tests.support.chaos_runs import Nemesis, Story
from tests.support.chaos_scenarios import Plan


@dataclass(slots=True)
class Tally:
    """What happened.

    Attributes:
        runs: by what they do.
        disturbances: by kind, of processes that were still running.
        endings: exit codes of the last process of each run.
        processes: how many were started.
        billed: requests that were billed.
        repeated: of them, those whose whole reply had been served before, and was lost with a process.
        in_doubt: requests of which it is not known what they used, such as those in flight at a kill.
        faults: mistakes of the provider.
        answered: runs that have their answer.
        found: what is wrong, with the seed of the run.
    """

    runs: Counter[str] = field(default_factory=Counter)
    disturbances: Counter[str] = field(default_factory=Counter)
    endings: Counter[int] = field(default_factory=Counter)
    processes: int = 0
    billed: int = 0
    repeated: int = 0
    in_doubt: int = 0
    faults: int = 0
    answered: int = 0
    found: list[tuple[int, Violation]] = field(default_factory=list)


class Many:
    """Runs plans, and counts.

    Args:
        nemesis: runs one.
        provider: that serves it.
        folder: for the files of runs; those of a run in which something is wrong stay there.
    """

    def __init__(self, nemesis: Nemesis, provider: Provider, folder: Path) -> None:
        self._nemesis, self._provider, self._folder = nemesis, provider, folder
        self.tally = Tally()

    def run(
        self,
        plans: Sequence[Plan],
        *,
        at_once: int = 2,
        seconds: float = math.inf,
        told: Callable[[Story, Sequence[Violation]], None] = lambda story, wrong: None,
    ) -> Tally:
        """Run all of them, or those that begin within some seconds; ``told`` is called with each."""
        ends = time.monotonic() + seconds
        with ThreadPoolExecutor(at_once) as pool:
            for judged in pool.map(
                lambda plan: self._judged(plan) if time.monotonic() < ends else None, plans
            ):
                if judged is not None:
                    story, wrong = judged
                    self.tally.found += [(story.plan.seed, each) for each in wrong]
                    told(story, wrong)
        return self.tally

    def _judged(self, plan: Plan) -> tuple[Story, list[Violation]]:
        tag, folder = f"run-{plan.seed}", self._folder / f"run-{plan.seed}"
        story = self._nemesis.story(plan, tag, folder)
        served = self._provider.served_to(tag)
        # A child that ends early for lack of money is a result like others, so the answer depends on when it does.
        is_same = not (plan.limits and plan.scenario.kind == "children")
        wrong = violations(story, served, plan.scenario.right if is_same else None)
        self._count(story, [each.prompt for each in served if each.is_whole], len(served))
        self._provider.forget(tag)
        if not wrong:
            shutil.rmtree(folder)
        return story, wrong

    def _count(self, story: Story, whole: Sequence[str], billed: int) -> None:
        tally = self.tally
        tally.runs[story.plan.scenario.kind] += 1
        tally.disturbances.update(each.disturbance for each in story.attempts if each.disturbance != "none")
        tally.endings[story.attempts[-1].code] += 1
        tally.answered += story.answer is not None
        tally.processes += len(story.attempts)
        tally.billed += billed
        tally.repeated += len(whole) - len(set(whole))
        tally.in_doubt += story.doubtful_calls
