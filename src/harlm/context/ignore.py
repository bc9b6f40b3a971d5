"""The files and folders that a walk leaves out, and why.

Decides by names, ignore files and what git tracks; opens no documents.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from harlm.context.document_names import shown_name
from harlm.context.git_files import Repository, holds_repository
from harlm.context.patterns import LONGEST, is_valid, spec_of
from harlm.context.raw_files import read_rules
from harlm.context.secrets import is_secret_name
from harlm.errors import ContextError
from harlm.types import Skipped

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

GIT_FILE, OWN_FILE = ".gitignore", ".harlmignore"
BY_FILE = "ignored by .gitignore or .harlmignore"
_BY_GIT = "ignored by .git/info/exclude or core.excludesFile of git"
SKIPPED_FOLDERS = {
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
        shared: the patterns of files that hold in several repositories, by path.
    """

    def __init__(self) -> None:
        self.odd: list[Skipped] = []
        self.shared: dict[Path, GitIgnoreSpec | None] = {}
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
class Layer:
    """The patterns of one ignore file.

    Attributes:
        base: the absolute path of the folder that they hold in, ending with a slash.
        spec: the patterns.
        reason: why a file that they match is left out.
        is_of_git: whether they are those of git, which hold for files that git does not track.
    """

    base: str
    spec: GitIgnoreSpec
    reason: str = BY_FILE
    is_of_git: bool = True


@dataclass(frozen=True, slots=True)
class IgnoreRules:
    """The rules that apply in one folder of a walk. Immutable: entering a folder makes new rules.

    Ignore files apply from the top of the repository down to the folder, and the last one with a pattern for
    a path wins; then the user's own patterns apply. Git's rules end where another repository begins.

    Attributes:
        root: the top of the walk: an absolute path that ends with a slash.
        layers: the ignore files that apply, the weakest first.
        include, exclude: the user's patterns; ``None`` if there are none.
        tally: counts the patterns of all ignore files of the walk.
        repository: the work tree of git that the folder lies in, if any.
        is_ignored: whether git ignores the folder, so that only tracked files of it are read.
    """

    root: str
    layers: tuple[Layer, ...] = ()
    include: GitIgnoreSpec | None = None
    exclude: GitIgnoreSpec | None = None
    tally: PatternTally = field(default_factory=PatternTally)
    repository: Repository | None = None
    is_ignored: bool = False

    @classmethod
    def at(cls, root: Path, *, include: Iterable[str] = (), exclude: Iterable[str] = ()) -> IgnoreRules:
        """The rules at the top of a walk, without those of its own ignore files.

        If the rules above ignore ``root`` itself, they do not apply, since the user named it.

        Args:
            root: the folder that the user named.
            include: patterns in .gitignore syntax of the files to read; all if empty.
            exclude: patterns of the files to leave out.

        Raises:
            ContextError: one of the user's patterns is invalid.
        """
        top = root.resolve()
        tally = PatternTally()
        repository: Repository | None = None
        outside: tuple[Layer, ...] = ()
        layers: tuple[Layer, ...] = ()
        if (work_tree := next(filter(holds_repository, (top, *top.parents)), None)) is not None:
            repository = Repository(_slashed(work_tree))
            outside = tuple(_rules_outside(repository, tally))
            above = [folder for folder in reversed(top.parents) if folder.is_relative_to(work_tree)]
            layers = tuple(layer for folder in above for layer in _rules_in(folder, None, tally))
        folders = [_slashed(folder) for folder in (top, *top.parents)]
        if any(map(cls(_slashed(top), outside + layers).ignoring, folders)):
            layers = ()
            outside = () if any(map(cls(_slashed(top), outside).ignoring, folders)) else outside
        return cls(_slashed(top), outside + layers, spec_of(include), spec_of(exclude), tally, repository)

    def inside(self, folder: str, names: Collection[str]) -> IgnoreRules:
        """The rules inside ``folder``.

        Args:
            folder: the root, or a folder that these rules let the walk enter.
            names: the names of the files and folders in it.
        """
        rules = self
        path = folder.rstrip("/") + "/"
        if path != self.root:
            if ".git" in names:
                repository = Repository(path)
                kept = tuple(layer for layer in self.layers if not layer.is_of_git)
                outside = tuple(_rules_outside(repository, self.tally))
                rules = replace(self, layers=outside + kept, repository=repository, is_ignored=False)
            elif self.repository is not None and not self.is_ignored:
                by = self.ignoring(path)
                rules = replace(self, is_ignored=True) if by is not None and by.is_of_git else self
        if {GIT_FILE, OWN_FILE}.isdisjoint(names):
            return rules
        own = tuple(_rules_in(Path(folder), self, self.tally))
        return replace(rules, layers=rules.layers + own) if own else rules

    def folder_reason(self, folder: str) -> str | None:
        """Why a folder is not entered; ``None`` if it is. The path is absolute, with slashes."""
        if reason := SKIPPED_FOLDERS.get(folder.rpartition("/")[2]):
            return reason
        if os.path.exists(f"{folder}/pyvenv.cfg"):  # noqa: PTH110 - creating a Path for each folder is slow
            return "a virtual environment"
        return self._pattern_reason(f"{folder}/", is_folder=True)

    def file_reason(self, file: str) -> str | None:
        """Why a file is not read, whatever it holds; ``None`` if it may be. The path is absolute, with slashes."""
        name = file.rpartition("/")[2]
        below = file.removeprefix(self.root)
        if is_secret_name(below) and not (self.include and self.include.match_file(below)):
            return "may hold secrets; name it to read it"
        return SKIPPED_FOLDERS.get(name) or self._pattern_reason(file, is_folder=False)

    def _pattern_reason(self, path: str, *, is_folder: bool) -> str | None:
        below = path.removeprefix(self.root)
        if self.exclude and self.exclude.match_file(below):
            return "excluded by one of your patterns"
        by = self.ignoring(path)
        if (self.is_ignored and by is None) or (by is not None and by.is_of_git):
            if not self._is_tracked(path, is_folder=is_folder):
                return BY_FILE if by is None else by.reason
        elif by is not None:
            return by.reason
        if self.include and not is_folder and not self.include.match_file(below):
            return "not included by any of your patterns"
        return None

    def ignoring(self, path: str) -> Layer | None:
        """The ignore file that has a path ignored: the last one with a pattern for it."""
        by: Layer | None = None
        for layer in self.layers:
            if layer.is_of_git and self.is_ignored:
                continue
            base = layer.base
            if (
                path.startswith(base)
                and (verdict := layer.spec.check_file(path[len(base) :]).include) is not None
            ):
                by = layer if verdict else None
        return by

    def _is_tracked(self, path: str, *, is_folder: bool) -> bool:
        return self.repository is not None and self.repository.tracks(path.rstrip("/"), is_folder=is_folder)


