"""The files that a user's paths, globs, folders and lists stand for. Does not read documents.

A file that the user names is always taken: its kind, its size and ignore files do not matter. The contents of
a folder are filtered, and every file left out is reported.
"""

from __future__ import annotations

import errno
import glob
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

from harlm.config import ContextSettings
from harlm.context.document_names import OwnNames, shown_name
from harlm.context.ignore import IgnoreRules, has_binary_name
from harlm.context.raw_files import Identity, first_bytes, open_folder, read_named
from harlm.context.readers import has_format, has_own_reader, is_archive, looks_like_text
from harlm.errors import ContextError
from harlm.types import Skipped

_LONGEST_SHOWN = 200  # characters of a path in a message
_HEAD = 1 << 12  # bytes by which a file is judged


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file to be read.

    Attributes:
        path: where the file is.
        name: the name that its document will have.
        named: whether the user named it, so that leaving it out would be an error.
        identity: for a file that a walk found, what the walk saw at the path; the path is free of links.
        root: for the target of a link, the folder that it must lie in, with a slash at its end.
        cited_as: the path that opens it from where the user stands: what was given, and what lies below it.
    """

    path: str
    name: str
    named: bool
    identity: Identity | None = None
    root: str = ""
    cited_as: str = ""


def find_files(
    sources: Sequence[str | Path], loading: ContextSettings, check: Callable[[], None] = lambda: None
) -> tuple[list[FoundFile], list[Skipped]]:
    """The files that ``sources`` stand for, in a deterministic order, and what was left out.

    Args:
        sources: paths of files and folders, globs, and ``@list.txt`` for a file with one of these a line.
        loading: the patterns and the size limit for the contents of folders.
        check: is called for each file; an exception that it raises ends the walk.

    Raises:
        ContextError: a source does not exist, cannot be opened, or matches nothing.
    """
    paths = [path for source in sources for path in _expand(source, check)]
    folders = sum(map(os.path.isdir, paths))
    found = _Finds(several=len(paths) > 1)
    skipped: list[Skipped] = []
    for path in paths:
        try:
            if os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises where os.path.isdir says no
                prefix = _prefix_of_folder(path, alone=folders == 1)
                shown = _shown_folder(path)
                for file in _below(path, prefix, loading, skipped, check):
                    found.add(replace(file, cited_as=shown + file.name[len(prefix) :]))
            else:
                name = _name_of_file(path, alone=len(paths) == 1)
                shown = _name_of_file(path, alone=False)
                found.add(FoundFile(str(path), name, named=True, cited_as=shown))
        except OSError as error:
            raise ContextError(f"{_brief(path)} {_unopened(error)}") from error
    return found.without_links(skipped), skipped


class _Finds:
    """The files found so far: each file once, and each under a unique name.

    Args:
        several: whether the user named more than one path, so that a file can be found twice.
    """

    def __init__(self, *, several: bool) -> None:
        self._files: list[FoundFile] = []
        self._several = several
        self._seen: set[str] = set()
        self._names = OwnNames()

    def add(self, file: FoundFile) -> None:
        """Add a file under its name, or under its full path if another file has the name."""
        name = file.name
        if self._several and not file.root:
            real = os.path.realpath(file.path)
            if real in self._seen:
                return
            self._seen.add(real)
            if name in self._names:
                name = shown_name(real)
        own = self._names.own(name)
        self._files.append(file if own == file.name else replace(file, name=own))

    def without_links(self, skipped: list[Skipped]) -> list[FoundFile]:
        """The files, without links to a file that is read under another name, which are added to ``skipped``."""
        if not any(file.root for file in self._files):
            return self._files
        names = {
            file.path if file.identity else os.path.realpath(file.path): file.name
            for file in self._files
            if not file.root
        }
        kept: list[FoundFile] = []
        for file in self._files:
            if file.root and (name := names.setdefault(file.path, file.name)) != file.name:
                skipped.append(Skipped(name=file.name, reason=f"a symbolic link to {name}, which is read"))
            else:
                kept.append(file)
        return kept


def _expand(source: str | Path, check: Callable[[], None]) -> Iterator[Path]:
    typed = str(source)
    if not typed.strip():
        raise ContextError(f"{typed!r} is not a path; name a file or a folder, or . for the current folder")
    if isinstance(source, str) and typed.startswith("@") and not os.path.lexists(typed):
        yield from _read_list(typed[1:], check)
        return
    if isinstance(source, str) and "://" in typed:
        raise ContextError(
            f"{_brief(typed)} is a URL that is not read here: name http and https addresses on the command line, and "
            "save others to a file"
        )
    path = Path(_at_home(typed))
    try:
        path.stat()
    except (OSError, ValueError) as error:
        yield from _matches(path, typed, error, check)
    else:
        yield path


def _matches(
    path: Path, typed: str, problem: OSError | ValueError, check: Callable[[], None]
) -> Iterator[Path]:
    """The files that match a path as a glob, after it could not be opened as a path."""
    is_glob = isinstance(problem, OSError) and any(mark in typed for mark in "*?[")
    try:
        found = []
        # Path.glob rejects absolute patterns.
        for match in glob.iglob(str(path), recursive=True) if is_glob else ():  # noqa: PTH207
            check()
            found.append(match)
    except RecursionError as error:
        raise ContextError(
            f"{_brief(typed)} leads through too many nested folders; name the folder itself"
        ) from error
    matches = sorted(filter(os.path.lexists, found))  # "gone/**" matches "gone/"
    if not matches:
        raise ContextError(f"{_brief(typed)} {_why_nothing(path, problem, is_glob=is_glob)}") from problem
    yield from map(Path, matches)


def _why_nothing(path: Path, problem: OSError | ValueError, *, is_glob: bool) -> str:
    if isinstance(problem, ValueError):
        return f"cannot be a path ({problem}); check the spelling"
    if problem.errno not in (errno.ENOENT, errno.ENOTDIR, errno.EINVAL):
        return _unopened(problem)
    if os.path.islink(path):  # noqa: PTH114 - as Path.is_dir
        return "is a symbolic link to something that does not exist; name an existing file instead"
    if is_glob:
        return "matches no file; check the pattern and the current folder"
    return f"does not exist; check the spelling and the current folder ({_folder_here()})"


def _unopened(error: OSError) -> str:
    if isinstance(error, PermissionError):
        return (
            f"cannot be opened ({error.strerror}); check its permissions, and those of the folders above it"
        )
    return f"cannot be opened ({error.strerror}); check the path"


def _folder_here() -> str:
    try:
        return str(Path.cwd())
    except OSError:
        return "which has been deleted"


def _brief(path: str | Path) -> str:
    shown = str(path)
    return repr(shown if len(shown) <= _LONGEST_SHOWN else f"{shown[:_LONGEST_SHOWN]}…")


def _at_home(path: str) -> str:
    """``~/x`` below the home folder; a ``~name`` of an unknown user does not change."""
    return os.path.expanduser(path)  # noqa: PTH111 - Path.expanduser raises for an unknown user


def _read_list(file: str, check: Callable[[], None]) -> Iterator[Path]:
    if not file.strip():
        raise ContextError("'@' needs the name of a list: @list.txt, for a file with one path on each line")
    path = Path(_at_home(file))
    try:
        lines = read_named(str(path), check).decode("utf-8-sig").splitlines()
    except ContextError as error:
        raise ContextError(f"the list {_brief(path)} {error}") from error
    except ValueError as error:
        raise ContextError(
            f"the list {_brief(path)} cannot be read ({error}); give a UTF-8 text file with one path on each line"
        ) from error
    entries = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    if not entries:
        raise ContextError(f"the list {_brief(path)} is empty; put one path on each line")
    for entry in entries:
        if entry.startswith("@"):
            raise ContextError(f"the list {_brief(path)} contains another list, {entry!r}; list paths only")
        yield from _expand(entry if "://" in entry else str(path.parent / _at_home(entry)), check)


def _name_of_file(path: Path, *, alone: bool) -> str:
    """The path of the file from here, or its bare name if it lies elsewhere and is the only one."""
    if path.is_relative_to("/dev") or path.is_relative_to("/proc"):
        return shown_name(path.as_posix())  # of /dev/fd/63, the bare name says nothing
    if path.is_absolute() or ".." in path.parts:
        return shown_name(path.name if alone else path.as_posix())
    return shown_name(PurePath(os.path.normpath(path)).as_posix())


def _prefix_of_folder(path: Path, *, alone: bool) -> str:
    """The prefix of names below a folder: the folder as typed, or nothing for a single folder elsewhere."""
    if path.is_absolute() or ".." in path.parts:
        return "" if alone else f"{shown_name(path.resolve().name)}/"
    normal = shown_name(PurePath(os.path.normpath(path)).as_posix())
    return "" if normal == "." else f"{normal}/"


def _shown_folder(path: Path) -> str:
    """The folder as the user gave it, with a slash at its end; nothing for the folder where the user stands."""
    is_far = path.is_absolute() or ".." in path.parts
    shown = shown_name(path.as_posix() if is_far else PurePath(os.path.normpath(path)).as_posix())
    return "" if shown == "." else f"{shown.rstrip('/')}/"


def _below(
    path: Path, prefix: str, loading: ContextSettings, skipped: list[Skipped], check: Callable[[], None]
) -> Iterator[FoundFile]:
    """All files below a named folder that its rules admit, sorted by name, files and folders together.

    Raises:
        OSError: the folder itself cannot be opened. A folder below it that cannot be opened is reported
            instead.
    """
    top = path.resolve()
    rules = IgnoreRules.at(top, include=loading.include, exclude=loading.exclude)
    # The levels from the top to the current folder; no recursion, since folders can nest deeper than calls.
    levels = [_Level.of(top.as_posix(), prefix, rules, is_top=True)]
    while levels:
        check()
        level = levels[-1]
        entry = next(level.entries, None)
        if entry is None:
            levels.pop()
            continue
        below, name = f"{level.folder.rstrip('/')}/{entry.name}", level.prefix + shown_name(entry.name)
        left_out: Skipped | None = None
        try:
            if entry.is_dir(follow_symlinks=False):
                reason = level.rules.folder_reason(below)
                name += "/"
                if reason is None:
                    levels.append(_Level.of(below, name, level.rules))
            else:
                reason = level.rules.file_reason(below)
                if reason is None:
                    found = _found(entry, below, name, rules.root, loading)
                    if isinstance(found, FoundFile):
                        yield found
                    else:
                        left_out = found
            if reason is not None:
                left_out = Skipped(name=name, reason=reason)
        except OSError as error:
            left_out = Skipped(name=name, reason=f"cannot be opened ({error.strerror})", is_unread=True)
        if left_out is not None:
            skipped.append(left_out)
    skipped += rules.tally.odd


@dataclass(frozen=True, slots=True)
class _Level:
    """One folder of a walk: its remaining entries, and the rules that apply inside it."""

    folder: str
    prefix: str
    rules: IgnoreRules
    entries: Iterator[os.DirEntry[str]]

    @classmethod
    def of(cls, folder: str, prefix: str, rules: IgnoreRules, *, is_top: bool = False) -> _Level:
        """Open a folder, with the rules that apply inside it. The status of every entry is read at once, while
        the folder is open, since its path may lead elsewhere later.
        """
        opened = open_folder(folder, is_top=is_top)
        try:
            with os.scandir(folder if opened is None else opened) as listed:
                entries = sorted(listed, key=lambda entry: entry.name)
            for entry in entries:
                with suppress(OSError):  # raised again for the entry that is used
                    entry.stat(follow_symlinks=False)
        finally:
            if opened is not None:
                os.close(opened)
        return cls(folder, prefix, rules.inside(folder, {entry.name for entry in entries}), iter(entries))


def _found(
    entry: os.DirEntry[str], path: str, name: str, root: str, loading: ContextSettings
) -> FoundFile | Skipped:
    """A file that the user did not name, or why it is not opened.

    Raises:
        OSError: its status or its first bytes cannot be read.
    """
    inside = ""
    if entry.is_symlink():
        path, inside = os.path.realpath(path), root  # Path.resolve raises for a link to itself
        if not f"{path}/".startswith(root):
            return Skipped(name=name, reason="a symbolic link that leads out of the folder")
        status = os.stat(path)  # noqa: PTH116 - as above
        if stat.S_ISDIR(status.st_mode):
            return Skipped(name=name, reason="a symbolic link to a folder")
    else:
        status = entry.stat(follow_symlinks=False)
    if not stat.S_ISREG(status.st_mode):
        return Skipped(name=name, reason="not a regular file")
    if status.st_size == 0:
        return Skipped(name=name, reason="empty")
    if is_archive(entry.name):
        return Skipped(name=name, reason="an archive; name it to read it")
    identity = (status.st_dev, status.st_ino)
    is_big = status.st_size > loading.max_file_mb << 20
    if is_big or has_binary_name(entry.name):
        head = first_bytes(path, identity, _HEAD)
        is_text = looks_like_text(head)
        if not is_text and has_binary_name(entry.name) and not has_own_reader(entry.name):
            return Skipped(name=name, reason="binary")
        if is_big:
            reason = f"larger than {loading.max_file_mb} MB; name it, or raise loading.max_file_mb"
            return Skipped(name=name, reason=reason, is_unread=is_text or has_format(entry.name, head))
    return FoundFile(path, name, named=False, identity=identity, root=inside)
