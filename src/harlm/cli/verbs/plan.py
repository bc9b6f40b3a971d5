"""``harlm plan``: shows which model calls of a cell wait for which."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from harlm.cli.output import output_options, output_style, show_value
from harlm.cli.printing import show, show_as_it_is
from harlm.errors import ContextError
from harlm.scheduler import Plan, analyse
from harlm.scheduler.drawing import as_dot, as_svg, as_text


@click.command("plan")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE.py")
@click.option(
    "--after",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE.py",
    help="An earlier cell, for the functions that it defines (may be repeated).",
)
@output_options("dot", "svg")
@click.option("--dot", "drawing", flag_value="dot", help="Print a dot file for Graphviz: --format dot.")
@click.option("--svg", "drawing", flag_value="svg", help="Print an SVG drawing: --format svg.")
@click.option("-v", "--verbose", is_flag=True, help="Show tracebacks.")
def command(file: Path, after: tuple[Path, ...], drawing: str | None, **options: Any) -> None:
    """Show which model calls of a cell wait for which, without running it. FILE.py is the cell; - is
    standard input.
    """
    style = drawing or output_style(options)
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


def _analysed(file: Path, after: tuple[Path, ...]) -> Plan:
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
