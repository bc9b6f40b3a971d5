"""Runs of the nemesis: child processes that are disturbed, and taken up again until they end."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.chaos_provider import FAULTS, Provider
from tests.support.chaos_scenarios import KEY, TOOLS, Disturbance, Plan
from tests.support.processes import descendants, is_running

SOURCE = Path(__file__).parents[2] / "src"
CONCURRENCY = 4
_MOST_ATTEMPTS = 9
_PATIENCE_S = 90.0
_ORPHANS_S = 2.0
_LONGEST_STOP_S = 0.3
_POLL_S = 0.005
_PRICES = '["openai/root"]\ninput = 1.0\noutput = 4.0\n\n["openai/sub"]\ninput = 0.2\noutput = 1.0\n'
_EXIT_CONFIG, _EXIT_LIMIT, _EXIT_PROVIDER, _EXIT_INPUT = 3, 4, 5, 8


@dataclass(frozen=True, slots=True)
class Attempt:
    """One process.

    Attributes:
        verb: ``ask`` or ``resume``.
        disturbance: what was done to it, if it was still running.
        code: its exit code; negative for a signal.
        disturbed_at: when, by ``time.monotonic``; ``None`` if it was left alone.
        ended_at: when it had ended.
        in_doubt: how many requests of the run are then known to the journal without what they used.
        orphans: processes that were left two seconds later.
    """

    verb: str
    disturbance: str
    code: int
    output: str
    errors: str
    disturbed_at: float | None
    ended_at: float
    in_doubt: int = 0
    orphans: tuple[str, ...] = ()

    @property
    def was_killed(self) -> bool:
        """Whether it ended by a kill -9."""
        return self.code == -signal.SIGKILL


@dataclass(slots=True)
class Story:
    """All that happened to one run.

    Attributes:
        run: its id; empty if it was never stored.
        kept: the answer as the run has stored it, if its process could not say it.
        notes: the lines that the tool has written.
        lost: requests that were served to a run that could not be taken up.
        doubtful_calls, doubtful_tokens: requests of which the provider has not said what they used, and the most that it may be.
    """

    plan: Plan
    folder: Path
    attempts: list[Attempt] = field(default_factory=list)
    run: str = ""
    kept: dict[str, Any] | None = None
    notes: list[str] = field(default_factory=list)
    lost: int = 0
    doubtful_calls: int = 0
    doubtful_tokens: int = 0

    @property
    def answer(self) -> dict[str, Any] | None:
        """The whole answer, if there is one."""
        for attempt in reversed(self.attempts):
            if attempt.code == 0:
                with suppress(ValueError):
                    told: dict[str, Any] = json.loads(attempt.output)
                    return told
        return self.kept


class Nemesis:
    """Runs plans against one provider.

    Args:
        provider: serves, and remembers.
        python: the interpreter of the child processes.
        before_resume: called with the folder of a run before it is taken up; tests break things there.
    """

    def __init__(
        self,
        provider: Provider,
        *,
        python: str = sys.executable,
        before_resume: Callable[[Path], None] = lambda folder: None,
    ) -> None:
        self._provider = provider
        self._python = python
        self._before_resume = before_resume

    def story(self, plan: Plan, tag: str, folder: Path) -> Story:
        """Run one plan until it ends.

        Args:
            plan: what happens.
            tag: names the run at the provider.
            folder: a new one, for the home and the document.
        """
        home = folder / "home"
        (home / "config" / "harlm").mkdir(parents=True)
        (home / "config" / "harlm" / "prices.toml").write_text(_PRICES)
        (folder / "text.txt").write_text(plan.scenario.document)
        (folder / "tools.py").write_text(TOOLS)
        address = self._provider.expect(tag, plan.scenario, faults=FAULTS if plan.has_faults else 0.0)
        story = Story(plan, folder)
        process = _Process(self._provider, self._python, tag, folder, address)
        self._until_it_ends(story, process)
        notes = folder / "notes.txt"
        story.notes = notes.read_text().splitlines() if notes.exists() else []
        if story.run:
            story.doubtful_calls, story.doubtful_tokens = _doubtful(home / "runs" / story.run)
        return story

    def _until_it_ends(self, story: Story, process: _Process) -> None:
        plan, runs = story.plan, story.folder / "home" / "runs"
        disturbances = list(plan.disturbances)
        limits: tuple[str, ...] = plan.limits
        decision: list[str] = []
        for _ in range(_MOST_ATTEMPTS):
            disturbance = disturbances.pop(0) if disturbances else Disturbance()
            if story.run:
                self._before_resume(runs / story.run)
                wanted = limits if story.attempts[-1].code == _EXIT_LIMIT else ()
                arguments = ["resume", story.run, *wanted, *decision]
            else:
                arguments = ["ask", *plan.limits]
            attempt = process.run(arguments, disturbance, runs)
            story.attempts.append(attempt)
            story.run = _resumable(runs)
            if not story.run:
                story.lost = sum(each.is_whole for each in self._provider.served_to(process.tag))
            if attempt.code == _EXIT_CONFIG and "--repeat-tools" in attempt.errors:
                decision = ["--repeat-tools" if plan.repeats else "--no-repeat-tools"]
                continue
            if attempt.code == _EXIT_LIMIT and plan.limits:
                limits = (plan.limits[0], "1000000")  # more than enough
                continue
            if attempt.code == _EXIT_INPUT and "has its answer" in attempt.errors:
                story.kept = _stored_answer(runs / story.run)
                return
            ended_by_us = attempt.was_killed or attempt.code in (130, 143)
            if not ended_by_us and attempt.code != _EXIT_PROVIDER:
                return


class _Process:
    """Starts the processes of one run."""

    def __init__(self, provider: Provider, python: str, tag: str, folder: Path, address: str) -> None:
        self._provider = provider
        self._python = python
        self._folder = folder
        self.tag = tag
        dropped = ("PYTHONDONTWRITEBYTECODE", "HARLM_HOME")
        self._environment = {name: value for name, value in os.environ.items() if name not in dropped} | {
            "HARLM_HOME": str(folder / "home"),
            "XDG_CONFIG_HOME": str(folder / "home" / "config"),
            "HARLM_BASE_URL": address,
            "HARLM_API_KEY": KEY,
            "OPENAI_API_KEY": KEY,
            "CHAOS_NOTES": str(folder / "notes.txt"),
            "CHAOS_RUN": f"{os.getpid()}-{tag}",
            "PYTHONPATH": str(SOURCE),
        }
        self._scenario = provider.scenario_of(tag)

    def run(self, arguments: list[str], disturbance: Disturbance, runs: Path) -> Attempt:
        """Run one process, and disturb it."""
        if arguments[0] == "ask":
            asked = ["ask", self._scenario.question, "text.txt", *self._scenario.options, *arguments[1:]]
            asked += ["-m", "openai/root", "--sub-model", "openai/sub", "-j", str(CONCURRENCY)]
        else:
            asked = ["runs", *arguments]
        outputs = [self._folder / "stdout", self._folder / "stderr"]
        with outputs[0].open("wb") as out, outputs[1].open("wb") as err:
            process = subprocess.Popen(
                [self._python, "-m", "harlm", *asked, "--format", "json"],
                cwd=self._folder, env=self._environment, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
            )  # fmt: skip
            disturbed_at, below = self._disturbed(process, disturbance)
            try:
                code = process.wait(_PATIENCE_S)
            except subprocess.TimeoutExpired:
                below |= descendants(process.pid)
                process.kill()
                process.wait()
                code = -1_000
        ended_at = time.monotonic()
        output, errors = (each.read_text(errors="replace") for each in outputs)
        return Attempt(
            verb=arguments[0],
            disturbance=disturbance.kind if disturbed_at is not None else "none",
            code=code,
            output=output,
            errors=errors,
            disturbed_at=disturbed_at,
            ended_at=ended_at,
            in_doubt=_in_doubt(runs),
            orphans=self._orphans(below),
        )

    def _disturbed(
        self, process: subprocess.Popen[bytes], what: Disturbance
    ) -> tuple[float | None, set[int]]:
        """Wait for the moment, and disturb; when, and the processes below it then."""
        if what.kind == "none":
            return None, set()
        wanted = None if what.after is None else self._provider.arrived_of(self.tag) + what.after
        while wanted is not None and self._provider.arrived_of(self.tag) < wanted:
            if process.poll() is not None:
                return None, set()
            time.sleep(_POLL_S)
        while what.kind != "kill" and process.poll() is None and not _hears(process.pid, signal.SIGTERM):
            time.sleep(_POLL_S)  # Python itself is still starting
        time.sleep(what.seconds)
        if process.poll() is not None:
            return None, set()
        below = descendants(process.pid)
        at = time.monotonic()
        match what.kind:
            case "kill":
                process.kill()
            case "term":
                process.terminate()
            case "int" | "int twice":
                process.send_signal(signal.SIGINT)
                if what.kind == "int twice":
                    time.sleep(0.03)
                    process.send_signal(signal.SIGINT)
            case "stop":
                process.send_signal(signal.SIGSTOP)
                time.sleep(_LONGEST_STOP_S)
                process.send_signal(signal.SIGCONT)
        return at, below

    def _orphans(self, below: set[int]) -> tuple[str, ...]:
        """The processes that are left when they have had their time."""
        ends = time.monotonic() + _ORPHANS_S
        while left := [pid for pid in below if is_running(pid)] + self._marked():
            if time.monotonic() > ends:
                return tuple(_command(pid) for pid in left)
            time.sleep(4 * _POLL_S)
        return ()

    def _marked(self) -> list[int]:
        """The running processes with the environment of this run."""
        mark = f"CHAOS_RUN={self._environment['CHAOS_RUN']}\0".encode()
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdecimal():
                with suppress(OSError):
                    if mark in (entry / "environ").read_bytes() and is_running(int(entry.name)):
                        found.append(int(entry.name))
        return found


def _hears(pid: int, number: int) -> bool:
    """Whether a process handles a signal."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("SigCgt:"):
                return bool(int(line.split()[1], 16) >> (number - 1) & 1)
    return False


