"""What a race of branches buys and costs, with SIMULATED branches: their latencies, answers and confidences are drawn, and the
engine's own race runs them by a clock that is turned forward.

Run: ``python -m perf.branching [races|stopping]``.
"""

from __future__ import annotations

import asyncio
import math
import random
import selectors
import statistics
from collections.abc import Coroutine, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, TypeVar

from harlm.branching.race import BranchForecast, Odds, RaceForecast, Timing, delays, forecast_race, play
from harlm.branching.stopping import Level, Threshold, conformal, promised
from harlm.engine.outcome import Outcome
from harlm.engine.racing import BranchOutcome, Entrant, Result, Stopping, race
from perf.measure import Table, report_parts

_T = TypeVar("_T")

_TASKS = 4_000
_ODDS = Odds()  # a check that passes 95 % of right answers and 10 % of wrong ones
_BRANCH = BranchForecast(median_s=1.0, input_usd=0.7, output_usd=0.3, accuracy=0.7)
_CACHED = BranchForecast(median_s=1.0, input_usd=0.25 * 0.7, output_usd=0.3, accuracy=0.7)
_CALIBRATIONS, _CALIBRATED_ON, _JUDGED_ON = 200, 200, 500
_RIGHT = "right"
_ANY = Threshold(0.0, 1.0, 0, "every answer is accepted")
_CHECK = Threshold(0.5, 1.0, 0, "what the check passes is accepted")


