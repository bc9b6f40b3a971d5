"""Reads a TOML file that another person may have written: any file costs a bounded amount of time and memory,
and none can make the reader wait.

Does not depend on what the tables mean.
"""

from __future__ import annotations

import os
import re
import stat
import tomllib
from pathlib import Path

from harlm.errors import ConfigError
from harlm.open_flags import BINARY, NOFOLLOW, NONBLOCK
from harlm.patterns import lazy_pattern

_LARGEST = 256 << 10  # bytes
_MOST_PARTS = 32  # of a dotted key; tomllib takes the product of a table's depth and its keys
_NOT_A_KEY = lazy_pattern(
    r""" \\. | "{3} (?: \\. | [^\\] )*? "{3,5} | '{3} .*? '{3,5} | "(?: \\. | [^"\\\n] )*" | '[^'\n]*' | \#[^\n]* """,
    re.DOTALL | re.VERBOSE,
)
"""Strings and comments. One that has no end is left in the text, which then is not TOML."""
_BETWEEN_KEYS = lazy_pattern(r"[^\w\t .-]+")


def read_table(path: Path, *, may_be_link: bool) -> dict[str, object] | None:
    """The table of an optional TOML file; ``None`` if it does not exist or this user may not read it.

    A file that the user may not read belongs to another user, so it does not concern this one.

    Args:
        path: the file.
        may_be_link: whether a symbolic link is followed. A link in the folder of a stranger is not.

    Raises:
        ConfigError: it is not a regular file, is too large, cannot be read, or is not TOML.
    """
    data = read_settings_file(path, may_be_link=may_be_link)
    return None if data is None else table_of(data, path)


def read_settings_file(path: Path, *, may_be_link: bool) -> bytes | None:
    """The content of a file of settings, as for ``read_table``, before it is parsed. ``/dev/null`` is an empty file.

    Raises:
        ConfigError: it is not a regular file, is too large, or cannot be read.
    """
    if may_be_link and str(path) == os.devnull:
        return b""
    follow = 0 if may_be_link else NOFOLLOW
    try:
        opened = os.open(path, os.O_RDONLY | NONBLOCK | BINARY | follow)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return None
    except OSError as error:
        if not may_be_link and path.is_symlink():
            raise _unusable(path, "is a symbolic link, which is not followed here") from error
        raise _unusable(path, f"cannot be read ({error.strerror})") from error
    try:
        if not stat.S_ISREG(os.fstat(opened).st_mode):
            raise _unusable(path, "is not a regular file")
        with os.fdopen(opened, "rb", closefd=False) as file:
            data = file.read(_LARGEST + 1)
    except OSError as error:
        raise _unusable(path, f"cannot be read ({error.strerror})") from error
    finally:
        os.close(opened)
    if len(data) > _LARGEST:
        raise _unusable(path, f"is larger than {_LARGEST >> 10} kB, which no file of settings needs")
    return data


def table_of(data: bytes, path: Path) -> dict[str, object]:
    """The table in a TOML file of at most 256 kB.

    Raises:
        ConfigError: the data is not TOML, or is nested too deep; the message names ``path``.
    """
    try:
        text = data.decode("utf-8")
        if _has_long_key(text):
            raise _unusable(path, f"has a key of more than {_MOST_PARTS} parts")
        return tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise _unusable(path, f"is not UTF-8 text (byte {error.start})") from error
    except RecursionError as error:
        raise _unusable(path, "is nested too deep") from error
    except ValueError as error:  # also a number that Python does not convert
        raise _unusable(path, f"is not valid TOML: {error}") from error


def _has_long_key(text: str) -> bool:
    bare = _NOT_A_KEY.sub("", text)
    return any(run.count(".") >= _MOST_PARTS for run in _BETWEEN_KEYS.split(bare.replace("\n", "=")))


def _unusable(path: Path, why: str) -> ConfigError:
    return ConfigError(f"{path} {why}. Fix or remove the file.")
