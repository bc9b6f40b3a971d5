"""``harlm runs resume`` and ``harlm ask --resume``: take up a run that was stopped."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from harlm.cli.answering import Showing, show_answer, style_of
from harlm.cli.approving import asks_at_terminal
from harlm.cli.settings import answer_options, budget_flags, budget_options, load_settings, read, tool_options
from harlm.client import HARLM
from harlm.errors import ConfigError
from harlm.home import runs_of
from harlm.interruption import Interruption
from harlm.protocols import TraceSink
from harlm.redact import HIDDEN
from harlm.resuming import DocumentsChanged, ToolsInDoubt, bring_here, go_to_folder_of, resumption_of
from harlm.tools.files import tools_in_files
from harlm.tracing.jsonl import find_run
from harlm.tracing.request import Sources
from harlm.types import Answer, Budget


@click.command("resume")
@click.argument("run")
@click.argument("paths", nargs=-1, metavar="[PATH|GLOB|URL|@LIST|-]...")
@budget_options
@click.option(
    "--accept-changes", is_flag=True, help="Go on although documents have changed since the run read them."
)
@click.option(
    "--repeat-tools/--no-repeat-tools",
    "repeats",
    default=None,
    help="Call a tool again if it is unknown whether its call took place, or tell the code so; without either, ask.",
)
@click.option(
    "--trust",
    "trusts",
    is_flag=True,
    help="Take up a run that was imported, with the models, paths, tools and sandbox that its sender chose.",
)
@tool_options
@answer_options
@click.option("-q", "--quiet", is_flag=True, help="Print only errors on stderr.")
@click.option("-v", "--verbose", is_flag=True, help="Show tracebacks.")
def resume_(*, run: str, paths: tuple[str, ...], **options: Any) -> None:
    """Take up a run that was stopped, killed or cut short; named by its id, the beginning of it, or `last`.

    It runs again from its beginning, and what it has paid for costs nothing. It reads its documents where it has read them; PATHs are read instead.
    """
    resume_run(run, paths, options)


def resume_run(run: str, paths: Sequence[str], options: Mapping[str, Any]) -> None:
    """Take up a run.

    Args:
        run: its id, the beginning of it, or ``last``.
        paths: where its documents are now; empty for where they were.
        options: of the verb.

    Raises:
        HarlmError: as ``HARLM.resume`` raises it.
    """
    style, quiet, trusts = style_of(options), options["quiet"], bool(options.get("trusts"))
    settings = load_settings({}, quiet=quiet).config
    bring_here(settings, run)
    stored = find_run(runs_of(settings), run)
    request = resumption_of(stored, trusts=trusts).request  # before anything that it names is read or run
    origin = request.origin
    showing = Showing.of(options, style)
    given = read(paths, settings, quiet=quiet) if paths else None
    if origin.paths is not None and given is None:
        go_to_folder_of(request)
    flags: dict[str, Any] = {name.partition(".")[2]: value for name, value in budget_flags(options).items()}
    client = HARLM(
        budget=Budget(**flags),
        home=str(runs_of(settings).parent),
        tools=[
            *tools_in_files([*map(Path, origin.tool_files)] if not options["tools"] else options["tools"]),
            *(options["tool_names"] or origin.tools),
        ],
        mcp=options["mcp"] or _servers(origin),
        approve=asks_at_terminal() if options["approve"] else None,
    )

    def ask(sinks: Sequence[TraceSink], stop: Interruption) -> Answer:
        def resumed(**decided: bool) -> Answer:
            return client.resume(
                stored.folder.name, given, trusts=trusts, sinks=sinks, interruption=stop, **decided
            )

        return _decided(
            resumed, {"accept_changes": options.get("accept_changes"), "repeats": options.get("repeats")}
        )

    show_answer(ask, showing, settings)


def _decided(resumed: Callable[..., Answer], decided: Mapping[str, bool | None]) -> Answer:
    """The answer of a run, once the user has said what only a user can.

    Raises:
        DocumentsChanged, ToolsInDoubt: there is no user to ask, or the user says no.
    """
    known = {name: value for name, value in decided.items() if value is not None}
    while True:
        try:
            return resumed(**known)
        except DocumentsChanged as error:
            if known.get("accept_changes") or not _asks(f"{error.what}. Continue with them as they are now?"):
                raise
            known["accept_changes"] = True
        except ToolsInDoubt as error:
            if not _is_terminal():
                raise
            known["repeats"] = _asks(f"{error.what}. Call it again?")


def _is_terminal() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def _asks(question: str) -> bool:
    return _is_terminal() and click.confirm(question, err=True)


def _servers(origin: Sources) -> tuple[str, ...]:
    hidden = [each for each in origin.servers if HIDDEN in each]
    if hidden:
        raise ConfigError(
            f"the address of the MCP server {hidden[0]!r} holds a secret, which is not kept; name it again with --mcp"
        )
    return origin.servers
