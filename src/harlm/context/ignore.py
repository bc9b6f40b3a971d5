"""The files and folders that a walk leaves out, and why.

Decides by names and ignore files; opens no documents.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from harlm.errors import ContextError

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
_SECRETS = (".env", ".netrc", ".pypirc", ".npmrc", ".pgpass", "id_rsa", "id_dsa", "id_ecdsa", "id_ed25519")
_HARMLESS = (".pub", ".example", ".sample", ".template", ".md")
_BINARY_SUFFIXES = frozenset(
    """.png .jpg .jpeg .gif .bmp .ico .webp .tif .tiff .psd .heic .mp3 .wav .flac .ogg .m4a .mp4 .mov .avi .mkv .webm .so
    .dll .dylib .exe .o .a .lib .obj .pyc .pyo .pyd .class .jar .war .whl .egg .wasm .bin .dat .db .sqlite .sqlite3
    .pickle .pkl .npy .npz .parquet .feather .h5 .ttf .otf .woff .woff2 .eot .7z .rar .bz2 .xz .zst .lz4 .iso .dmg .deb
    .rpm .apk .gguf .safetensors .pt .pth .onnx .mo""".split()
)


@dataclass(frozen=True, slots=True)
class IgnoreRules:
    """The rules that apply in one folder of a walk. Immutable: entering a folder makes new rules.

    Ignore files apply from the top of the repository down to the folder, and the last one with a pattern for
    a path wins; then the user's own patterns apply.

    Attributes:
        root: the top of the walk: an absolute path that ends with a slash.
        layers: for each ignore file the absolute path of its folder, ending with a slash, and its patterns.
        include, exclude: the user's patterns; ``None`` if there are none.
    """

    root: str
    layers: tuple[tuple[str, GitIgnoreSpec], ...] = ()
    include: GitIgnoreSpec | None = None
    exclude: GitIgnoreSpec | None = None

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
        layers = tuple(layer for folder in above for layer in _layers_of(folder))
        above_only = cls(_slashed(top), layers)
        if above_only.folder_reason(top.as_posix()) is not None:
            layers = ()
        return cls(_slashed(top), layers, _spec(include), _spec(exclude))

    def inside(self, folder: str, names: Collection[str]) -> IgnoreRules:
        """The rules inside ``folder``.

        Args:
            folder: the root, or a folder that these rules let the walk enter.
            names: the names of the files and folders in it.
        """
        own = _layers_of(Path(folder)) if not _IGNORE_FILES.isdisjoint(names) else ()
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
        if name.startswith(_SECRETS) and not name.endswith(_HARMLESS):
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


def _layers_of(folder: Path) -> tuple[tuple[str, GitIgnoreSpec], ...]:
    found = []
    for name in sorted(_IGNORE_FILES):
        file = folder / name
        try:
            lines = file.read_text(encoding="utf-8", errors="replace").splitlines() if file.is_file() else []
        except OSError:
            continue
        if spec := _lenient_spec(lines):
            found.append((_slashed(folder), spec))
    return tuple(found)


def _lenient_spec(lines: Sequence[str]) -> GitIgnoreSpec | None:
    """The patterns of an ignore file; invalid ones are ignored, as git does."""
    try:
        return _spec(lines)
    except ContextError:
        return _spec([line for line in lines if _is_pattern(line)])


def _is_pattern(line: str) -> bool:
    try:
        return _spec([line]) is not None
    except ContextError:
        return False


def _spec(patterns: Iterable[str]) -> GitIgnoreSpec | None:
    lines = list(patterns)
    if not lines:
        return None
    from pathspec import GitIgnoreSpec  # 30 ms to import, so only if there is a pattern

    try:
        return GitIgnoreSpec.from_lines(lines)
    except (ValueError, re.error) as error:
        raise ContextError(
            f"invalid pattern in {lines!r}: {error}; use the syntax of .gitignore files"
        ) from error
