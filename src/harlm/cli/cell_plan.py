"""The plan of a cell, as ``harlm plan FILE.py`` shows it: which of its model calls wait for which."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harlm.cli.output import show_value
from harlm.cli.printing import show, show_as_it_is
from harlm.errors import ContextError
from harlm.scheduler import Plan, analyse
from harlm.scheduler.drawing import as_dot, as_svg, as_text


def show_cell(file: Path, after: Sequence[Path], style: str) -> None:
    """Print the plan of a cell.

    Args:
        file: the cell; ``-`` is standard input.
        after: earlier cells, for the functions that they define.
        style: ``text``, ``json``, ``lines``, ``dot`` or ``svg``.

    Raises:
        ContextError: a file cannot be read, or is not Python.
    """
    plan = _analysed(file, after)
    match style:
        case "json" | "lines":
            show_value(_as_json(plan), style)
        case "dot":
            show_as_it_is(as_dot(plan))
        case "svg":
            show_as_it_is(as_svg(plan))
        case _:
            show(as_text(plan))


def _analysed(file: Path, after: Sequence[Path]) -> Plan:
    try:
        return analyse(_read(file), [_read(each) for each in after])
    except SyntaxError as error:
        raise ContextError(
            f"{str(file)!r} is not Python: {error.msg} (line {error.lineno}); fix the code"
        ) from error


def _read(path: Path) -> str:
    try:
        if path == Path("-"):
            return sys.stdin.read()
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ContextError(f"{str(path)!r} cannot be read: {error}; name a file with Python code") from error


def _as_json(plan: Plan) -> dict[str, Any]:
    return {
        "whole": plan.is_whole,
        "shape": plan.shape,
        "length": plan.length,
        "critical_path": plan.critical_path,
        "calls": [
            {
                "number": site.number,
                "tool": site.tool,
                "line": site.line,
                "source": site.source,
                "needs": site.needs,
                "decided_by": site.decided_by,
                "loops": [{"header": loop.header, "flow": loop.flow} for loop in site.loops],
                "through": site.through,
                "certain": site.is_certain,
            }
            for site in plan.sites
        ],
    }
