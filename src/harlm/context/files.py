"""From what a user names to the files it means. Knows paths, globs and folders; refuses to decode documents.

A path that is named is taken as it is: its kind, its size and ignore files do not matter. What a folder holds is
filtered, and every file left out is reported.
"""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from harlm.config import Loading
from harlm.context.ignore import IgnoreRules
from harlm.context.readers import is_archive
from harlm.errors import ContextError
from harlm.types import Skipped


@dataclass(frozen=True, slots=True)
class Found:
    """A file to be read.

    Attributes:
        path: where it is.
        name: what its document will be called.
        named: whether the user named it, so that leaving it out is an error.
    """

    path: str
    name: str
    named: bool


def find_files(sources: Sequence[str | Path], loading: Loading) -> tuple[list[Found], list[Skipped]]:
    """The files that ``sources`` mean, in a deterministic order, and what was left out.

    Args:
        sources: paths of files and folders, globs, and ``@list.txt`` with one of these on each line.

    Raises:
        ContextError: something named that does not exist, or matches nothing.
    """
    paths = [path for source in sources for path in _expand(source)]
    roots = [path for path in paths if path.is_dir()]
    found = _Finds(several=len(paths) > 1)
    skipped: list[Skipped] = []
    for path in paths:
        if not path.is_dir():
            found.add(Found(str(path), _name_of_file(path, alone=len(paths) == 1), named=True))
            continue
        prefix = _prefix_of_folder(path, alone=len(roots) == 1)
        rules = IgnoreRules.at(path, include=loading.include, exclude=loading.exclude)
        for file in _walk(path.resolve().as_posix(), rules, loading, prefix, skipped):
            found.add(file)
    return list(found.files.values()), skipped


class _Finds:
    """Files by name: each file once, and no two under one name.

    Args:
        several: whether more than one path was named, so that files can come twice.
    """

    def __init__(self, *, several: bool) -> None:
        self.files: dict[str, Found] = {}
        self._several = several
        self._seen: set[str] = set()

    def add(self, file: Found) -> None:
        """One more file, under its name, or under its full path when another file has the name."""
        if self._several:
            real = os.path.realpath(file.path)
            if real in self._seen:
                return
            self._seen.add(real)
            if file.name in self.files:
                file = Found(real, real, file.named)
        self.files[file.name] = file


def _expand(source: str | Path) -> Iterator[Path]:
    if isinstance(source, str) and source.startswith("@") and not Path(source).exists():
        yield from _read_list(Path(source[1:]))
        return
    if isinstance(source, str) and "://" in source:
        raise ContextError(
            f"{source!r} is a URL, and nothing here fetches URLs; save it to a file and name that file"
        )
    path = Path(source).expanduser()
    if path.exists():
        yield path
        return
    if any(mark in str(source) for mark in "*?["):
        matches = sorted(glob.glob(str(path), recursive=True))  # noqa: PTH207 - Path.glob refuses absolute patterns
        if not matches:
            raise ContextError(
                f"{str(source)!r} matches no file; check the pattern and the folder you are in"
            )
        yield from map(Path, matches)
        return
    if path.is_symlink():
        raise ContextError(f"{str(source)!r} is a symbolic link to something that does not exist")
    raise ContextError(
        f"{str(source)!r} does not exist; check the spelling and the folder you are in ({Path.cwd()})"
    )


def _read_list(path: Path) -> Iterator[Path]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ContextError(f"the list {str(path)!r} cannot be read: {error}") from error
    entries = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    if not entries:
        raise ContextError(f"the list {str(path)!r} names nothing; put one path on each line")
    for entry in entries:
        if entry.startswith("@"):
            raise ContextError(f"the list {str(path)!r} names another list, {entry!r}; name paths only")
        yield from _expand(entry if Path(entry).is_absolute() else str(path.parent / entry))


def _name_of_file(path: Path, *, alone: bool) -> str:
    """What opens the file from here, or its bare name when it lies elsewhere and is the only one."""
    if path.is_absolute() or ".." in path.parts:
        return path.name if alone else path.as_posix()
    return PurePath(os.path.normpath(path)).as_posix()


def _prefix_of_folder(path: Path, *, alone: bool) -> str:
    """What stands before the names below a folder: the folder as typed, or nothing for one folder elsewhere."""
    if path.is_absolute() or ".." in path.parts:
        return "" if alone else f"{path.resolve().name}/"
    normal = PurePath(os.path.normpath(path)).as_posix()
    return "" if normal == "." else f"{normal}/"


def _walk(
    folder: str, rules: IgnoreRules, loading: Loading, prefix: str, skipped: list[Skipped]
) -> Iterator[Found]:
    """All files below ``folder`` that the rules let through, by name, files and folders in one order."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        skipped.append(Skipped(name=prefix or folder, reason=f"cannot be opened ({error.strerror})"))
        return
    rules = rules.inside(folder, {entry.name for entry in entries})
    for entry in entries:
        path, name = f"{folder.rstrip('/')}/{entry.name}", _printable(prefix + entry.name)
        if entry.is_dir(follow_symlinks=False):
            if reason := rules.folder_reason(path):
                skipped.append(Skipped(name=f"{name}/", reason=reason))
            else:
                yield from _walk(path, rules, loading, f"{name}/", skipped)
        elif reason := rules.file_reason(path) or _odd_file(entry, rules.root, loading):
            skipped.append(Skipped(name=name, reason=reason))
        else:
            yield Found(path, name, named=False)


def _odd_file(entry: os.DirEntry[str], root: str, loading: Loading) -> str | None:
    """Why a file is not fit to be opened unasked, or None."""
    try:
        if entry.is_symlink():
            target = Path(entry.path).resolve()
            if not f"{target.as_posix()}/".startswith(root):
                return "a symbolic link that leads out of the folder"
            if target.is_dir():
                return "a symbolic link to a folder"
        status = entry.stat()
    except OSError as error:
        return f"cannot be opened ({error.strerror})"
    if not stat.S_ISREG(status.st_mode):
        return "not a regular file"
    if status.st_size == 0:
        return "empty"
    if status.st_size > loading.max_file_mb << 20:
        return f"larger than {loading.max_file_mb} MB; name it, or raise loading.max_file_mb"
    if is_archive(entry.name):
        return "an archive; name it to read it"
    return None


def _printable(name: str) -> str:
    """A file name that can be shown and encoded, whatever bytes it holds."""
    return name.encode("utf-8", "replace").decode()
