"""Puts a run together: from a suite and the user's wishes to windows, systems and a gateway with a model behind it.

The only module that knows all the others. Everything is imported when it is needed, so that ``--help`` is fast.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

import harlm
from harlm.errors import ConfigError, ContextError
from harlm_bench import costs, suites
from harlm_bench.journal import Header
from harlm_bench.labels import Label
from harlm_bench.provenance import code_digest
from harlm_bench.runner import Work
from harlm_bench.serving import Served, Wanted, served
from harlm_bench.suites import Entry, Load

if TYPE_CHECKING:
    from harlm_bench.items import Window
    from harlm_bench.outcomes import Result
    from harlm_bench.report.tables import Table
    from harlm_bench.simulator.perceiving import Labeller
    from harlm_bench.simulator.store import Store
    from harlm_bench.systems import System

_SEEDS = 10_000  # windows of a load at most, so that runs of neighbouring seeds share none


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """A run that can begin.

    Attributes:
        header: for its journal.
        work: for the runner.
        expected: questions of each system, by its name.
        predict: what it will cost, from the results that it need not ask for again; ``None`` for a model that costs nothing.
    """

    header: Header
    work: Work
    expected: Mapping[str, int]
    predict: Callable[[Iterable[Result]], costs.Prediction] | None


@contextmanager
def assembled(wanted: Wanted) -> Iterator[Bench]:
    """A run, with its model served during the block.

    Raises:
        ConfigError: a part of it is missing; the message says how to get it.
    """
    from harlm_bench.gateway import Gateway
    from harlm_bench.scoring import score
    from harlm_bench.systems import registry

    _check_bounds(wanted)
    with ExitStack() as stack:
        stack.callback(registry.close_all)
        model = served(wanted, stack)
        entries, systems = _systems(wanted, model.labeller)
        gateway = stack.enter_context(
            Gateway(
                model.backend,
                root=model.root,
                sub=model.sub,
                window=model.window,
                price_of=lambda name: model.prices.get(name),
            )
        )
        budget = None if wanted.budget_usd is None else round(wanted.budget_usd * 1e6)
        work = Work(
            windows=_windows(wanted, model.store, model.labeller),
            systems=systems,
            gateway=gateway,
            limits=wanted.suite.limits,
            score=score,
            jobs=wanted.jobs,
            budget_micro_usd=budget if model.label.kind == "REAL ENDPOINT" else None,
        )
        asked = sum(load.windows * load.questions for load in wanted.suite.loads)
        yield Bench(
            header=_header(wanted, model.label, entries),
            work=work,
            expected={entry.name: asked for entry in entries},
            predict=_prediction(wanted, model, entries),
        )


def install(bench: Bench) -> Mapping[str, str]:
    """Install the rivals of a run, before anything is timed.

    Returns:
        by a system's name, why it cannot be installed; without those that can.
    """
    from harlm_bench.systems import registry

    return registry.install(bench.work.systems)


def _prediction(
    wanted: Wanted, model: Served, entries: tuple[Entry, ...]
) -> Callable[[Iterable[Result]], costs.Prediction] | None:
    if model.label.kind != "REAL ENDPOINT":
        return None
    return partial(costs.predict, wanted.suite.loads, entries, model.prices, model.window)


def _bounds(wanted: Wanted) -> list[str]:
    return [key for key in wanted.suite.systems if suites.SYSTEMS[key].role == "bound"]


def _check_bounds(wanted: Wanted) -> None:
    """Refuse an upper bound without a simulated model, before any model is served."""
    bounds = _bounds(wanted)
    if bounds and not wanted.is_simulated:
        raise ConfigError(
            f"{bounds[0]!r} is an upper bound on a simulated model only; leave it out with --systems"
        )


def _systems(wanted: Wanted, labeller: Labeller | None) -> tuple[tuple[Entry, ...], tuple[System, ...]]:
    """The systems of a run. Bounds are told which simulated model answers."""
    from harlm_bench.simulator.oracle import OraclePlan
    from harlm_bench.systems import registry

    suite, bounds = wanted.suite, _bounds(wanted)
    bound = OraclePlan(profile=wanted.sub_profile, seed=wanted.model_seed, labeller=labeller)
    systems = tuple(bound if key in bounds else registry.system(key) for key in suite.systems)
    entries = tuple(
        msgspec.structs.replace(suites.SYSTEMS[key], name=system.name)
        for key, system in zip(suite.systems, systems, strict=True)
    )
    return entries, systems


def _windows(wanted: Wanted, store: Store | None, labeller: Labeller | None = None) -> Iterator[Window]:
    """The windows, made one after another. A simulated model is told the facts of each before it is asked about it."""
    if wanted.data is not None:
        from harlm_bench import own_data

        for window in own_data.windows(wanted.data, own_data.names_of(wanted.suite), wanted.password):
            if window.is_secret and wanted.record is not None:
                raise ConfigError(
                    f"window {window.id!r} is secret, and must not be recorded; run without --record"
                )
            yield window
        return
    for load in wanted.suite.loads:
        for window in _windows_of(load, wanted.seed):
            if store is not None:
                store.add(window.facts)
            if labeller is not None:
                labeller.learn(window.facts)
            yield window


def _windows_of(load: Load, seed: int) -> Iterator[Window]:
    from harlm_bench.tasks import family

    for number in range(load.windows):
        yield family(load.task).window(seed * _SEEDS + number, load.tokens, load.questions)


def windows_again(header: Header, data: Path | None = None, password: str = "") -> Iterator[Window]:
    """The windows of a journal, made again; those of a user's own data, read again from the folder ``data``, if it is given.

    Raises:
        ConfigError: columns are missing, or the password is wrong.
        ContextError: the folder does not hold a data set of the journal.
    """
    from harlm_bench import own_data

    own = not_generated(header)
    for load in header.loads:
        if load.task not in own:
            yield from _windows_of(load, header.seed)
    if data is not None and own:
        places = own_data.found_in(data)
        for name in own:
            if name not in places:
                raise ContextError(
                    f"--data {str(data)!r} does not hold {name!r}, which the journal is about; name the folder of its run"
                )
        yield from own_data.windows(data, own, password)


def not_generated(header: Header) -> tuple[str, ...]:
    """The tasks of a journal that come from a user's own data."""
    from harlm_bench import tasks

    generated = tasks.names()
    return tuple(dict.fromkeys(load.task for load in header.loads if load.task not in generated))


