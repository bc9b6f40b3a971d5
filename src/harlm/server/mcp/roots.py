"""The folders in which a client may name files; everything outside of them is refused."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from harlm.context.secrets import is_secret_name
from harlm.errors import ConfigError, ContextError

_LONGEST_SHOWN = 200  # characters of a path


class Roots:
    """An allow-list of folders and files.

    Args:
        named: existing files and folders; links are followed once, here.

    Raises:
        ConfigError: one does not exist.
    """

    def __init__(self, named: Sequence[str | Path]) -> None:
        self._real = tuple(dict.fromkeys(map(_existing, named)))

    def __bool__(self) -> bool:
        return bool(self._real)

    @property
    def shown(self) -> tuple[str, ...]:
        """The roots, as messages name them."""
        return tuple(map(str, self._real))

    def file(self, path: str) -> Path:
        """The file or folder that a client names, without links on the way to it.

        Args:
            path: absolute, or relative to the current folder or to a root.

        Raises:
            ContextError: it is outside of the roots, does not exist, is neither a file nor a folder, or holds secrets by its name.
        """
        if not self._real:
            raise ContextError(
                f"{_brief(path)} cannot be read: this server reads no files by their path; start it with --root FOLDER"
            )
        inside = [each for each in self._meant(path) if self._holds(each)]
        if not inside:
            raise ContextError(
                f"{_brief(path)} is outside of what this server may read: {', '.join(map(repr, self.shown))}; "
                "name a file in there, or start the server with --root FOLDER"
            )
        found = next((each for each in inside if os.path.lexists(each)), None)
        if found is None:
            raise ContextError(f"{_brief(path)} does not exist in {', '.join(map(repr, self.shown))}")
        if not _is_plain(found):
            raise ContextError(f"{_brief(path)} is neither a file nor a folder; name one")
        if found not in self._real and found.is_file() and is_secret_name(found.as_posix()):
            raise ContextError(
                f"{_brief(path)} holds secrets, by its name, and is not read for a client; name another file, or start the server "
                "with this one as --root"
            )
        return found

    def _meant(self, path: str) -> Iterator[Path]:
        """What a path may mean, with links resolved. A link whose target does not exist is resolved too."""
        named = os.path.expanduser(path)  # noqa: PTH111 - Path raises for users that do not exist
        for folder in ("", *map(str, self._real)):
            try:
                yield Path(os.path.realpath(os.path.join(folder, named)))  # noqa: PTH118 - as above
            except (OSError, ValueError):  # a name that no file can have
                continue

    def _holds(self, real: Path) -> bool:
        return any(real == root or root in real.parents for root in self._real)


def roots_of(folders: Sequence[str], sources: Sequence[str]) -> Roots:
    """The roots of a server.

    Args:
        folders: what the user named as roots.
        sources: what its corpora are made of; those that exist are the roots if no root is named. Without them it is
            the current folder.

    Raises:
        ConfigError: a root does not exist, or the current folder is too wide to be one that was not named.
    """
    if folders:
        return Roots(folders)
    if sources:
        return Roots([each for each in sources if is_there(each)])
    here = Path.cwd()
    if here in (Path(here.anchor), Path.home()):
        raise ConfigError(
            f"the current folder is {str(here)!r}, and everything in it could be read; name a folder (harlm mcp FOLDER), or a root "
            "(--root FOLDER)"
        )
    return Roots([here])


def is_there(named: str) -> bool:
    """Whether a path names something, and is no glob; ``~`` is the home folder, also where no shell has seen it."""
    return os.path.lexists(os.path.expanduser(named))  # noqa: PTH111 - as above


def _existing(named: str | Path) -> Path:
    try:
        return Path(os.path.expanduser(named)).resolve(strict=True)  # noqa: PTH111 - as above
    except (OSError, RuntimeError, ValueError) as error:
        raise ConfigError(
            f"{_brief(str(named))} cannot be a root: {getattr(error, 'strerror', None) or error}"
        ) from error


def _is_plain(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return stat.S_ISREG(mode) or stat.S_ISDIR(mode)


def _brief(path: str) -> str:
    return repr(path if len(path) <= _LONGEST_SHOWN else f"{path[:_LONGEST_SHOWN]}…")
