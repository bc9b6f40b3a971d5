"""The socket of shared stores: what a package gives to HARLM under the entry point ``harlm.stores``.

``StoreSet`` is what every one has. ``KeepsRuns`` and ``KeepsVectors`` may be missing: then the journals of runs, or vectors, stay
on each machine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from harlm.journal.rows import SharedRun
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
