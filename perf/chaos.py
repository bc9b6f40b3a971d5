"""Runs that are killed, stopped and taken up again over a provider that fails: what must hold of them, and what the journal takes.

python -m perf.chaos --runs 1200 --first-seed 0
"""

from __future__ import annotations

import argparse
import math
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

from tests.support.chaos_many import Many, Tally
from tests.support.chaos_oracle import LAWS, Violation
from tests.support.chaos_provider import FAULTS, Provider
from tests.support.chaos_runs import SOURCE, Nemesis, Story
from tests.support.chaos_scenarios import KINDS, Plan, drawn_plan

from harlm import HARLM
from harlm.journal import RunJournal
from harlm.testing import ChatServer, Request
from perf.measure import Table, report

_CALLS = 1_000
_LATENCIES_S = (0.02, 0.3)
_CONCURRENCY = 32
_TIMED = ("sent", "settled", "replied", "ask", "known", "choose", "choice", "request_key")
_FIRST = f"out = llm_query_batched([f'item {{at}}' for at in range({_CALLS})])\nprint(len(out))"
_FINISH = "FINAL(str(len(out)))"


def _nemesis(plans: Sequence[Plan], at_once: int, seconds: float) -> tuple[Tally, float]:
    """Run all plans; what happened, and how many seconds it took."""
    began = time.monotonic()

    with tempfile.TemporaryDirectory(prefix="chaos-") as name, Provider() as provider:
        many = Many(Nemesis(provider), provider, Path(name))

        def told(story: Story, wrong: Sequence[Violation]) -> None:
            for each in wrong:
                print(f"seed {story.plan.seed}: {each.law}: {each.what}", file=sys.stderr)
            done = sum(many.tally.runs.values())
            if done % 50 == 0:
                kills, found = many.tally.disturbances["kill"], len(many.tally.found)
                print(
                    f"{time.monotonic() - began:.0f} s: {done} runs, {kills} kills, {found} violations",
                    file=sys.stderr,
                )

        tally = many.run(plans, at_once=at_once, seconds=seconds, told=told)
        tally.faults = provider.faults
    return tally, time.monotonic() - began


def _tables(tally: Tally, seconds: float, at_once: int) -> Iterator[Table]:
    runs = sum(tally.runs.values())
    yield Table(
        "What was done to runs",
        ["", "times"],
        [
            ["runs", runs],
            *([f"runs: {kind}", tally.runs[kind]] for kind in KINDS),
            ["processes", tally.processes],
            ["kill -9", tally.disturbances["kill"]],
            ["SIGTERM", tally.disturbances["term"]],
            ["SIGINT", tally.disturbances["int"]],
            ["SIGINT twice", tally.disturbances["int twice"]],
            ["SIGSTOP and SIGCONT", tally.disturbances["stop"]],
            [f"mistakes of the provider ({FAULTS:.0%} of requests)", tally.faults],
            [f"seconds, {at_once} runs at a time", round(seconds)],
        ],
    )
    yield Table(
        "What the runs and their requests came to",
        ["", "times"],
        [
            ["runs with their whole answer", tally.answered],
            *(
                [f"runs whose last process ended with {code}", tally.endings[code]]
                for code in sorted(tally.endings)
            ),
            ["requests that were billed", tally.billed],
            ["requests whose usage the provider has not said", tally.in_doubt],
            ["replies that were lost in flight, and asked for again", tally.repeated],
        ],
    )
    wrong = Counter(each.law for _, each in tally.found)
    yield Table("Violations", ["law", "violations"], [[says, wrong[law]] for law, says in LAWS.items()])


@contextmanager
def _timed_journal() -> Iterator[list[float]]:
    """Sums the seconds that the event loop spends in the journal."""
    spent = [0.0]
    originals = {name: getattr(RunJournal, name) for name in _TIMED}

    def timed(original: Any) -> Any:
        def method(*arguments: Any, **named: Any) -> Any:
            began = time.perf_counter()
            try:
                return original(*arguments, **named)
            finally:
                spent[0] += time.perf_counter() - began

        return method

    for name, original in originals.items():
        setattr(RunJournal, name, timed(original))
    try:
        yield spent
    finally:
        for name, original in originals.items():
            setattr(RunJournal, name, original)


class _Thousand:
    """A run of a thousand calls. Its second turn is held up until ``is_free``."""

    def __init__(self, latency_s: float = _LATENCIES_S[0]) -> None:
        self._latency_s = latency_s
        self.is_free = True
        self.held = False
        self.arrived: list[float] = []

    def reply(self, request: Request) -> str:
        """What the models say."""
        self.arrived.append(time.monotonic())
        if request.model == "sub":
            return f"said {request.prompt}, and so on"
        turn = sum(role == "assistant" for role, _ in request.messages)
        self.held = turn > 0 and not self.is_free
        return f"```repl\n{_FINISH if turn else _FIRST}\n```"

    def latency_s(self, request: Request) -> float:
        """How long that takes."""
        is_late = request.model == "root" and len(request.messages) > 2
        self.held = self.held or is_late
        return 60.0 if is_late and not self.is_free else self._latency_s


