"""Finds systems by name. A table; makes no process before a question is asked, and does not know the suites."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import lru_cache

from harlm.errors import ConfigError
from harlm_bench.systems import System
from harlm_bench.systems.bm25 import Bm25
from harlm_bench.systems.codeact import CodeAct
from harlm_bench.systems.direct import Base, TruncatedBase
from harlm_bench.systems.harlm import Harlm, variants
from harlm_bench.systems.mapped import Mapped
from harlm_bench.systems.plan import ScriptedPlan
from harlm_bench.systems.rivals import Rival
from harlm_bench.systems.rivals.known import rivals
from harlm_bench.systems.rlm_paper import PaperRlm
from harlm_bench.systems.summary import SummaryAgent


@lru_cache(maxsize=1)
def _every() -> Mapping[str, System]:
    own: dict[str, System] = {
        "base": Base(),
        "truncated-base": TruncatedBase(),
        "summary": SummaryAgent(),
        "bm25": Bm25(),
        "codeact-bm25": CodeAct(),
        "codeact-calls": CodeAct(sub_calls=True),
        "rlm-paper-depth-0": PaperRlm(depth=0),
        "rlm-paper": PaperRlm(),
        "map": Mapped(),
        "scripted-plan": ScriptedPlan(),
    }
    return own | dict(rivals()) | dict(variants())


def names() -> tuple[str, ...]:
    """The names of all systems."""
    return tuple(_every())


def system(name: str) -> System:
    """The system with a name.

    Raises:
        ConfigError: there is none; the message lists the names.
    """
    found = _every().get(name)
    if found is None:
        near = get_close_matches(name, names(), n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ConfigError(f"there is no system {name!r}.{hint} There are: {', '.join(names())}")
    return found


def install(wanted: Iterable[System]) -> Mapping[str, str]:
    """Install what can be installed, before anything is timed.

    Returns:
        by the system's name, why it cannot be; without those that can.
    """
    tried = {each.name: each.install() for each in wanted if isinstance(each, Rival)}
    return {name: why_not for name, why_not in tried.items() if why_not}


def close_all() -> None:
    """End every process that systems keep."""
    for each in _every().values():
        if isinstance(each, Rival | Harlm):
            each.close()
