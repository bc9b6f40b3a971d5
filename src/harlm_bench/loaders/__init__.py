"""USERS' OWN COPIES of published data sets, read as windows. Nothing of them is shipped, fetched or written.

Windows of a loader have no facts: the simulated model cannot answer them, a real one can.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path

from harlm.errors import ConfigError
from harlm_bench.items import Window
from harlm_bench.loaders import browsecomp, longbench, longmemeval, oolong, ruler

LOADERS: Mapping[str, Callable[[Path, str], Iterator[Window]]] = {
    "oolong-official": oolong.windows,
    "longbench-v2": longbench.windows,
    "browsecomp-plus": browsecomp.windows,
    "ruler": ruler.windows,
    "longmemeval": longmemeval.windows,
}
"""How each data set is read, by its name: from a path and the password of a sealed one."""

SECRET = frozenset({"browsecomp-plus"})
"""The data sets whose windows are secret."""


def load(name: str, path: Path, *, limit: int | None = None, password: str = "") -> Iterator[Window]:
    """The windows of a data set, read as they are asked for.

    Args:
        name: one of ``LOADERS``.
        path: a JSON, JSONL, CSV or Parquet file with the rows as they were published, or a folder of such files.
        limit: the most windows; ``None`` for all.
        password: what the texts of ``browsecomp-plus`` are sealed with.

    Raises:
        ConfigError: there is no such loader, the file lacks columns or is broken, or the password is wrong.
        ContextError: the file cannot be read.
    """
    try:
        windows = LOADERS[name]
    except KeyError:
        raise ConfigError(f"No loader reads {name!r}. Choose one of: {', '.join(LOADERS)}.") from None
    return islice(windows(path, password), limit)
