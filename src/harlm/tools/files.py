"""Files of Python that hold tools, for the command line. Running one runs the user's own code, with all that this process may."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

from harlm.errors import ConfigError
from harlm.tools.functions import FunctionTool, tools_of
from harlm.tools.names import python_name

_LONGEST = 10_000_000  # bytes of a file
_SHOWN = 500  # characters of an error


def tools_in_files(paths: Iterable[Path]) -> list[FunctionTool]:
    """The tools in some files.

    Raises:
        ConfigError: one cannot be read or run, or holds no tools; or two tools have one name.
    """
    return tools_of([each for path in paths for each in tools_in_file(path)])


def tools_in_file(path: Path) -> list[FunctionTool]:
    """Run a file, and return every tool among its names; if there are none, those in its list ``TOOLS``, which may be plain
    functions.

    Raises:
        ConfigError: it cannot be read or run, or holds no tools; the message names the file, and the line where there is one.
    """
    module = _run(path)
    found = {id(value): value for value in vars(module).values() if isinstance(value, FunctionTool)}
    if found:
        return list(found.values())
    if "TOOLS" not in vars(module):
        raise ConfigError(
            f"{str(path)!r} holds no tools: put @harlm.tool before functions, or list them in TOOLS"
        )
    try:
        return tools_of(module.TOOLS)
    except ConfigError as error:
        raise ConfigError(f"{str(path)!r}, TOOLS: {error}") from error


def _run(path: Path) -> ModuleType:
    """The module that a file makes. Nothing is written beside it."""
    try:
        source = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"the tools {str(path)!r} cannot be read ({error.strerror})") from error
    if len(source) > _LONGEST:
        raise ConfigError(f"the tools {str(path)!r} have more than {_LONGEST:,} bytes")
    module = ModuleType(f"harlm_tools_{python_name(path.stem)}")
    module.__file__ = str(path)
    sys.modules[module.__name__] = module  # where dataclasses look up their annotations
    folder = str(path.resolve().parent)
    sys.path.insert(0, folder)
    try:
        exec(compile(source, str(path), "exec", dont_inherit=True), module.__dict__)  # noqa: S102 - the user named this file
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise ConfigError(f"{str(path)!r}{_line(error, path)}: {_said(error)}") from error
    finally:
        if folder in sys.path:
            sys.path.remove(folder)
    return module


def _line(error: BaseException, path: Path) -> str:
    """The line of a file at which an error was raised, or which cannot be parsed; empty if it is not known."""
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return f", line {error.lineno}"
    lines = [each.lineno for each in traceback.extract_tb(error.__traceback__) if each.filename == str(path)]
    return f", line {lines[-1]}" if lines else ""


def _said(error: BaseException) -> str:
    words = error.msg if isinstance(error, SyntaxError) else str(error)
    if isinstance(error, ConfigError):
        return words
    return f"{type(error).__name__}: {words}"[:_SHOWN].rstrip(": ")
