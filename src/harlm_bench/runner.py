"""Puts each question of each window to each system, several at once, and writes down whatever comes back.

Knows neither the model nor how a system works. Nothing that goes wrong in a system ends a run or drops a question.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from harlm.errors import ConfigError, CostLimit, HarlmError, ModelUnavailable
from harlm_bench.items import Question, Window
from harlm_bench.journal import Key, Writer, address_of
from harlm_bench.outcomes import Outcome, Result, Status, Usage
from harlm_bench.secrecy import as_written
from harlm_bench.systems import Limits, Model, System

_GRACE_S = 30.0  # seconds that a system may pass its time by, before it is left alone
_FINISHES_S = 1.0  # within which a question is written down that had its result when the run was stopped
_UNREACHED = 10  # questions in a row that cannot reach the model, before the run stops


class Gateway(Protocol):
    """Stands between the systems and the model, and counts for each question."""

    def open(self, question_key: str, limits: Limits) -> Model:
        """Admit the calls of a question, within ``limits``."""
        ...

    def close(self, question_key: str) -> Usage:
        """Refuse further calls of a question, and say what it has used."""
        ...


class Watcher(Protocol):
    """Is told how a run proceeds."""

    def kept(self, system: str) -> None:
        """A question was answered in an earlier run."""
        ...

    def finished(self, result: Result) -> None:
        """A question has its result."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a run does.

    Attributes:
        windows: made one after another, since a long text takes much memory.
        systems: in the order in which each window is given to them.
        gateway: of the model.
        limits: of each question.
        score: the score of an answer, 0 to 1.
        jobs: questions at once.
        budget_micro_usd: money for the whole run, with all that its journal says was spent before; ``None`` for no limit.
    """

    windows: Iterable[Window]
    systems: tuple[System, ...]
    gateway: Gateway
    limits: Limits
    score: Callable[[Question, str], float]
    jobs: int = 1
    budget_micro_usd: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    system: System
    window: Window
    question: Question
    digest: str  # of the window: costs a pass over the text

    @property
    def named(self) -> Key:
        """The key of its result."""
        return Key(self.system.name, self.digest, self.question.id)

    @property
    def key(self) -> str:
        """Names the question in an address."""
        return address_of(self.named)


def run(work: Work, journal: Writer, watcher: Watcher) -> None:
    """Fill the journal. Questions begin in a fixed order: window, system, question.

    Raises:
        CostLimit: the run's budget is spent; the journal holds what was finished.
        ConfigError: there is a budget, and a bill is not known.
        ModelUnavailable: the model cannot be reached.
        KeyboardInterrupt: as the user pressed Ctrl-C. Of questions under way only the bill is written down; the next
            run asks them again.
    """
    todo = _todo(work, journal, watcher)
    done: queue.SimpleQueue[tuple[_Job, Result | BaseException]] = queue.SimpleQueue()
    active: dict[str, _Job] = {}
    guard = _Guard(work.budget_micro_usd, journal.before.micro_usd)
    try:
        while True:
            while len(active) < work.jobs and not guard.is_tripped and (job := next(todo, None)) is not None:
                active[job.key] = job
                _begin(job, work, done)
            if not active:
                break
            job, result = done.get()
            del active[job.key]
            if isinstance(result, BaseException):
                raise result
            journal.add(result)
            watcher.finished(result)
            guard.see(result)
    finally:
        _give_up(active, work.gateway, journal, done)
    guard.check()


def _give_up(
    active: Mapping[str, _Job],
    gateway: Gateway,
    journal: Writer,
    done: queue.SimpleQueue[tuple[_Job, Result | BaseException]],
) -> None:
    """Refuse all further calls of the questions under way, so that their systems end soon, and write down their bills."""
    finished: set[str] = set()
    for key, job in active.items():
        try:
            usage = gateway.close(key)
        except HarlmError:  # its own thread has closed it, and has its result
            finished.add(key)
        else:
            if usage.micro_usd:
                journal.add_spent(job.named, usage.micro_usd)
    ends = time.monotonic() + _FINISHES_S
    while finished:
        try:
            job, result = done.get(timeout=max(0.0, ends - time.monotonic()))
        except queue.Empty:
            return
        if isinstance(result, Result) and job.key in finished:
            journal.add(result)
        finished.discard(job.key)


def _todo(work: Work, journal: Writer, watcher: Watcher) -> Iterator[_Job]:
    for window in work.windows:
        digest = window.digest
        for system in work.systems:
            for question in window.questions:
                if journal.has(Key(system.name, digest, question.id), window.id):
                    watcher.kept(system.name)
                else:
                    yield _Job(system=system, window=window, question=question, digest=digest)


def _begin(job: _Job, work: Work, done: queue.SimpleQueue[tuple[_Job, Result | BaseException]]) -> None:
    def answer() -> None:
        try:
            done.put((job, _result(job, work)))
        except BaseException as error:  # noqa: BLE001 - raised in the thread of the run
            done.put((job, error))

    # Daemons: a system that hangs holds up neither Ctrl-C nor the end of the process.
    threading.Thread(target=answer, name=f"bench-{job.key}", daemon=True).start()


def _result(job: _Job, work: Work) -> Result:
    began = time.perf_counter()
    try:
        model = work.gateway.open(job.key, work.limits)
    except HarlmError as error:
        outcome, usage = _failed("endpoint", str(error), began), Usage()
    else:
        outcome = _in_time(job, model, work.limits, began)
        usage = _closed(work.gateway, job.key)
    window, question = job.window, job.question
    result = Result(
        system=job.system.name,
        task=window.task,
        version=window.version,
        seed=window.seed,
        tokens=window.tokens,
        window=window.id,
        digest=job.digest,
        question=question.id,
        kind=question.kind,
        gold=question.gold,
        score=work.score(question, outcome.text) if outcome.status == "answered" else 0.0,
        outcome=outcome,
        usage=usage,
    )
    return as_written(result, window)


def _in_time(job: _Job, model: Model, limits: Limits, began: float) -> Outcome:
    """What the system says, or that it did not keep to its time. A thread cannot be ended, so it is left alone then."""
    said: queue.SimpleQueue[Outcome] = queue.SimpleQueue()

    def ask() -> None:
        try:
            said.put(job.system.answer(job.window, job.question, model, limits))
        except BaseException as error:  # noqa: BLE001 - a system that raises has crashed, which is a result
            said.put(_failed("crashed", f"{type(error).__name__}: {error}", began))

    threading.Thread(target=ask, name=f"system-{job.key}", daemon=True).start()
    try:
        return said.get(timeout=limits.wall_s + _GRACE_S)
    except queue.Empty:
        return _failed(
            "limit", f"no answer {_GRACE_S:.0f} s after its limit of {limits.wall_s:g} s; left alone", began
        )


def _failed(status: Status, reason: str, began: float) -> Outcome:
    return Outcome(text="", status=status, reason=reason, wall_s=time.perf_counter() - began, cpu_s=0.0)


def _closed(gateway: Gateway, key: str) -> Usage:
    try:
        return gateway.close(key)
    except HarlmError:  # the gateway is gone; what it counted is lost, the answer is not
        return Usage()


class _Guard:
    """Stops a run that has spent its money, or that cannot reach the model."""

    def __init__(self, budget: int | None, spent: int) -> None:
        self._budget = budget
        self._spent = spent
        self._unreached = 0
        self._unbilled = 0
        self._reason = ""

    @property
    def is_tripped(self) -> bool:
        return self._is_spent or self._is_blind or self._unreached >= _UNREACHED

    @property
    def _is_spent(self) -> bool:
        return self._budget is not None and self._spent >= self._budget

    @property
    def _is_blind(self) -> bool:
        return self._budget is not None and self._unbilled > 0

    def see(self, result: Result) -> None:
        self._spent += result.usage.micro_usd or 0
        self._unbilled += result.usage.calls > 0 and result.usage.micro_usd is None
        self._unreached = self._unreached + 1 if result.outcome.status == "endpoint" else 0
        self._reason = result.outcome.reason

    def check(self) -> None:
        if self._is_spent:
            assert self._budget is not None
            raise CostLimit(
                f"the run has spent ${self._spent / 1e6:.2f} of its ${self._budget / 1e6:.2f}; the same command with "
                "a larger --budget-usd continues it",
                limit="usd",
                used=self._spent / 1e6,
                allowed=self._budget / 1e6,
            )
        if self._is_blind:
            raise ConfigError(
                f"the bills of {self._unbilled} questions are not known, since the endpoint gives no usage or a price is missing, so "
                "--budget-usd cannot be kept; put the price into prices.toml, or leave --budget-usd out and agree with --yes"
            )
        if self._unreached >= _UNREACHED:
            raise ModelUnavailable(
                f"the last {self._unreached} questions could not reach the model ({self._reason}); "
                "when it answers again, the same command continues the run",
                model="the endpoint",
            )