# -- the simulated model alone -----------------------------------------------------------------------------


def serve_simulated(wanted: Wanted, port: int, texts: Path) -> None:
    """Serve the simulated models of a run to any client until Ctrl-C, and write the texts that they know into a folder.

    Raises:
        ConfigError: a profile does not exist, the port is taken, or the texts cannot be written.
        KeyboardInterrupt: Ctrl-C.
    """
    from harlm_bench.serving import simulated
    from harlm_bench.simulator.server import serve, write_windows

    backend, store, profiles = simulated(wanted)
    write_windows(_windows(wanted, store), texts)
    serve(backend, dict.fromkeys(profile.id for profile in profiles), port=port)


def attacked(wanted: Wanted, tokens: int = 8_192) -> Table:
    """What five attacks on the simulated root model got, on windows of each task of a suite.

    Raises:
        ConfigError: a profile does not exist.
    """
    from harlm_bench import tasks
    from harlm_bench.report.tables import Row, Table, number, words
    from harlm_bench.scoring import score
    from harlm_bench.serving import simulated
    from harlm_bench.simulator.attacks import attacks

    backend, _, (profile, _) = simulated(wanted)
    names = dict.fromkeys(load.task for load in wanted.suite.loads)
    loads = [
        Load(task=name, tokens=min(tokens, tasks.sizes(name)[1]), windows=2, questions=8) for name in names
    ]
    windows = [window for load in loads for window in _windows_of(load, wanted.seed)]
    with_text, *found = attacks(windows, profile, tasks.families(), score, wanted.seed)
    rows = [(with_text, "-"), *((each, "at chance" if each.failed else "ABOVE CHANCE") for each in found)]
    return Table(
        id="attacks",
        title="Attacks on the simulated model",
        label=backend.label,
        columns=("attack", "questions", "score", "chance", "verdict"),
        rows=tuple(
            Row(
                label=backend.label,
                head=each.name,
                cells=(
                    number(each.questions),
                    number(100 * each.score, 1),
                    number(100 * each.chance, 1),
                    words(said),
                ),
            )
            for each, said in rows
        ),
    )


# -- how it was made ---------------------------------------------------------------------------------------


def _header(wanted: Wanted, label: Label, entries: tuple[Entry, ...]) -> Header:
    from harlm_bench import tasks

    used = dict.fromkeys(load.task for load in wanted.suite.loads)
    return Header(
        suite=wanted.suite.name,
        seed=wanted.seed,
        loads=wanted.suite.loads,
        label=label,
        versions={task: tasks.family(task).version if wanted.data is None else 1 for task in used},
        systems=entries,
        packages={"harlm": harlm.__version__, "python": platform.python_version()},
        code=code_digest(),
        limits=wanted.suite.limits,
        machine=f"{_processor()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}",
        command=wanted.command,
        started=datetime.now().astimezone().isoformat(timespec="seconds"),
    )


def _processor() -> str:
    if sys.platform == "linux":
        try:
            lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            lines = []
        for line in lines:
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
