"""The kinds of tasks, by name. A module of a kind is imported when it is asked for, and says ``FAMILY``.

Knows where each kind is and which sizes it makes, and nothing of what it asks.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import NamedTuple, cast

from harlm.errors import ConfigError
from harlm_bench.items import TaskFamily


class _Entry(NamedTuple):
    """Where a family is, and the least and the most tokens of its windows."""

    module: str
    least: int
    most: int


_ALL = 12_000_000  # tokens; a window of ten million and some room
_ENTRIES = {
    "short": _Entry("harlm_bench.tasks.short", 1_000, 4_096),
    "s-niah": _Entry("harlm_bench.tasks.niah", 1_000, _ALL),
    "oolong": _Entry("harlm_bench.tasks.oolong", 1_000, _ALL),
    "pairs": _Entry("harlm_bench.tasks.pairs", 1_000, _ALL),
    "multihop-long": _Entry("harlm_bench.tasks.multihop", 2_000, _ALL),
    "browse": _Entry("harlm_bench.tasks.browse", 2_000, _ALL),
    "codeqa": _Entry("harlm_bench.tasks.codeqa", 2_000, _ALL),
    "crossdoc": _Entry("harlm_bench.tasks.crossdoc", 2_000, _ALL),
    "tables": _Entry("harlm_bench.tasks.tables", 1_000, _ALL),
    "mrcr": _Entry("harlm_bench.tasks.mrcr", 2_000, _ALL),
    "graphwalks": _Entry("harlm_bench.tasks.graphwalks", 1_000, _ALL),
    "chaos": _Entry("harlm_bench.tasks.chaos", 2_000, _ALL),
    "counting": _Entry("harlm_bench.tasks.counting", 1_000, _ALL),
}


def names() -> tuple[str, ...]:
    """The names of all families, in the order in which they are reported."""
    return tuple(_ENTRIES)


def family(name: str) -> TaskFamily:
    """The family with this name.

    Raises:
        ConfigError: there is none; the message lists those that there are.
    """
    return cast("TaskFamily", importlib.import_module(_entry(name).module).FAMILY)


def families() -> Iterator[TaskFamily]:
    """All families, each imported when its turn comes."""
    return (family(name) for name in _ENTRIES)


def sizes(name: str) -> tuple[int, int]:
    """The least and the most tokens of a window of this family.

    Raises:
        ConfigError: there is no such family.
    """
    entry = _entry(name)
    return entry.least, entry.most


def check_size(name: str, tokens: int, questions: int) -> None:
    """Say no to a window that a family does not make.

    Raises:
        ConfigError: too few or too many tokens, or no question.
    """
    least, most = sizes(name)
    if not least <= tokens <= most:
        raise ConfigError(
            f"The task {name!r} makes windows of {least:,} to {most:,} tokens, not of {tokens:,}: "
            "choose a size between them, or another task."
        )
    if questions < 1:
        raise ConfigError(f"A window needs at least one question, not {questions}.")


def _entry(name: str) -> _Entry:
    try:
        return _ENTRIES[name]
    except KeyError:
        raise ConfigError(f"There is no task {name!r}. Choose one of: {', '.join(_ENTRIES)}.") from None
