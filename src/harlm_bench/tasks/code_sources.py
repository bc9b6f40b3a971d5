"""The Python code that stands on every machine: the standard library of this interpreter. Reads files, changes none."""

from __future__ import annotations

import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from harlm.tokens.estimate import estimate_tokens

_LEFT_OUT = {"site-packages", "dist-packages", "__pycache__", "lib-dynload"}
_TESTS = {"test", "tests", "idle_test"}
_SHORTEST = 400  # bytes; shorter files only import something


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """One module of the library.

    Attributes:
        name: its path in the library, such as ``json/decoder.py``.
        text: its source.
        tokens: the size of the source, estimated.
        is_test: whether it tests other modules.
    """

    name: str
    text: str
    tokens: int
    is_test: bool


@lru_cache(maxsize=1)
def library_names() -> tuple[str, ...]:
    """The paths of all modules in the library, in order; those of tests last."""
    root = _root()
    found = []
    for path in root.rglob("*.py"):
        parts = path.relative_to(root).parts
        if not any(each in _LEFT_OUT or each.startswith("config-") for each in parts[:-1]):
            found.append((_is_test(parts), "/".join(parts)))
    return tuple(name for _, name in sorted(found))


@lru_cache(maxsize=None)
def source_file(name: str) -> SourceFile | None:
    """A module of the library; ``None`` if it is almost empty or not in UTF-8 (some tests of Python are not)."""
    try:
        raw = (_root() / name).read_bytes()
        text = raw.decode().replace("\r\n", "\n")
    except (OSError, UnicodeDecodeError):
        return None
    if len(raw) < _SHORTEST or "\r" in text or "\f" in text or "\0" in text:
        return None
    is_test = _is_test(tuple(name.split("/")))
    return SourceFile(name=name, text=text, tokens=estimate_tokens(text), is_test=is_test)


def source_files() -> Iterator[SourceFile]:
    """All modules, read as they are asked for."""
    for name in library_names():
        found = source_file(name)
        if found is not None:
            yield found


def library_tokens() -> int:
    """The size of the whole library in tokens. Reads all of it the first time: about 2 s."""
    return sum(each.tokens for each in source_files())


def _root() -> Path:
    return Path(sysconfig.get_path("stdlib"))


def _is_test(parts: tuple[str, ...]) -> bool:
    return any(each in _TESTS for each in parts[:-1])
