"""HARLM and its ablations as systems. Each variant runs in processes of its own, as the rivals do."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path

import msgspec

import harlm
from harlm_bench.items import Question, Window
from harlm_bench.outcomes import Outcome
from harlm_bench.systems import Limits, Model
from harlm_bench.systems.attempt import Effort, attempt
from harlm_bench.systems.rivals import SERVE, job_of
from harlm_bench.systems.rivals.environments import bench_home
from harlm_bench.systems.worker_lines import Command
from harlm_bench.systems.workers import Workers

_ADAPTER = Path(__file__).with_name("harlm_worker.py")
_SOURCE = Path(__file__).parents[2]

Settings = Mapping[str, str | int | float | bool]
"""Settings of HARLM by dotted name, as ``harlm config show`` lists them."""

# Hot and warm are views over the cold store, which holds the only copy of every entry and cannot be left out.
_NO_HOT: Settings = {"memory.hot_tokens": 0}
_NO_WARM: Settings = {"memory.summaries": "off"}
_PARTS: Mapping[str, tuple[str, Settings]] = {
    "harlm-width-1": ("one call at a time", {"engine.concurrency": 1}),
    "harlm-no-speculation": ("no calls ahead", {"engine.speculation": "off"}),
    "harlm-no-cache": ("no reuse of calls", {"memory.cache": False}),
    "harlm-hot-only": ("hot tier alone over cold", _NO_WARM),
    "harlm-warm-only": ("warm tier alone over cold", _NO_HOT),
    "harlm-cold-only": ("cold tier alone", {**_NO_HOT, **_NO_WARM}),
    "harlm-no-folding": ("no folding of old turns", {"memory.history_tokens": 1_000_000_000}),
    "harlm-hedging": ("with second asking", {"models.hedging": True}),
    **{f"harlm-depth-{depth}": (f"depth {depth}", {"engine.max_depth": depth}) for depth in range(5)},
}


@dataclass(frozen=True, kw_only=True)
class Harlm:
    """HARLM through ``harlm.HARLM``, with its defaults but one: slow calls are not asked a second time
    (``models.hedging``), since a race against the clock cannot be repeated.

    Attributes:
        variant: what sets it apart; empty for HARLM as it comes.
        settings: what is set otherwise than by default.
        is_scripted: whether the root model is ``harlm_bench.systems.scripted``.
        has_budget: whether HARLM is told the limits of the question. The gateway holds it to them anyway.
        home: HARLM's folder, for what is left between questions; by default that of the settings.
    """

    variant: str = ""
    settings: Settings = field(default_factory=dict)
    is_scripted: bool = False
    has_budget: bool = True
    home: Path | None = None

    @property
    def name(self) -> str:
        """See ``System``."""
        return f"HARLM {harlm.__version__}" + (f", {self.variant}" if self.variant else "")

    def answer(self, window: Window, question: Question, model: Model, limits: Limits) -> Outcome:
        """See ``System``."""
        return attempt(partial(self._solve, window, question, model, limits))

    def close(self) -> None:
        """End its processes."""
        self._workers.close()

    def _solve(self, window: Window, question: Question, model: Model, limits: Limits, effort: Effort) -> str:
        return self._workers.solve(job_of(window, question, model, limits), limits.wall_s, effort)

    @cached_property
    def _workers(self) -> Workers:
        options = {
            "settings": dict(self.settings),
            "scripted": self.is_scripted,
            "no_budget": not self.has_budget,
        }
        line = (sys.executable, "-P", str(SERVE), str(_ADAPTER), msgspec.json.encode(options).decode())
        home = bench_home(self.home) / "homes" / "harlm"
        return Workers(Command(line=line, home=home, variables={"PYTHONPATH": str(_SOURCE)}))


def variants() -> Mapping[str, Harlm]:
    """HARLM as it comes, in one mode, and without one part, by the name that a user gives.

    Without a part it is always in *full* mode, where every part works.
    """
    full: Settings = {"engine.mode": "full"}
    modes = {
        f"harlm-{mode}": Harlm(variant=f"always {mode}", settings={"engine.mode": mode})
        for mode in ("direct", "repl", "full")
    } | {
        "harlm-plan": Harlm(variant="plan, no root model", settings={"engine.mode": "plan"}),
        "harlm-plan-one-look": Harlm(
            variant="plan, no second looks", settings={"engine.mode": "plan", "engine.second_looks": 0.0}
        ),
        "harlm-branches-3": Harlm(
            variant="plan, three strategies side by side",
            settings={"engine.mode": "plan", "engine.branches": 3, "engine.branching": "together"},
        ),
        "harlm-rules": Harlm(variant="rules as the router", settings={"router.kind": "rules"}),
        "harlm-no-escalation": Harlm(variant="no second attempt", settings={"router.escalate": False}),
    }
    parts = {
        key: Harlm(variant=f"full, {variant}", settings={**full, **settings})
        for key, (variant, settings) in _PARTS.items()
    }
    return {
        "harlm": Harlm(),
        "harlm-scripted-root": Harlm(variant="scripted root", settings=full, is_scripted=True),
        "harlm-no-budget": Harlm(variant="full, no budget", settings=full, has_budget=False),
        **modes,
        **parts,
    }
