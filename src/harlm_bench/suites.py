"""Which tasks, sizes, seeds and systems make up a suite. Data only: names are looked up by others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from harlm.errors import ConfigError
from harlm_bench.labels import Kind
from harlm_bench.systems import Limits

Role = Literal["base", "baseline", "reference", "rival", "ours", "mode", "part", "bound"]
"""What a system is compared as. ``base``: one call with everything. ``reference``: the reference RLM, which the
calibration of a simulated model is checked with. ``bound``: a system that is told what the others cannot know: an upper bound.
"""


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """Windows of one task and one size.

    Attributes:
        task: the name of a family.
        tokens: the size of each window.
        windows: how many; window ``i`` has the seed of the run plus ``i``.
        questions: asked about each.
    """

    task: str
    tokens: int
    windows: int
    questions: int


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A system of a suite.

    Attributes:
        key: its name in the registry of systems.
        role: what it is compared as.
        reads: the prompt tokens that it is expected to need for a question, as a multiple of the window. Only for the
            prediction of cost.
        name: as it calls itself, with its version; empty until it is made.
    """

    key: str
    role: Role
    reads: float
    name: str = ""


class Suite(msgspec.Struct, frozen=True, kw_only=True):
    """What one run measures.

    Attributes:
        name: as ``--suite`` takes it.
        kind: which model stands behind it, unless an endpoint is named.
        loads: the windows.
        systems: keys of ``SYSTEMS``.
        limits: of each question.
        jobs: questions at once, unless ``--jobs`` says otherwise.
        minutes: the time that it may take on two cores.
    """

    name: str
    kind: Kind
    loads: tuple[Load, ...]
    systems: tuple[str, ...]
    limits: Limits
    jobs: int
    minutes: int


def _entries(*rows: tuple[str, Role, float]) -> Mapping[str, Entry]:
    return {key: Entry(key=key, role=role, reads=reads) for key, role, reads in rows}


SYSTEMS: Mapping[str, Entry] = _entries(
    ("base", "base", 1.0),
    ("truncated-base", "baseline", 1.0),
    ("summary", "baseline", 1.2),
    ("bm25", "baseline", 0.1),
    ("map", "baseline", 1.2),
    ("scripted-plan", "baseline", 0.2),
    ("codeact-bm25", "baseline", 1.5),
    ("codeact-calls", "baseline", 1.5),
    ("rlm-paper-depth-0", "baseline", 1.0),
    ("rlm-paper", "baseline", 1.5),
    ("rlms", "reference", 1.5),
    ("rlms-depth-3", "rival", 2.0),
    ("spec-ptc", "rival", 1.5),
    ("dspy-rlm", "rival", 1.5),
    ("droste", "rival", 1.5),
    ("minrlm", "rival", 0.6),
    ("recursive-llm", "rival", 1.5),
    ("harlm", "ours", 1.3),
    ("harlm-scripted-root", "ours", 1.3),
    ("harlm-direct", "mode", 1.0),
    ("harlm-plan", "mode", 1.1),
    ("harlm-plan-one-look", "mode", 1.1),
    ("harlm-branches-3", "mode", 1.5),
    ("harlm-rules", "mode", 1.3),
    ("harlm-no-escalation", "mode", 1.3),
    ("harlm-repl", "mode", 1.3),
    ("harlm-full", "mode", 1.3),
    ("harlm-width-1", "part", 1.3),
    ("harlm-no-speculation", "part", 1.3),
    ("harlm-no-cache", "part", 1.3),
    ("harlm-hot-only", "part", 1.3),
    ("harlm-warm-only", "part", 1.3),
    ("harlm-cold-only", "part", 1.3),
    ("harlm-no-folding", "part", 1.3),
    ("harlm-hedging", "part", 1.3),
    ("harlm-no-budget", "part", 1.3),
    *((f"harlm-depth-{depth}", "part", 1.3) for depth in range(5)),
    ("oracle-plan", "bound", 0.0),
)
"""Every system that a suite may name."""

WHOLE = "harlm-full"
"""What HARLM without one of its parts is compared with: every part works in this mode alone."""

_K = 1024
_MOST_CALLS = 1_000


def _loads(*rows: tuple[str, tuple[int, ...], int, int]) -> tuple[Load, ...]:
    """Loads from (task, sizes in units of 1,024 tokens, windows, questions)."""
    return tuple(
        Load(task=task, tokens=size * _K, windows=windows, questions=questions)
        for task, sizes, windows, questions in rows
        for size in sizes
    )


