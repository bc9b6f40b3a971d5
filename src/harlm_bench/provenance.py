"""Names the code that makes results: one digest over the sources of HARLM and of what asks, answers and scores here.

Knows neither packages of others nor data.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import harlm

_AFTERWARDS = ("report", "cli.py", "audit.py", "progress.py", "statistics.py")
"""Parts of this package that only look at results."""

_SOURCES = (".py", ".toml", ".json", ".txt")


def code_digest() -> str:
    """The digest of the code that this process runs, 16 hexadecimal digits."""
    own = Path(__file__).parent
    return digest_of(
        (Path(harlm.__file__).parent, *(each for each in own.iterdir() if each.name not in _AFTERWARDS))
    )


def digest_of(places: Sequence[Path]) -> str:
    """The digest of all sources in these files and folders: of their names and their bytes."""
    found = hashlib.sha256()
    for place in sorted(places):
        for file in _sources(place):
            data = file.read_bytes()
            found.update(f"{file.relative_to(place.parent).as_posix()} {len(data)}\0".encode())
            found.update(data)
    return found.hexdigest()[:16]


def _sources(place: Path) -> Iterator[Path]:
    files = (place,) if place.is_file() else sorted(place.rglob("*"))
    return (file for file in files if file.suffix in _SOURCES and "__pycache__" not in file.parts)
