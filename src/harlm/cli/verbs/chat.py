"""``harlm chat``: many questions over the same files, one after another."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from harlm.cli.answering import Showing, show_answer
from harlm.cli.last_line import last_line
from harlm.cli.printing import say
from harlm.cli.settings import (
    budget_options,
    load_settings,
    model_options,
    question_flags,
    read,
    reading_options,
    run_options,
    sandbox_options,
    tool_options,
    tools_given,
)
from harlm.cli.sources import places_of
from harlm.client import HARLM
from harlm.errors import HarlmError
from harlm.home import runs_of
from harlm.interruption import Interruption
from harlm.protocols import TraceSink
from harlm.resuming import go_to_folder_of
from harlm.sessions import LiveSession
from harlm.tracing.jsonl import find_run
from harlm.tracing.request import Sources, has_context, read_request
from harlm.types import Answer

_HELP = """/undo   take the last question back, with what its code has changed
/fork   continue in a second session; the first one stays as it is
/cost   what the session has used
/quit   end; harlm chat --resume continues"""


@click.command("chat")
@reading_options
@model_options
@click.option(
    "--mode",
    type=click.Choice(["repl", "full"]),
    default="full",
    help="How to solve the questions; full by default.",
)
@budget_options
@sandbox_options
@tool_options
@click.option("--resume", metavar="RUN", help="Continue a session: its id, the beginning of it, or `last`.")
@click.option("--accept-changes", is_flag=True, help="Continue although documents have changed since.")
@run_options
@click.option("-q", "--quiet", is_flag=True, help="Print only answers and errors.")
@click.option("-v", "--verbose", is_flag=True, help="Show tracebacks.")
def command(paths: tuple[str, ...], **options: Any) -> None:
    """Ask one question after another over files, folders, globs, @list.txt or web pages. Variables of the code that answers one question are there for the next, and all questions have one budget.

    Questions are lines of standard input, so no PATH can be -. /help lists what else can be typed. The session is saved after each answer.
    """
    quiet = options["quiet"]
    settings = load_settings(question_flags(options), quiet=quiet).config
    client = HARLM(settings=settings, tools=tools_given(options), mcp=options["mcp"])
    session = _resumed(client, paths, options) if options["resume"] else _new(client, paths, options)
    with asyncio.Runner() as runner:
        chat = _Chat(session, runner, quiet=quiet)
        try:
            if options["resume"]:
                runner.run(session.aopen())
            chat.run()
        finally:
            chat.close()


def _new(client: HARLM, paths: tuple[str, ...], options: dict[str, Any]) -> LiveSession:
    if "-" in paths:
        raise click.UsageError(
            "standard input holds the questions, so - cannot be read; put the text into a file"
        )
    places = places_of(paths or (".",), quiet=options["quiet"])
    context = read(places, client.settings, quiet=options["quiet"])
    origin = Sources(
        paths=places,
        folder=str(Path.cwd()),
        tool_files=tuple(str(each.absolute()) for each in options["tools"]),
        servers=options["mcp"],
        tools=options["tool_names"],
    )
    return client.session(context, mode=options["mode"], origin=origin)


def _resumed(client: HARLM, paths: tuple[str, ...], options: dict[str, Any]) -> LiveSession:
    stored = find_run(runs_of(client.settings), options["resume"])
    request = read_request(stored.folder)
    given: object = read(paths, client.settings, quiet=options["quiet"]) if paths else None
    if given is None and not has_context(stored.folder):
        go_to_folder_of(request)
    return client.session(
        given, mode=options["mode"], resume=stored.folder.name, accept_changes=options["accept_changes"]
    )


class _Chat:
    """Reads lines and answers them.

    Args:
        session: answers.
        runner: its event loop.
        quiet: whether only answers and errors are printed.
    """

    def __init__(self, session: LiveSession, runner: asyncio.Runner, *, quiet: bool) -> None:
        self._session = session
        self._runner = runner
        self._showing = Showing(quiet=quiet)

    def run(self) -> None:
        """Answer until the input ends."""
        for line in _lines():
            try:
                if not self._answer(line.strip()):
                    return
            except HarlmError as error:
                if not sys.stdin.isatty():
                    raise  # in a script, the next question may rest on this one
                say(f"harlm: {last_line(error)}")

    def _answer(self, line: str) -> bool:
        """Do what a line says; returns whether more lines are wanted."""
        match line:
            case "":
                pass
            case "/quit" | "/exit":
                return False
            case "/help":
                say(_HELP)
            case "/undo":
                say(f"taken back: {self._runner.run(self._session.aundo())}")
            case "/fork":
                self._fork()
            case "/cost":
                usage = self._session.usage
                cost = "cost unknown" if usage.cost_usd is None else f"${usage.cost_usd:.4f}"
                say(f"{cost} · {usage.calls} calls · {usage.input_tokens:,} + {usage.output_tokens:,} tokens")
            case _ if line.startswith("/") and " " not in line:
                say(f"there is no {line}; /help lists what there is")
            case _:
                self._ask(line)
        return True

    def close(self) -> None:
        """End the session, and say how it continues."""
        self._runner.run(self._session.aclose())
        if self._session.id and not self._showing.quiet:
            say(f"harlm chat --resume {self._session.id} continues")

    def _ask(self, question: str) -> None:
        def ask(sinks: Sequence[TraceSink], stop: Interruption) -> Answer:
            return self._runner.run(self._session.aask(question, sinks=sinks, interruption=stop))

        show_answer(ask, self._showing, self._session.settings)

    def _fork(self) -> None:
        twin = self._runner.run(self._session.afork())
        before, self._session = self._session, twin
        self._runner.run(before.aclose())
        say(f"this is session {twin.id} now; harlm chat --resume {before.id} continues the first one")


def _lines() -> Iterator[str]:
    """The lines of standard input; at a terminal with a prompt, and editing where Python has it."""
    is_terminal = sys.stdin.isatty() and sys.stderr.isatty()
    if is_terminal:
        with suppress(ImportError):
            import readline  # noqa: F401 - gives input() history and editing
    while True:
        try:
            yield input("> ") if is_terminal else _line()
        except EOFError:
            return


def _line() -> str:
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line