class _Selector(selectors.SelectSelector):
    """Turns the clock of its loop forward instead of waiting."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.now += max(0.0, timeout or 0.0) + 1e-9
        return super().select(0)


class _Loop(asyncio.SelectorEventLoop):
    """An event loop in which nothing takes time but sleeping."""

    def __init__(self) -> None:
        self._turned = _Selector()
        super().__init__(self._turned)

    def time(self) -> float:
        return self._turned.now


def _in_no_time(work: Coroutine[Any, Any, _T]) -> _T:
    with asyncio.Runner(loop_factory=_Loop) as runner:
        return runner.run(work)


@dataclass(slots=True)
class _Drawn:
    """What one branch would do with one task.

    Attributes:
        latency_s: seconds to its answer.
        answer: what it says; wrong answers differ, unless branches make the same mistake.
        confidence: 0 to 1.
    """

    latency_s: float
    answer: str
    confidence: float


def _drawn(rng: random.Random, branches: int) -> list[_Drawn]:
    """The branches of one task: alike in latency and in whether they are right, as ``Odds.alike`` says. Of two wrong
    answers a fifth are the same. Confidences above 0.5 are those that the check passes.
    """
    alike, level = _ODDS.alike, statistics.NormalDist().inv_cdf(_BRANCH.accuracy)
    slow, hard = rng.gauss(0, 1), rng.gauss(0, 1)

    def shared(part: float) -> float:
        return math.sqrt(alike) * part + math.sqrt(1 - alike) * rng.gauss(0, 1)

    drawn = []
    for _ in range(branches):
        latency, is_right = _BRANCH.latency_s(shared(slow)), shared(hard) < level
        passes = rng.random() < (_ODDS.accepts_right if is_right else _ODDS.accepts_wrong)
        wrong = "wrong" if rng.random() < 0.45 else f"wrong {rng.random()}"  # 0.45 ** 2 is a fifth
        drawn.append(_Drawn(latency, _RIGHT if is_right else wrong, (rng.random() + passes) / 2))
    return drawn


def _entrant(name: str, drawn: _Drawn) -> Entrant:
    async def run() -> BranchOutcome:
        await asyncio.sleep(drawn.latency_s)
        return BranchOutcome(
            outcome=Outcome(text=drawn.answer), confidence=drawn.confidence, agrees_as=drawn.answer
        )

    return Entrant(name=name, run=run)


async def _run(
    tasks: Sequence[list[_Drawn]], timing: Timing, threshold: Threshold | None, agreeing: int = 0
) -> list[Result]:
    results = []
    for task in tasks:
        waits = delays([_BRANCH] * len(task), timing)
        stopping = Stopping(waits=waits, threshold=threshold, agreeing=agreeing)
        entrants = [_entrant(str(number), drawn) for number, drawn in enumerate(task)]
        results.append(await race(entrants, stopping))
    return results


def _cost(result: Result, task: Sequence[_Drawn], forecasts: Sequence[BranchForecast]) -> float:
    """Input is paid when a branch starts, output while it runs."""
    return sum(
        forecast.input_usd + forecast.output_usd * min(1.0, lane.seconds / drawn.latency_s)
        for lane, drawn, forecast in zip(result.lanes, task, forecasts, strict=True)
        if lane.status != "not started"
    )


def _text(result: Result) -> str:
    return result.outcome().outcome.text


class _Figures(NamedTuple):
    """The figures of one policy."""

    policy: str
    mean_s: float
    p95_s: float
    accuracy: float
    cost: float
    cost_cached: float
    predicted: str = ""


def _figures(
    policy: str,
    results: Sequence[Result],
    tasks: Sequence[list[_Drawn]],
    predicted: RaceForecast | None = None,
) -> _Figures:
    times = sorted(result.seconds for result in results)
    costs, cached = (
        statistics.mean(
            _cost(result, task, [_BRANCH, *others]) for result, task in zip(results, tasks, strict=True)
        )
        for others in ([_BRANCH] * (len(tasks[0]) - 1), [_CACHED] * (len(tasks[0]) - 1))
    )
    expected = (
        f"{predicted.seconds:.2f} s, {predicted.accuracy:.2f}, {predicted.usd:.2f}" if predicted else ""
    )
    return _Figures(
        policy,
        round(statistics.mean(times), 2),
        round(times[int(0.95 * len(times))], 2),
        round(statistics.mean(_text(result) == _RIGHT for result in results), 3),
        round(costs, 2),
        round(cached, 2),
        expected,
    )


def races() -> Iterator[Table]:
    """Policies side by side, on the same tasks."""
    rng = random.Random(1)
    tasks = [_drawn(rng, 3) for _ in range(_TASKS)]
    alone = [task[:1] for task in tasks]
    one = _figures("one branch, no check", _in_no_time(_run(alone, "together", _ANY)), alone)

    def raced(policy: str, timing: Timing) -> _Figures:
        predicted = forecast_race([_BRANCH] * 3, timing=timing)
        return _figures(policy, _in_no_time(_run(tasks, timing, _CHECK)), tasks, predicted)

    together = raced("3 at once", "together")
    staggered = raced("3 staggered at the median", "staggered")
    agreeing = _in_no_time(_run(tasks, "together", None, 2))
    yield Table(
        f"Races over {_TASKS:,} tasks (SIMULATED): median latency 1 s, spread {_BRANCH.spread}, accuracy {_BRANCH.accuracy}, "
        f"correlation {_ODDS.alike}, a check that passes 95 % of right and 10 % of wrong answers",
        [
            "policy",
            "mean s",
            "p95 s",
            "accuracy",
            "cost",
            "cost, prefix cached",
            "predicted: s, accuracy, cost",
        ],
        [
            one,
            together,
            staggered,
            raced("3 after a rejection", "after rejection"),
            _figures("3 at once, until two agree", agreeing, tasks),
        ],
    )
    yield Table(
        "Beside what was hoped for (SIMULATED)",
        ["", "measured", "wanted"],
        [
            ["3 at once: p95 beside one branch", together.p95_s / one.p95_s, "at most 0.75"],
            ["3 at once: cost beside one branch", together.cost, "at most 2.8"],
            [
                "3 staggered: points of accuracy more",
                100 * (staggered.accuracy - one.accuracy),
                "at least 10",
            ],
            ["3 staggered: cost beside one branch", staggered.cost, "at most 2.0"],
            ["3 staggered: p95 beside one branch", staggered.p95_s / one.p95_s, "at most 1"],
        ],
    )


def stopping() -> Iterator[Table]:
    """How often a race stops with a wrong answer, at thresholds that were calibrated on other tasks."""
    rows = [
        _realised(branches, alpha, delta)
        for branches in (1, 3)
        for alpha in (0.05, 0.1)
        for delta in (None, 0.1)
    ]
    yield Table(
        f"P(stop and wrong) over {_CALIBRATIONS} calibrations on {_CALIBRATED_ON} tasks each, judged on {_JUDGED_ON} others "
        "(SIMULATED)",
        ["branches", "alpha", "rule", "realised", "standard error", "within alpha + 2 s.e.", "calibrations above alpha", "stopped"],
        rows,
    )  # fmt: skip


def _realised(branches: int, alpha: float, delta: float | None) -> list[object]:
    rng = random.Random(f"{branches} {alpha} {delta}")
    wrongs, stops = [], []
    for number in range(_CALIBRATIONS):
        levels = [_level(_drawn(rng, branches)) for _ in range(_CALIBRATED_ON)]
        threshold = conformal(levels, alpha) if delta is None else promised(levels, alpha, delta)
        tasks = [_drawn(rng, branches) for _ in range(_JUDGED_ON)]
        # The engine races a tenth of the calibrations; ``play`` gives the same results faster.
        stopped = _by_engine(tasks, threshold) if number % 10 == 0 else _by_play(tasks, threshold)
        wrongs.append(sum(answer not in ("", _RIGHT) for answer in stopped) / _JUDGED_ON)
        stops.append(sum(map(bool, stopped)) / _JUDGED_ON)
    mean, error = statistics.mean(wrongs), statistics.stdev(wrongs) / math.sqrt(_CALIBRATIONS)
    rule = "conformal" if delta is None else f"learn then test, delta {delta}"
    above = sum(wrong > alpha for wrong in wrongs) / _CALIBRATIONS
    within = "yes" if mean <= alpha + 2 * error else "NO"
    return [branches, alpha, rule, round(mean, 4), round(error, 4), within, above, statistics.mean(stops)]


def _level(task: Sequence[_Drawn]) -> Level:
    """A calibration task. A race stops at the first answer that is sure enough, from whichever branch, so the highest confidence of
    a wrong one counts.
    """
    wrong = max((drawn.confidence for drawn in task if drawn.answer != _RIGHT), default=None)
    if wrong is None:
        return Level(value=0.0, records=1, right=1)
    return Level(value=wrong, records=1, right=0)


def _by_engine(tasks: Sequence[list[_Drawn]], threshold: Threshold) -> list[str]:
    """The answer with which each race stopped; empty if it did not."""
    results = _in_no_time(_run(tasks, "staggered", threshold))
    found = [_text(result) if result.stopped_by == "confidence" else "" for result in results]
    assert found == _by_play(tasks, threshold), "the engine and the policy disagree"
    return found


def _by_play(tasks: Sequence[list[_Drawn]], threshold: Threshold) -> list[str]:
    stopped = []
    for task in tasks:
        accepted = [threshold.stops_at(drawn.confidence) for drawn in task]
        waits = delays([_BRANCH] * len(task), "staggered")
        _, winner, _ = play([drawn.latency_s for drawn in task], accepted, waits)
        stopped.append("" if winner is None else task[winner].answer)
    return stopped


def main() -> None:
    """Measure all; arguments name what to measure."""
    parts = {"races": races, "stopping": stopping}
    report_parts(
        "branching",
        "Races of branches (SIMULATED branches)",
        "What several branches side by side buy and cost beside one, and how often a race stops with a wrong answer. Latencies, "
        "answers and confidences are drawn; the engine's own race runs them by a clock that is turned forward.",
        {name: partial(list, part()) for name, part in parts.items()},
    )


if __name__ == "__main__":
    main()
