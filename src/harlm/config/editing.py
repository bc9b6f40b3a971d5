"""Writes one setting into the user's TOML file. Comments, order and every other value stay.

The file is edited by lines, and what comes out is parsed: unless it holds what it held, with this one value changed,
nothing is written.
"""

from __future__ import annotations

import math
import os
import re
import tempfile
import tomllib
from contextlib import suppress
from pathlib import Path

import msgspec

from harlm.config.files import user_layer
from harlm.config.settings import checked_value
from harlm.config.tables import read_settings_file
from harlm.errors import ConfigError
from harlm.patterns import lazy_pattern

_HEADER = lazy_pattern(r"[ \t]*\[[ \t]*([\w-]+)[ \t]*\][ \t]*(?:#.*)?")
_MOST_LINES = 2_000  # of one value


def set_in_file(file: Path, name: str, text: str) -> str:
    """Write a setting into the user's file, which is made if it does not exist.

    Args:
        file: the file.
        name: the dotted name of the setting.
        text: its value, as a user types it.

    Returns:
        What was written, for the user. A key is not shown.

    Raises:
        ConfigError: there is no such setting, it cannot have this value, or the file cannot be read, edited or
            written.
    """
    value, shown = checked_value(name, text, "config set")
    if value is None:
        raise ConfigError(
            f"config set: {name} = {text!r} is no value; to unset it, remove its line from {file}"
        )
    user_layer(file)  # a damaged file is refused as everywhere
    old = (read_settings_file(file, may_be_link=True) or b"").decode("utf-8")
    _write(file, with_setting(old, name, _as_toml(value), file))
    return f"{name} = {shown}"


def with_setting(text: str, name: str, value: str, file: Path) -> str:
    """A TOML text with one setting changed or added.

    Args:
        text: the whole file, which is valid.
        name: the dotted name of the setting.
        value: its value in TOML.
        file: the file, for messages.

    Raises:
        ConfigError: the text is written in a way that is not edited, such as an inline table.
    """
    section, key = name.split(".")
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = text.splitlines()
    changed = _changed(lines, section, key, value)
    edited = newline.join(changed) + newline
    wanted = tomllib.loads(text)
    within = wanted.setdefault(section, {})
    within[key] = tomllib.loads(f"value = {value}")["value"]
    try:
        if tomllib.loads(edited) == wanted:
            return edited
    except ValueError:
        pass
    raise ConfigError(f"{file} cannot be changed by itself; write {key} = … under [{section}] by hand")


def _changed(lines: list[str], section: str, key: str, value: str) -> list[str]:
    """The lines with the value in its place: that of the old one, the end of its section, or a new section."""
    within, end_of_section = "", None
    assignment = re.compile(rf"{re.escape(key)}[ \t]*=")
    dotted = re.compile(rf"{re.escape(section)}[ \t]*\.[ \t]*{re.escape(key)}[ \t]*=")
    for number, line in enumerate(lines):
        bare = line.lstrip(" \t")
        if header := _HEADER.fullmatch(line):
            within = header[1]
        elif line.lstrip().startswith("["):
            within = ""
        elif within in (section, "") and (found := (assignment if within else dotted).match(bare)):
            return _replaced(lines, number, line[: len(line) - len(bare)] + found[0], value)
        if within == section and line.strip():
            end_of_section = number + 1
    new = f"{key} = {value}"
    if end_of_section is not None:
        return [*lines[:end_of_section], new, *lines[end_of_section:]]
    gap = [""] if lines and lines[-1].strip() else []
    return [*lines, *gap, f"[{section}]", new]


def _replaced(lines: list[str], number: int, left: str, value: str) -> list[str]:
    """The lines with the value that begins in line ``number``, after ``left``, replaced. A comment after it stays."""
    for end in range(number + 1, min(len(lines), number + _MOST_LINES) + 1):
        whole = "\n".join([lines[number][len(left) :], *lines[number + 1 : end]])
        if _is_value(whole):
            break
    else:
        return lines
    marks = (at.start() for at in re.finditer("#", whole))
    comment = next((whole[at:] for at in marks if _is_value(whole[:at])), "")
    after = f"  {comment}" if comment else ""
    return [*lines[:number], f"{left} {value}{after}", *lines[end:]]


def _is_value(text: str) -> bool:
    try:
        return tomllib.loads(f"value ={text}").keys() == {"value"}
    except (ValueError, RecursionError):
        return False


def _as_toml(value: object) -> str:
    if isinstance(value, float) and math.isinf(value):
        return "inf"
    return msgspec.json.encode(value).decode()


def _write(file: Path, text: str) -> None:
    """Replace the file, or the one that a link stands for, whole or not at all. Only its owner can read a new one."""
    real = Path(os.path.realpath(file))
    try:
        real.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, unfinished = tempfile.mkstemp(dir=real.parent, prefix=f".{real.name}.")
        try:
            with os.fdopen(handle, "wb") as out:
                out.write(text.encode())
            Path(unfinished).replace(real)
        except OSError:
            with suppress(OSError):
                Path(unfinished).unlink()
            raise
    except OSError as error:
        raise ConfigError(
            f"{file} cannot be written ({error.strerror}); check its permissions and those of its folder"
        ) from error
