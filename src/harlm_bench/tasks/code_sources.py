"""The Python code that stands on every machine: the standard library of this interpreter. Reads files, changes none."""

from __future__ import annotations

import os
import sysconfig
from dataclasses import dataclass
from functools import cache
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
    """

    name: str
    text: str
    tokens: int


@cache
def library_names(is_test: bool) -> tuple[str, ...]:
    """The paths of all modules in the library, in order: those that test others, or the rest."""
    return tuple(
        name for name in _all_names() if is_test == any(each in _TESTS for each in name.split("/")[:-1])
    )


@cache
def source_file(name: str) -> SourceFile | None:
    """A module of the library; ``None`` if it is almost empty or not in UTF-8 (some tests of Python are not)."""
    try:
        raw = (_root() / name).read_bytes()
        text = raw.decode().replace("\r\n", "\n")
    except (OSError, UnicodeDecodeError):
        return None
    if len(raw) < _SHORTEST or "\r" in text or "\f" in text or "\0" in text:
        return None
    return SourceFile(name=name, text=text, tokens=estimate_tokens(text))


def library_tokens() -> int:
    """The size of the whole library in tokens. Reads all of it the first time: about 2 s."""
    files = map(source_file, (*library_names(False), *library_names(True)))
    return sum(file.tokens for file in files if file is not None)


@cache
def _all_names() -> tuple[str, ...]:
    root, found = _root(), []
    for folder, inner, files in os.walk(root):
        inner[:] = [each for each in inner if each not in _LEFT_OUT and not each.startswith("config-")]
        start = Path(folder).relative_to(root)
        found += [(start / each).as_posix() for each in files if each.endswith(".py")]
    return tuple(sorted(found))


def _root() -> Path:
    return Path(sysconfig.get_path("stdlib"))
