"""The files and folders that a walk leaves out, and why.

Decides by names and ignore files; opens no documents.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from harlm.context.document_names import shown_name
from harlm.context.patterns import LONGEST, is_valid, spec_of
from harlm.context.raw_files import read_rules
from harlm.context.secrets import is_secret_name
from harlm.errors import ContextError
from harlm.types import Skipped

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

_IGNORE_FILES = frozenset({".gitignore", ".harlmignore"})
_SKIPPED_FOLDERS = {
    ".git": "version control",
    ".hg": "version control",
    ".svn": "version control",
    ".bzr": "version control",
    "node_modules": "installed packages",
    "site-packages": "installed packages",
    "dist-packages": "installed packages",
    "__pycache__": "compiled files",
    ".mypy_cache": "a tool's cache",
    ".ruff_cache": "a tool's cache",
    ".pytest_cache": "a tool's cache",
    ".hypothesis": "a tool's cache",
    ".tox": "virtual environments",
    ".nox": "virtual environments",
    ".DS_Store": "a system file",
}
_BINARY_SUFFIXES = frozenset(
    """.png .jpg .jpeg .gif .bmp .ico .webp .tif .tiff .psd .heic .mp3 .wav .flac .ogg .m4a .mp4 .mov .avi .mkv .webm .so
    .dll .dylib .exe .o .a .lib .obj .pyc .pyo .pyd .class .jar .war .whl .egg .wasm .bin .dat .db .sqlite .sqlite3
    .pickle .pkl .npy .npz .parquet .feather .h5 .ttf .otf .woff .woff2 .eot .7z .rar .bz2 .xz .zst .lz4 .iso .dmg .deb
    .rpm .apk .gguf .safetensors .pt .pth .onnx .mo""".split()
)

_LONGEST_FILE = 256 << 10  # bytes of an ignore file
_MOST_PATTERNS = 2_000  # of one ignore file
_MOST_IN_ALL = 10_000  # of one walk
_MOST_REPORTED = 20  # of what is not applied


class PatternTally:
    """Counts the patterns of a walk, and remembers those that are not applied.

    Attributes:
        odd: what is not applied, each with the reason.
    """

    def __init__(self) -> None:
        self.odd: list[Skipped] = []
        self._left = _MOST_IN_ALL

    def admitted(self, lines: Sequence[str], file: str, *, is_cut: bool) -> list[str]:
        """The lines of an ignore file that are applied.

        Args:
            lines: all lines.
            file: the file, as it is reported.
            is_cut: whether the file is longer than what was read of it.
        """
        wanted = [line for line in lines if line.strip() and not line.startswith("#")]
        short = [line for line in wanted if len(line) <= LONGEST]
        if len(short) < len(wanted):
            self._report(file, f"holds a pattern of more than {LONGEST} characters, which is not applied")
        most = min(_MOST_PATTERNS, self._left)
        if len(short) > most or is_cut:
            self._report(file, f"is too long; only its first {min(most, len(short)):,} patterns are applied")
        self._left -= min(most, len(short))
        return short[:most]

    def _report(self, file: str, reason: str) -> None:
        if len(self.odd) < _MOST_REPORTED:
            self.odd.append(Skipped(name=shown_name(file), reason=reason))


@dataclass(frozen=True, slots=True)
class IgnoreRules:
    """The rules that apply in one folder of a walk. Immutable: entering a folder makes new rules.

    Ignore files apply from the top of the repository down to the folder, and the last one with a pattern for
    a path wins; then the user's own patterns apply.

    Attributes:
        root: the top of the walk: an absolute path that ends with a slash.
        layers: for each ignore file the absolute path of its folder, ending with a slash, and its patterns.
        include, exclude: the user's patterns; ``None`` if there are none.
        tally: counts the patterns of all ignore files of the walk.
    """

    root: str
    layers: tuple[tuple[str, GitIgnoreSpec], ...] = ()
    include: GitIgnoreSpec | None = None
    exclude: GitIgnoreSpec | None = None
    tally: PatternTally = field(default_factory=PatternTally)

    @classmethod
    def at(cls, root: Path, *, include: Iterable[str] = (), exclude: Iterable[str] = ()) -> IgnoreRules:
        """The rules at the top of a walk, without those of its own ignore files.

        If the folders above ignore ``root`` itself, their rules do not apply, since the user named it.

        Args:
            root: the folder that the user named.
            include: patterns in .gitignore syntax of the files to read; all if empty.
            exclude: patterns of the files to leave out.

        Raises:
            ContextError: one of the user's patterns is invalid.
        """
        top = root.resolve()
        repository = next((folder for folder in (top, *top.parents) if _holds_repository(folder)), top)
        above = [folder for folder in reversed(top.parents) if folder.is_relative_to(repository)]
        tally = PatternTally()
        layers = tuple(layer for folder in above for layer in _rules_in(folder, None, tally))
        above_only = cls(_slashed(top), layers)
        if above_only.folder_reason(top.as_posix()) is not None:
            layers = ()
        return cls(_slashed(top), layers, spec_of(include), spec_of(exclude), tally)

    def inside(self, folder: str, names: Collection[str]) -> IgnoreRules:
        """The rules inside ``folder``.

        Args:
            folder: the root, or a folder that these rules let the walk enter.
            names: the names of the files and folders in it.
        """
        if _IGNORE_FILES.isdisjoint(names):
            return self
        own = tuple(_rules_in(Path(folder), self, self.tally))
        return replace(self, layers=self.layers + own) if own else self

    def folder_reason(self, folder: str) -> str | None:
        """Why a folder is not entered; ``None`` if it is. The path is absolute, with slashes."""
        if reason := _SKIPPED_FOLDERS.get(folder.rpartition("/")[2]):
            return reason
        if os.path.exists(f"{folder}/pyvenv.cfg"):  # noqa: PTH110 - creating a Path for each folder is slow
            return "a virtual environment"
        return self._pattern_reason(f"{folder}/", is_folder=True)

    def file_reason(self, file: str) -> str | None:
        """Why a file is not read; ``None`` if it is. The path is absolute, with slashes."""
        name = file.rpartition("/")[2]
        below = file.removeprefix(self.root)
        if is_secret_name(below) and not (self.include and self.include.match_file(below)):
            return "may hold secrets; name it to read it"
        stem, dot, suffix = name.rpartition(".")
        if (stem and f"{dot}{suffix}".lower() in _BINARY_SUFFIXES) or name in _SKIPPED_FOLDERS:
            return "binary"
        return self._pattern_reason(file, is_folder=False)

    def _pattern_reason(self, path: str, *, is_folder: bool) -> str | None:
        below = path.removeprefix(self.root)
        if self.exclude and self.exclude.match_file(below):
            return "excluded by one of your patterns"
        ignored = False
        for base, spec in self.layers:
            if path.startswith(base) and (verdict := spec.check_file(path[len(base) :]).include) is not None:
                ignored = verdict
        if ignored:
            return "ignored by .gitignore or .harlmignore"
        if self.include and not is_folder and not self.include.match_file(below):
            return "not included by any of your patterns"
        return None


def _slashed(folder: Path) -> str:
    return folder.as_posix().rstrip("/") + "/"


def _holds_repository(folder: Path) -> bool:
    return os.path.exists(folder / ".git")  # noqa: PTH110 - Path.exists raises below a folder without access


def _rules_in(
    folder: Path, rules: IgnoreRules | None, tally: PatternTally
) -> Iterator[tuple[str, GitIgnoreSpec]]:
    for name in sorted(_IGNORE_FILES):
        data = read_rules(folder / name, _LONGEST_FILE + 1)
        if not data:
            continue
        text = data.decode("utf-8", "replace")
        shown = (folder / name).as_posix()
        shown = shown.removeprefix(rules.root) if rules is not None else shown
        if spec := _lenient_spec(
            tally.admitted(text[:_LONGEST_FILE].splitlines(), shown, is_cut=len(data) > _LONGEST_FILE)
        ):
            yield _slashed(folder), spec


def _lenient_spec(lines: Sequence[str]) -> GitIgnoreSpec | None:
    """The patterns of an ignore file; invalid ones are ignored, as git does."""
    try:
        return spec_of(lines)
    except ContextError:
        return spec_of([line for line in lines if is_valid(line)])