# One window has several questions, so that the prefix cache of the local server holds the text. 0.5 B parameters on two idle
# cores read 65 to 150 tokens a second, by the machine: 15 minutes are 50,000 prompt tokens that no cache served, at the least.
_EMBEDDED = Suite(
    name="embedded",
    kind="EMBEDDED",
    loads=_loads(("s-niah", (4,), 1, 3), ("multihop-long", (4,), 1, 4), ("counting", (2,), 1, 2)),
    systems=("truncated-base", "bm25", "map", "scripted-plan", "harlm-scripted-root", "harlm-plan"),
    limits=Limits(calls=200, wall_s=240.0, in_flight=1),  # side by side, replies at temperature 0 differ
    jobs=1,
    minutes=15,
)

# Texts of more than 8,000 tokens, which a model of 0.5 B parameters reads badly at once.
_EMBEDDED_LONG = Suite(
    name="embedded-long",
    kind="EMBEDDED",
    loads=_loads(("s-niah", (9,), 1, 5), ("multihop-long", (9,), 1, 5)),
    systems=("truncated-base", "bm25", "harlm-plan"),
    limits=Limits(calls=200, wall_s=240.0, in_flight=1),
    jobs=1,
    minutes=15,
)

# Many short texts in the two modes that a model of this size can use: examples of a real model, to calibrate its confidence and to
# measure a router on.
_EMBEDDED_MODES = Suite(
    name="embedded-modes",
    kind="EMBEDDED",
    loads=_loads(
        ("short", (1,), 6, 4),
        ("s-niah", (2,), 6, 3),
        ("multihop-long", (2,), 6, 3),
        ("crossdoc", (2,), 4, 3),
        ("tables", (2,), 4, 3),
    ),
    systems=("harlm-direct", "harlm-plan"),
    limits=Limits(calls=200, wall_s=240.0, in_flight=1),
    jobs=1,
    minutes=20,
)

_QUICK = Suite(
    name="quick",
    kind="SIMULATED",
    loads=_loads(
        ("short", (4,), 5, 4),
        ("s-niah", (32, 128), 5, 2),
        ("oolong", (128,), 5, 4),
        ("pairs", (32,), 5, 4),
        ("multihop-long", (128,), 5, 4),
    ),
    systems=("base", "bm25", "rlms", "harlm", WHOLE),
    limits=Limits(calls=_MOST_CALLS, micro_usd=5_000_000, wall_s=120.0),
    jobs=8,
    minutes=3,
)

_STANDARD = Suite(
    name="standard",
    kind="SIMULATED",
    loads=_loads(
        ("short", (4,), 10, 5),
        ("s-niah", (8, 32, 128, 512), 5, 3),
        ("oolong", (32,), 5, 5),
        ("oolong", (128,), 10, 5),
        ("pairs", (32,), 10, 5),
        ("browse", (1024,), 5, 5),
        ("codeqa", (128, 512, 1024), 4, 5),
        ("multihop-long", (128, 512), 5, 5),
        ("crossdoc", (128,), 5, 5),
        ("tables", (128,), 5, 5),
        ("chaos", (32,), 5, 5),
    ),
    systems=("base", "summary", "bm25", "codeact-bm25", "codeact-calls", "rlm-paper", "rlms", "harlm", WHOLE),
    limits=Limits(calls=_MOST_CALLS, micro_usd=5_000_000, wall_s=300.0),
    jobs=8,
    minutes=25,
)

_PAPER = Suite(
    name="paper",
    kind="SIMULATED",
    loads=_loads(
        ("codeqa", (128, 1024), 5, 5),
        ("browse", (8192,), 15, 10),
        ("oolong", (128,), 10, 5),
        ("pairs", (32,), 5, 4),
        ("s-niah", (8, 32, 128, 512, 1024), 10, 5),
        ("multihop-long", (128, 1024, 10240), 10, 5),
        ("crossdoc", (128, 512), 5, 5),
        ("mrcr", (128, 512), 5, 5),
        ("graphwalks", (128, 512), 5, 5),
    ),
    systems=tuple(
        key
        for key, entry in SYSTEMS.items()
        if entry.role not in ("part", "bound")
        and key not in ("truncated-base", "map", "scripted-plan", "harlm-scripted-root")
    ),
    limits=Limits(calls=5 * _MOST_CALLS, micro_usd=20_000_000, wall_s=900.0),
    jobs=8,
    minutes=240,
)