def has_binary_name(name: str) -> bool:
    """Whether files of this name seldom hold text, so that their first bytes decide."""
    stem, dot, suffix = name.rpartition(".")
    return bool(stem) and f"{dot}{suffix}".lower() in _BINARY_SUFFIXES


def _slashed(folder: Path) -> str:
    return folder.as_posix().rstrip("/") + "/"


def _rules_outside(repository: Repository, tally: PatternTally) -> Iterator[Layer]:
    """The rules of git that are not files of the work tree."""
    for file in repository.ignore_files():
        if file not in tally.shared:
            tally.shared[file] = _spec_in(read_rules(file, _LONGEST_FILE + 1, follow=True), file.name, tally)
        if spec := tally.shared[file]:
            yield Layer(repository.top, spec, _BY_GIT)


def _rules_in(folder: Path, rules: IgnoreRules | None, tally: PatternTally) -> Iterator[Layer]:
    for name in (GIT_FILE, OWN_FILE):
        shown = (folder / name).as_posix()
        shown = shown.removeprefix(rules.root) if rules is not None else shown
        if spec := _spec_in(read_rules(folder / name, _LONGEST_FILE + 1), shown, tally):
            yield Layer(_slashed(folder), spec, is_of_git=name == GIT_FILE)


def _spec_in(data: bytes | None, shown: str, tally: PatternTally) -> GitIgnoreSpec | None:
    """The patterns in the bytes of an ignore file, which may be cut at its bound."""
    if not data:
        return None
    lines = rule_lines(data[:_LONGEST_FILE])
    return lenient_spec(tally.admitted(lines, shown, is_cut=len(data) > _LONGEST_FILE))


def rule_lines(data: bytes) -> list[str]:
    """The lines of an ignore file as git reads them; a byte order mark is no part of the first."""
    text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
    return [line.removesuffix("\r") for line in text.split("\n")]


def lenient_spec(lines: Sequence[str]) -> GitIgnoreSpec | None:
    """The patterns of an ignore file; invalid ones are ignored, as git does."""
    try:
        return spec_of(lines, exact=True)
    except ContextError:
        return spec_of([line for line in lines if is_valid(line)], exact=True)