def _journal_cost(latency_s: float) -> list[Sequence[object]]:
    """Seconds in the journal for each call, and as a share of the run."""
    each, share = [], []
    for _ in range(3):
        script = _Thousand(latency_s)
        with (
            tempfile.TemporaryDirectory() as home,
            ChatServer(script.reply, latency_s=latency_s, keeps_requests=False) as server,
            _timed_journal() as spent,
        ):
            client = HARLM(
                model=f"openai/root@{server.base_url}",
                sub_model=f"openai/sub@{server.base_url}",
                mode="full",
                cache=False,
                home=home,
                concurrency=_CONCURRENCY,
            )
            began = time.perf_counter()
            answer = client.ask("How many?", "a short text")
            wall = time.perf_counter() - began
        if answer.text != str(_CALLS):
            raise RuntimeError(answer.text)
        each.append(spent[0] / answer.usage.calls * 1e3)
        share.append(spent[0] / wall * 100)
    return [
        [
            f"in the journal, ms a call: {_CALLS:,} calls, {_CONCURRENCY} at a time, replies after {latency_s * 1e3:.0f} ms",
            statistics.median(each),
        ],
        [
            f"in the journal, % of the time of that run with replies after {latency_s * 1e3:.0f} ms",
            statistics.median(share),
        ],
    ]


def _resumed_and_replayed() -> list[Sequence[object]]:
    """Seconds until a run of a thousand calls that was killed asks something new, and of its replay."""
    script = _Thousand()
    script.is_free = False
    with (
        tempfile.TemporaryDirectory() as name,
        ChatServer(script.reply, latency_s=script.latency_s, keeps_requests=False) as server,
    ):
        folder = Path(name)
        (folder / "a.txt").write_text("a short text")
        unwanted = ("PYTHONDONTWRITEBYTECODE",)
        environment = {key: value for key, value in os.environ.items() if key not in unwanted}
        environment |= {"HARLM_HOME": str(folder / "home"), "PYTHONPATH": str(SOURCE)}
        models = ["-m", f"openai/root@{server.base_url}", "--sub-model", f"openai/sub@{server.base_url}"]
        options = ["--mode", "full", "--no-cache", "-j", str(_CONCURRENCY)]

        def started(*arguments: str) -> subprocess.Popen[bytes]:
            command = [sys.executable, "-m", "harlm", *arguments, "-q"]
            return subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL)

        asked = started("ask", "How many?", "a.txt", *models, *options)
        while not script.held:
            time.sleep(0.01)
        asked.send_signal(signal.SIGKILL)
        asked.wait()
        before, began, script.is_free = server.arrived, time.monotonic(), True
        resumed = started("runs", "resume", "last")
        while server.arrived == before and resumed.poll() is None:
            time.sleep(0.001)
        first = time.monotonic() - began
        if resumed.wait() != 0 or server.arrived != before + 1:
            raise RuntimeError(
                f"{server.arrived - before} calls were made again, exit code {resumed.returncode}"
            )
        began = time.monotonic()
        if started("runs", "replay", "last").wait() != 0:
            raise RuntimeError("the replay differs")
        replay = time.monotonic() - began
    return [
        [f"from `harlm runs resume` to the first new call of a run of {_CALLS:,} calls, s", first],
        ["`harlm runs replay` of it, s, with the start of the process", replay],
    ]


def main() -> None:
    """Measure, and write the page."""
    told = _arguments()
    signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # a shell has its background jobs ignore it, and their children
    journal = [*chain.from_iterable(map(_journal_cost, _LATENCIES_S)), *_resumed_and_replayed()]
    plans = [drawn_plan(seed) for seed in range(told.first_seed, told.first_seed + told.runs)]
    tally, seconds = _nemesis(plans, told.at_once, told.seconds)
    report(
        "chaos",
        "Runs that are killed, stopped and taken up again (SIMULATED models)",
        "Processes of `harlm ask` over HTTP on loopback, with a provider that fails and models that follow scripts: loops, chains and batches of "
        "calls, children, tools, branches, low limits, with and without the cache of replies. Each run is disturbed at random moments and taken "
        "up again until it ends; then it is judged from outside, by what the provider has served, by its files, and by the processes that are left.",
        [*_tables(tally, seconds, told.at_once), Table("The journal", ["", "measured"], journal)],
        options=" ".join(sys.argv[1:]),
    )
    sys.exit(bool(tally.found))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m perf.chaos")
    parser.add_argument("--runs", type=int, default=1_000, help="how many")
    parser.add_argument("--first-seed", type=int, default=0, help="of the first run; the others follow")
    parser.add_argument("--seconds", type=float, default=math.inf, help="no run begins later")
    parser.add_argument("--at-once", type=int, default=2, help="runs at a time")
    return parser.parse_args()


if __name__ == "__main__":
    main()