# Sizes as published: most repositories of CodeQA, and every collection of BrowseComp-Plus, are larger than one window.
_CALIBRATION = Suite(
    name="calibration",
    kind="SIMULATED",
    loads=_loads(
        ("oolong", (128,), 10, 15),
        ("pairs", (32,), 10, 15),
        ("codeqa", (128, 512, 1024), 4, 5),
        ("browse", (4096,), 4, 5),
    ),
    systems=("base", "rlms"),
    limits=Limits(calls=_MOST_CALLS, micro_usd=5_000_000, wall_s=300.0),
    jobs=8,
    minutes=10,
)

# Every kind of question at every size, in each mode: examples to train and to measure a router. Several draws are several runs.
_ROUTER = Suite(
    name="router",
    kind="SIMULATED",
    loads=_loads(
        ("short", (1, 4), 3, 5),
        ("s-niah", (2, 8, 32, 128, 512), 2, 4),
        ("counting", (2, 8, 32), 2, 4),
        ("oolong", (2, 8, 32, 128), 3, 5),
        ("pairs", (4, 16, 32), 2, 4),
        ("browse", (32, 128, 512), 2, 4),
        ("codeqa", (8, 32, 128, 512), 2, 4),
        ("multihop-long", (4, 16, 64, 256), 3, 4),
        ("crossdoc", (4, 16, 64, 128), 3, 4),
        ("tables", (2, 8, 32, 128), 2, 4),
        ("mrcr", (8, 32, 128), 2, 4),
        ("graphwalks", (4, 16, 64), 2, 4),
        ("chaos", (4, 32), 4, 5),
    ),
    systems=("harlm-direct", "harlm-plan", "harlm-repl", "harlm-full"),
    limits=Limits(calls=_MOST_CALLS, micro_usd=5_000_000, wall_s=300.0),
    jobs=8,
    minutes=15,
)

SUITES: Mapping[str, Suite] = {
    each.name: each
    for each in (
        _EMBEDDED,
        _EMBEDDED_LONG,
        _EMBEDDED_MODES,
        _QUICK,
        _STANDARD,
        _PAPER,
        _CALIBRATION,
        _ROUTER,
    )
}

ABLATIONS: tuple[str, ...] = (
    "base",
    "rlms",
    "harlm",
    *(key for key, entry in SYSTEMS.items() if entry.role in ("mode", "part", "bound")),
)
"""The systems of ``harlm bench ablate``. The first two are needed to check the calibration."""


def ablations(*, is_simulated: bool) -> tuple[str, ...]:
    """The systems of ``harlm bench ablate``; without bounds that only a simulated model has."""
    return tuple(key for key in ABLATIONS if is_simulated or SYSTEMS[key].role != "bound")


def suite(name: str) -> Suite:
    """The suite of a name.

    Raises:
        ConfigError: there is none.
    """
    if name not in SUITES:
        raise ConfigError(f"suite {name!r} does not exist; use one of {', '.join(SUITES)}")
    return SUITES[name]


def chosen(
    whole: Suite, systems: tuple[str, ...] = (), tasks: tuple[str, ...] = (), sizes: tuple[int, ...] = ()
) -> Suite:
    """A suite with these systems, tasks and sizes only; empty means all.

    Args:
        whole: the suite.
        systems: keys of ``SYSTEMS``, also such as the suite does not name.
        tasks: of the suite.
        sizes: in tokens, for every task, instead of the suite's own.

    Raises:
        ConfigError: a name is none of these.
    """
    _check("system", systems, tuple(SYSTEMS))
    _check("task", tasks, tuple(dict.fromkeys(load.task for load in whole.loads)))
    loads = tuple(load for load in whole.loads if not tasks or load.task in tasks)
    if sizes:
        first = {load.task: load for load in reversed(loads)}
        loads = tuple(
            msgspec.structs.replace(load, tokens=size) for load in reversed(first.values()) for size in sizes
        )
    return msgspec.structs.replace(whole, systems=systems or whole.systems, loads=loads)


def renamed(whole: Suite, name: str) -> Suite:
    """A suite under another name, so that its journal is another one."""
    return msgspec.structs.replace(whole, name=name)


def _check(what: str, names: tuple[str, ...], known: tuple[str, ...]) -> None:
    for name in names:
        if name not in known:
            raise ConfigError(f"{what} {name!r} does not exist here; use one of {', '.join(known)}")
