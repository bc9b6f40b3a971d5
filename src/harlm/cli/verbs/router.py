"""``harlm router``: explains how a mode is chosen. Training and measuring are added by the package that does them."""

from __future__ import annotations

from typing import Any

import click

from harlm.cli.added import added, added_command
from harlm.cli.output import output_options, output_style, show_value
from harlm.cli.printing import show
from harlm.cli.settings import (
    budget_flags,
    budget_options,
    load_settings,
    model_flags,
    model_options,
    read,
    reading_flags,
    reading_options,
)
from harlm.cli.sources import question_of, question_options
from harlm.client import HARLM
from harlm.explaining import Explanation
from harlm.types import Weighed

_GROUP = "harlm.router_verbs"
_KNOWN = {
    "harlm_train.cli:train": "Train a router from scored runs.",
    "harlm_train.cli:evaluate": "Measure a router on scored runs that were held out.",
}


class _Verbs(click.Group):
    """Has the verbs of this file, and those that other packages add."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*self.commands, *added(_GROUP, self.commands, _KNOWN)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return self.commands.get(cmd_name) or added_command(_GROUP, cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        own = {name: each.get_short_help_str() for name, each in self.commands.items()}
        with formatter.section("Commands"):
            formatter.write_dl([*own.items(), *added(_GROUP, self.commands, _KNOWN).items()])


@click.group("router", cls=_Verbs)
def command() -> None:
    """Explain how a mode is chosen; train and measure routers."""


@command.command("explain")
@question_options
@reading_options
@model_options
@click.option("--router", metavar="FILE", help="A router that `harlm router train` has written.")
@budget_options
@output_options()
@click.option("-v", "--verbose", is_flag=True, help="Show tracebacks.")
def explain_(question: str | None, paths: tuple[str, ...], **options: Any) -> None:
    """Show how QUESTION would be answered over PATHS: probabilities, costs, reasons, and what would change the choice. Nothing is
    spent, and no key is needed.
    """
    style = output_style(options)
    asked, paths = question_of(question, paths, options["question_file"])
    flags = {"router.file": options["router"], **model_flags(options), **reading_flags(options)}
    settings = load_settings({**flags, **budget_flags(options)}).config
    found = HARLM(settings=settings).explain(asked, read(paths, settings))
    if style != "text":
        show_value(found, style)
        return
    for line in lines_of(found):
        show(line)


def lines_of(found: Explanation) -> list[str]:
    """An explanation as lines of text."""
    route = found.route
    lines = [
        f"{route.mode}{'' if route.strategy is None else f', strategy {route.strategy}'}{_sureness(found)}"
    ]
    lines += [f"  {reason}" for reason in route.reasons]
    if route.weighed:
        lines += ["", f"{'option':<22} {'right':>6} {'cost':>9} {'time':>8} {'utility':>8}"]
        lines += [_row(each) for each in route.weighed]
    else:
        lines += [
            "",
            "points of the rules: "
            + ", ".join(f"{mode} {share:.0%}" for mode, share in route.probabilities.items()),
        ]
    lines += ["", *(f"with {each.what}: {each.option}" for each in found.changes)]
    if not found.changes:
        lines.append("no change of size, worth or budget that was tried leads to another choice")
    lines.append(f"by {route.version or 'rules'}")
    return lines


def _sureness(found: Explanation) -> str:
    return "" if found.route.is_sure else " (not sure: the safest choice)"


def _row(each: Weighed) -> str:
    cost = "unknown" if each.micros is None else f"${each.micros / 1e6:.4f}"
    worth = f"{each.utility:8.3f}" if each.utility is not None else f"  {each.obstacle}"
    return f"{each.option:<22} {each.right:>6.0%} {cost:>9} {each.seconds:>6.1f} s {worth}"