def journal_rows(folder: Path, query: str) -> list[tuple[Any, ...]]:
    """What a query finds in a copy of the journal of a run; nothing if there is none."""
    with tempfile.TemporaryDirectory() as scratch:
        for name in ("journal.db", "journal.db-wal"):
            with suppress(OSError):
                shutil.copy(folder / name, scratch)
        if not Path(scratch, "journal.db").exists():
            return []
        with closing(sqlite3.connect(Path(scratch, "journal.db"))) as connection, suppress(sqlite3.Error):
            return connection.execute(query).fetchall()
    return []


def _in_doubt(runs: Path) -> int:
    run = _resumable(runs)
    return _doubtful(runs / run)[0] if run else 0


def _doubtful(folder: Path) -> tuple[int, int]:
    """Requests of which the provider has not said what they used, and the most tokens that it may be."""
    rows = journal_rows(folder, "SELECT calls, tokens, usage FROM requests")
    open_ = [row for row in rows if (row[1] if row[2] is None else '"estimated":true' in row[2])]
    return sum(calls for calls, _, _ in open_), sum(tokens for _, tokens, _ in open_)


def _resumable(runs: Path) -> str:
    """The run that was stored with what it was asked; empty if there is none."""
    with suppress(OSError):
        for each in sorted(runs.iterdir(), reverse=True):
            if (each / "request.json").exists():
                return each.name
    return ""


def _stored_answer(folder: Path) -> dict[str, Any] | None:
    with suppress(OSError, ValueError):
        told = json.loads((folder / "result.json").read_bytes())
        answer: dict[str, Any] = told["answer"]
        return answer | {"answer": answer["text"]}
    return None


def _command(pid: int) -> str:
    with suppress(OSError):
        return f"{pid} {Path(f'/proc/{pid}/cmdline').read_bytes()[:80]!r}"
    return str(pid)
