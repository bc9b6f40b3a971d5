"""Readers that other installed packages bring, by suffix. Only the process that reads a file imports its reader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from operator import attrgetter

from harlm.errors import ContextError
from harlm.extensions import installed
from harlm.types import ReadResult


@dataclass(frozen=True, slots=True)
class BroughtReader:
    """A reader of a package: a function of the name and the bytes of a file, which returns a ``ReadResult``.

    Attributes:
        suffix: of the files, with its dot.
        distribution: the installed package, for messages.
        target: what its entry point names, ``module:function``; empty if several packages bring one.
    """

    suffix: str
    distribution: str
    target: str

    @property
    def module(self) -> str:
        """The module of the function."""
        return self.target.partition(":")[0].strip()

    @property
    def package(self) -> str:
        """The package that holds the module."""
        return self.module.partition(".")[0]

    def read(self, name: str, data: bytes) -> ReadResult:
        """The documents in a file. Imports the reader.

        Raises:
            ContextError: the reader cannot be imported, does not return a ``ReadResult``, or cannot read the file.
        """
        if not self.target:
            raise ContextError(f"has readers in {self.distribution}; uninstall all of them but one")
        try:
            read = attrgetter(self.target.partition(":")[2].partition("[")[0].strip())(
                import_module(self.module)
            )
        except (Exception, SystemExit) as error:
            raise ContextError(
                f"needs the reader {self.suffix[1:]!r} of the package {self.distribution}, which cannot be imported "
                f"({type(error).__name__}: {error}); install it again with what it needs, or uninstall it"
            ) from error
        found = read(name, data)
        if not isinstance(found, ReadResult):
            raise ContextError(
                f"cannot be read, since the reader {self.suffix[1:]!r} of the package {self.distribution} returned a "
                f"{type(found).__name__} and must return a ReadResult; tell its authors, or uninstall it"
            )
        return found


BroughtReaders = Mapping[str, BroughtReader]
"""Readers by suffix."""


def brought_readers() -> BroughtReaders:
    """The readers of all installed packages. A suffix that HARLM reads itself stays its own (``OWN_SUFFIXES``)."""
    found: dict[str, BroughtReader] = {}
    for each in installed("readers"):
        suffix = f".{each.name.lower().lstrip('.')}"
        earlier = found.get(suffix)
        found[suffix] = (
            BroughtReader(suffix, each.package, each.value)
            if earlier is None
            else BroughtReader(suffix, f"{earlier.distribution} and {each.package}", "")
        )
    return found


def to_wire(readers: BroughtReaders) -> list[list[str]]:
    """Readers as they are told to the process that uses them, which cannot look for packages."""
    return [[each.suffix, each.distribution, each.target] for each in readers.values()]


def from_wire(told: Sequence[Sequence[str]]) -> BroughtReaders:
    """The readers that were told."""
    return {suffix: BroughtReader(suffix, distribution, target) for suffix, distribution, target in told}
