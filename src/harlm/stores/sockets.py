"""The socket of shared stores: what a package gives to HARLM under the entry point ``harlm.stores``.

``StoreSet`` is what every one has. ``KeepsRuns`` and ``KeepsVectors`` may be missing: then the journals of runs, or vectors, stay
on each machine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from harlm.journal.rows import Change, RunRows
from harlm.protocols import CallStore, MemoryStore


@runtime_checkable
class StoreSet(Protocol):
    """Stores of one namespace in one place."""

    def entries(self) -> MemoryStore:
        """The store of entries; its user closes it."""
        ...

    def calls(self) -> CallStore:
        """The store of paid calls; its user closes it."""
        ...


class SharedVectors(Protocol):
    """Keeps vectors by the hashes of texts. It raises nothing while it cannot be reached: it has no vectors then."""

    def get(self, keys: Sequence[bytes]) -> Mapping[bytes, bytes]:
        """The vectors of ``keys`` that it has."""
        ...

    def put(self, made: Mapping[bytes, bytes]) -> None:
        """Keep vectors."""
        ...

    @property
    def is_kept(self) -> bool:
        """Whether a vector that was put can be expected to be there later."""
        ...

    def close(self) -> None:
        """Release all resources. Safe to call twice."""
        ...


class SharedRun(RunRows, Protocol):
    """The journal of one run, which this process holds: no other one can take the run up before ``close``.

    ``write`` raises ``OSError`` once another process has taken the run up; it raises nothing while the place cannot be reached.
    """

    @property
    def holder(self) -> bytes:
        """A name of this attempt, which no other attempt has."""
        ...

    @property
    def before(self) -> bytes | None:
        """The holder of the last attempt; ``None`` if there was none."""
        ...

    @property
    def failure(self) -> str | None:
        """Why changes are not in their place; ``None`` as long as they are."""
        ...

    def replace(self, changes: Sequence[Change]) -> None:
        """Keep these changes in place of all that are kept."""
        ...

    def put_files(self, files: Mapping[str, bytes]) -> None:
        """Keep files with the run, such as what it was asked. Where that fails, nothing is raised."""
        ...


class SharedRuns(Protocol):
    """Journals of runs."""

    def open(self, run: str) -> SharedRun:
        """The journal of a run, which this process holds from now on.

        Raises:
            TraceError: another process holds it, or the place cannot be reached.
        """
        ...

    def files(self, run: str) -> Mapping[str, bytes]:
        """The files that are kept with a run; none if it is unknown.

        Raises:
            TraceError: the place cannot be reached.
        """
        ...

    def close(self) -> None:
        """Release all resources. Safe to call twice."""
        ...


@runtime_checkable
class KeepsVectors(Protocol):
    """A ``StoreSet`` that keeps vectors."""

    def vectors(self) -> SharedVectors:
        """The store of vectors; its user closes it."""
        ...


@runtime_checkable
class KeepsRuns(Protocol):
    """A ``StoreSet`` that keeps the journals of runs."""

    def runs(self) -> SharedRuns:
        """The journals of runs; their user closes them."""
        ...
