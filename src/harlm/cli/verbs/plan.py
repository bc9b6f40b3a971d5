"""``harlm plan``: shows what a strategy would do for a question, and what it would cost; or which model calls of a cell wait for
which. Nothing is spent.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import msgspec

from harlm.budget.estimate import RunEstimate
from harlm.cli.cell_plan import show_cell
from harlm.cli.output import output_options, output_style, show_value
from harlm.cli.printing import show
from harlm.cli.settings import (
    StrategyName,
    load_settings,
    model_flags,
    model_options,
    read,
    reading_flags,
    reading_options,
)
from harlm.cli.sources import question_of, question_options
from harlm.cli.verbs.estimate import forecast_in_short
from harlm.client import HARLM
from harlm.types import Proposal

_NONE = (
    "no strategy understands this question, so a root model would write the program (mode {mode}); strategies read questions such "
    'as "how many of the lines have the label X? The labels are: X, Y"'
)


@click.command("plan")
@question_options
@reading_options
@model_options
@click.option("--strategy", type=StrategyName(), help="Only this strategy.")
@click.option(
    "--after",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE.py",
    help="For FILE.py: an earlier cell, for the functions that it defines (may be repeated).",
)
@output_options("dot", "svg")
@click.option(
    "--dot", "drawing", flag_value="dot", help="For FILE.py: a dot file for Graphviz (--format dot)."
)
@click.option("--svg", "drawing", flag_value="svg", help="For FILE.py: an SVG drawing (--format svg).")
@click.option("-v", "--verbose", is_flag=True, help="Show tracebacks.")
def command(question: str | None, paths: tuple[str, ...], drawing: str | None, **options: Any) -> None:
    """Show how QUESTION would be answered without a root model: the strategies that understand it, their code and their cost.

    For one argument that is a file of Python, or -, show which model calls of that cell wait for which, without running it.
    """
    style = drawing or output_style(options)
    if question is not None and not paths and options["question_file"] is None and _is_cell(question):
        show_cell(Path(question), options["after"], style)
        return
    if options["after"] or style in ("dot", "svg"):
        raise click.UsageError("--after, --dot and --svg are for the plan of one cell: harlm plan FILE.py")
    asked, paths = question_of(question, paths, options["question_file"])
    flags = {"engine.strategy": options["strategy"], **model_flags(options), **reading_flags(options)}
    settings = load_settings(flags).config
    estimate = HARLM(settings=settings).estimate(asked, read(paths, settings))
    if style != "text":
        show_value({"chosen": estimate.chosen, "proposals": msgspec.to_builtins(estimate.proposals)}, style)
    elif not estimate.proposals:
        show(_NONE.format(mode=estimate.chosen))
    else:
        for proposal in estimate.proposals:
            show(as_text(proposal, estimate))


def _is_cell(argument: str) -> bool:
    return argument == "-" or argument.endswith(".py")


def as_text(proposal: Proposal, estimate: RunEstimate) -> str:
    """A proposal: its cost, why it fits, and its cells."""
    lines = [
        f"strategy {proposal.strategy} · {forecast_in_short(proposal.forecast)}",
        *(f"  {reason}" for reason in proposal.reasons),
        f"  reading grows with the text: {proposal.growth}; it needs of {estimate.sub.name}: {_LEAVES[proposal.leaf]}",
        *(f"\n{cell.rstrip()}" for cell in proposal.cells),
    ]
    return "\n".join(lines) + "\n"


_LEAVES = {
    "none": "nothing",
    "reader": "to answer from a passage",
    "labeller": "to choose a label for an item",
    "judge": "to judge whether a text meets a condition",
}
