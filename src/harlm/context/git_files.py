"""What git keeps about a repository beside its files: the ignore rules outside the work tree, and the names of the
files that it tracks.

Reads these files itself and never runs git, which a hostile repository can have run programs. A file that is
missing, broken or too long counts as empty.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from harlm.context.raw_files import read_rules
from harlm.patterns import lazy_pattern

_LONGEST_CONFIG = 256 << 10  # bytes
_LONGEST_INDEX = 128 << 20
_MOST_TRACKED = 1_000_000
_SECTION = lazy_pattern(r"\[\s*+([A-Za-z0-9.-]++)\s*+(\"[^\"]*+\")?+\s*+\]\s*+(.*+)")
_HEADER, _FIXED = 12, 62  # bytes of an index before its entries, and of an entry before its name
_EXTENDED = 0x4000  # flag of an entry whose name begins two bytes later


def holds_repository(folder: Path) -> bool:
    """Whether a folder is the top of a work tree of git."""
    return os.path.exists(folder / ".git")  # noqa: PTH110 - Path.exists raises below a folder without access


@dataclass(frozen=True, slots=True)
class Tracked:
    """The files that git tracks.

    Attributes:
        files: their paths below the top of the work tree.
        folders: the folders that hold them, and submodules.
    """

    files: frozenset[str] = frozenset()
    folders: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Repository:
    """A work tree of git.

    Attributes:
        top: its folder: an absolute path that ends with a slash.
    """

    top: str
    _home: str = field(default_factory=lambda: os.path.expanduser("~"))  # noqa: PTH111 - never raises

    @cached_property
    def _folder(self) -> Path | None:
        """The folder with the index: ``.git``, or where a file of this name points, as in a work tree or submodule."""
        place = Path(self.top) / ".git"
        if place.is_dir():
            return place
        said = (read_rules(place, 4096) or b"").decode("utf-8", "surrogateescape").strip()
        if not said.startswith("gitdir:") or "\0" in said:
            return None
        return Path(self.top) / said.removeprefix("gitdir:").strip()

    @cached_property
    def _common(self) -> Path | None:
        """The folder that all work trees of a repository share, with its settings."""
        if self._folder is None:
            return None
        said = (
            (read_rules(self._folder / "commondir", 4096) or b"").decode("utf-8", "surrogateescape").strip()
        )
        return self._folder / said if said and "\0" not in said else self._folder

    def ignore_files(self) -> Iterator[Path]:
        """The ignore files outside the work tree, the weakest first."""
        settings = Path(os.environ.get("XDG_CONFIG_HOME") or f"{self._home}/.config") / "git"
        excludes: str | None = None
        own = [] if self._common is None else [self._common / "config"]
        for file in (Path("/etc/gitconfig"), settings / "config", Path(self._home) / ".gitconfig", *own):
            excludes = _excludes_file(read_rules(file, _LONGEST_CONFIG, follow=True) or b"", excludes)
        if excludes is None:
            yield settings / "ignore"
        elif excludes and "\0" not in excludes:
            home = f"{self._home}/" if excludes.startswith("~/") else ""
            yield Path(self.top) / (home + excludes.removeprefix("~/") if home else excludes)
        if self._common is not None:
            yield self._common / "info" / "exclude"

    @cached_property
    def tracked(self) -> Tracked:
        """The files that git tracks; none if its index cannot be read."""
        if self._folder is None:
            return Tracked()
        data = read_rules(self._folder / "index", _LONGEST_INDEX + 1) or b""
        if len(data) > _LONGEST_INDEX:
            return Tracked()
        return tracked_in(data)

    def tracks(self, path: str, *, is_folder: bool) -> bool:
        """Whether git tracks a file, or a file in a folder. The path is absolute, without a slash at its end."""
        below = path.removeprefix(self.top)
        return below in (self.tracked.folders if is_folder else self.tracked.files)


def tracked_in(data: bytes) -> Tracked:
    """The files that an index of git names (versions 2, 3 and 4, SHA-1); none if it is not one."""
    version = int.from_bytes(data[4:8], "big")
    count = int.from_bytes(data[8:12], "big")
    if data[:4] != b"DIRC" or version not in (2, 3, 4) or count > _MOST_TRACKED:
        return Tracked()
    files: set[str] = set()
    folders: set[str] = set()
    at, name = _HEADER, b""
    for _ in range(count):
        flags = int.from_bytes(data[at + 60 : at + 62], "big")
        start = at + _FIXED + (2 if flags & _EXTENDED else 0)
        kept = 0
        if version == 4:
            cut, start = _offset_in(data, start)
            kept = len(name) - cut
        end = data.find(b"\0", start)
        if end < 0 or kept < 0 or end - start + kept > 4096:
            return Tracked()
        name = name[:kept] + data[start:end]
        shown = name.decode("utf-8", "surrogateescape")
        kind = int.from_bytes(data[at + 24 : at + 28], "big") & 0o170000
        (folders if kind in (0o160000, 0o040000) else files).add(shown)
        folder = shown.rpartition("/")[0]
        while folder and folder not in folders:
            folders.add(folder)
            folder = folder.rpartition("/")[0]
        at = end + 1 if version == 4 else at + (end - at + 8) // 8 * 8
    return Tracked(frozenset(files), frozenset(folders))


def _offset_in(data: bytes, at: int) -> tuple[int, int]:
    """A number as a pack of git stores offsets, and where it ends."""
    value, byte = 0, 0x80
    first = at
    while byte & 0x80 and at < len(data) and at - first < 8:
        byte = data[at]
        value = byte & 0x7F if at == first else ((value + 1) << 7) | (byte & 0x7F)
        at += 1
    return value, at


def _excludes_file(config: bytes, before: str | None) -> str | None:
    """``core.excludesFile`` of one file of settings, or ``before`` if it says nothing."""
    section = ""
    lines = iter(config.decode("utf-8-sig", "surrogateescape").split("\n"))
    for line in lines:
        text = line.strip()
        if found := _SECTION.match(text):
            section = "" if found[2] else found[1].lower()
            text = found[3]
        name, equals, value = text.partition("=")
        if section != "core" or name.strip().lower() != "excludesfile" or not equals:
            continue
        while value.endswith("\\") and not value.endswith("\\\\"):
            value = value[:-1] + next(lines, "").rstrip()
        before = _value(value)
    return before


def _value(written: str) -> str:
    """A value as git reads it: without quotes, escapes and a comment."""
    out: list[str] = []
    is_quoted = False
    letters = iter(written.strip())
    for letter in letters:
        if letter == "\\":
            following = next(letters, "")
            out.append({"n": "\n", "t": "\t"}.get(following, following))
        elif letter == '"':
            is_quoted = not is_quoted
        elif letter in "#;" and not is_quoted:
            break
        else:
            out.append(letter)
    return "".join(out).strip()
