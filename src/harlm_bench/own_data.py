"""A user's folder of published data sets: which of them are in it, and what of them a run asks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from harlm.errors import ContextError
from harlm_bench.items import Window
from harlm_bench.suites import Load, Suite


def found_in(folder: Path) -> dict[str, Path]:
    """The data sets of a folder: files or folders that are named after a loader, such as ``oolong-official.jsonl``.

    Raises:
        ContextError: the folder does not exist, or holds none.
    """
    from harlm_bench.loaders import LOADERS

    try:
        places = sorted(folder.iterdir())
    except OSError as error:
        raise ContextError(
            f"--data {str(folder)!r} cannot be read ({error.strerror}); name a folder"
        ) from error
    found = {name: place for name in LOADERS for place in places if place.name.partition(".")[0] == name}
    if not found:
        raise ContextError(
            f"--data {str(folder)!r} holds no data set; put your copies there as files or folders with the names "
            f"{', '.join(LOADERS)} (such as oolong-official.jsonl)"
        )
    return found


def windows(folder: Path, names: Sequence[str], password: str) -> Iterator[Window]:
    """The windows of these data sets, read one after another.

    Raises:
        ConfigError: columns are missing, or the password is wrong.
        ContextError: a file cannot be read.
    """
    from harlm_bench.loaders import load

    places = found_in(folder)
    for name in names:
        yield from load(name, places[name], password=password)


def with_data(suite: Suite, folder: Path, names: Sequence[str], password: str) -> Suite:
    """A suite whose texts and questions are those of a folder. Reads all of it once, to know how many there are.

    Args:
        suite: what is asked of which systems.
        folder: with the data sets.
        names: of those that are wanted; empty for all.
        password: of the sealed ones.

    Raises:
        ConfigError: a name is none of them, columns are missing, or the password is wrong.
        ContextError: a file cannot be read.
    """
    places = found_in(folder)
    for name in names:
        if name not in places:
            raise ContextError(f"--tasks {name!r} is not in {str(folder)!r}, which holds {', '.join(places)}")
    loads = tuple(
        Load(task=window.task, tokens=window.tokens, windows=1, questions=len(window.questions))
        for window in windows(folder, names or tuple(places), password)
    )
    return msgspec.structs.replace(suite, loads=loads)


def names_of(suite: Suite) -> tuple[str, ...]:
    """The data sets that the loads of a suite come from."""
    return tuple(dict.fromkeys(load.task for load in suite.loads))
