"""RIVALS: other packages that answer questions over long texts, as their authors ship them.

Each has a virtual environment and processes of its own. Knows how to give them a question; not what they do with it.
"""

from __future__ import annotations

import threading
from functools import partial
from pathlib import Path

import msgspec

from harlm_bench.items import Question, Window
from harlm_bench.outcomes import Outcome
from harlm_bench.systems import Limits, Model
from harlm_bench.systems.attempt import Effort, NotInstalled, aside, attempt
from harlm_bench.systems.rivals.environments import Needs, bench_home, interpreter
from harlm_bench.systems.worker_lines import Command
from harlm_bench.systems.workers import Workers

_FOLDER = Path(__file__).parent / "workers"
SERVE = _FOLDER / "serve.py"
"""The program that every worker runs."""


class Rival:
    """A package of others as a ``System``.

    Args:
        name: see ``System``.
        needs: its environment.
        adapter: the file in ``rivals/workers`` that drives it.
        options: for the adapter.
        home: HARLM's folder; by default that of the settings.
        python: an interpreter that has it already, instead of an environment of its own.
    """

    def __init__(
        self,
        name: str,
        needs: Needs,
        adapter: str,
        options: dict[str, object] | None = None,
        *,
        home: Path | None = None,
        python: Path | None = None,
    ) -> None:
        self.name = name
        self.needs = needs
        self._adapter = Path(adapter) if Path(adapter).is_absolute() else _FOLDER / f"{adapter}.py"
        self._options = options or {}
        self._home = home
        self._python = python
        self._lock = threading.Lock()
        self._workers: Workers | None = None
        self._why_not = ""

    def answer(self, window: Window, question: Question, model: Model, limits: Limits) -> Outcome:
        """See ``System``. The first question of all waits until the package is installed."""
        return attempt(partial(self._solve, window, question, model, limits))

    def install(self) -> str:
        """Make the environment if it does not exist. Returns why that cannot be; empty if it can."""
        try:
            self._started()
        except NotInstalled as failed:
            return str(failed)
        return ""

    def close(self) -> None:
        """End its processes."""
        with self._lock:
            workers, self._workers = self._workers, None
        if workers is not None:
            workers.close()

    def _solve(self, window: Window, question: Question, model: Model, limits: Limits, effort: Effort) -> str:
        with aside(effort):
            workers = self._started()
        return workers.solve(job_of(window, question, model, limits), limits.wall_s, effort)

    def _started(self) -> Workers:
        with self._lock:
            if self._why_not:
                raise NotInstalled(self._why_not)
            if self._workers is None:
                self._workers = Workers(self._command())
            return self._workers

    def _command(self) -> Command:
        try:
            python = self._python or interpreter(self.needs, self._home)
        except NotInstalled as failed:
            self._why_not = str(failed)
            raise
        options = msgspec.json.encode(self._options).decode()
        return Command(
            line=(str(python), "-P", str(SERVE), str(self._adapter), options),
            home=bench_home(self._home) / "homes" / self.needs.name,
        )


def job_of(window: Window, question: Question, model: Model, limits: Limits) -> dict[str, object]:
    """What a worker needs to know."""
    return {
        "question": question.text,
        "documents": dict(window.documents),
        "texts": list(window.texts),
        "text": window.text,
        "base_url": model.base_url,
        "root": model.root,
        "sub": model.sub,
        "window": model.window,
        "key": model.key,
        "prices": msgspec.to_builtins(model.prices),
        "micro_usd": limits.micro_usd,
        "calls": limits.calls,
        "wall_s": limits.wall_s,
        "in_flight": limits.in_flight,
    }
