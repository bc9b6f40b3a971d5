"""COMMAND LINE: one thin file for each verb, in ``harlm.cli.verbs``.

This file finds the verb, and turns errors into one line on stderr and an exit code.
"""

from __future__ import annotations

import gc
import io
import os
import sys
from importlib import import_module

import click
from click.shell_completion import CompletionItem

from harlm import __version__
from harlm.cli import streams
from harlm.cli.added import added, added_command
from harlm.cli.last_line import last_line
from harlm.cli.stopping import Stop
from harlm.errors import (
    ConfigError,
    ContextError,
    ExecutorFailure,
    HarlmError,
    Interrupted,
    LimitExceeded,
    MemoryFailure,
    ModelError,
    NoAnswer,
    SandboxError,
    TraceError,
)

_VERBS = {
    "ask": "Ask a question over files and folders.",
    "batch": "Ask many questions over the same files.",
    "cache": "Show or delete what HARLM keeps from run to run.",
    "chat": "Ask one question after another over the same files.",
    "completion": "Print the script with which bash, zsh or fish completes harlm.",
    "config": "Show or write the settings, and where each comes from.",
    "demo": "Answer real questions over Python's own standard library and check the answers.",
    "doctor": "Check this machine: keys, folders, sandbox, certificates.",
    "estimate": "Show what a question would cost in each mode, before anything is spent.",
    "inspect": "Show what would be read: files, tokens, skipped files and why.",
    "local": "Download and serve models that run on this machine.",
    "mcp": "Offer questions over files to coding agents, as an MCP server.",
    "models": "Show the available models, and which have a key.",
    "plan": "Show which model calls of a cell wait for which.",
    "report": "Write a stored run as one file of HTML.",
    "router": "Explain how a mode is chosen; train and measure routers.",
    "runs": "List, show, resume, replay, move, rate, pin and remove stored runs.",
    "sandbox": "Run files as cells in the sandbox, to see what it blocks.",
    "search": "Find the passages that match a question best, without a model.",
    "serve": "Serve files to clients of OpenAI's protocol.",
    "view": "Show stored runs in a browser, also while they work.",
}

_ADDED_BY = "harlm.verbs"
"""The group of entry points by which other packages add verbs: click commands by the names of their verbs."""

_KNOWN = {"harlm_bench.cli:bench": "Measure HARLM and its rivals on the same tasks."}
"""The help lines of added verbs that are known, by what their entry points name: these cannot carry one."""

(
    EXIT_INTERNAL,
    EXIT_USAGE,
    EXIT_CONFIG,
    EXIT_LIMIT,
    EXIT_PROVIDER,
    EXIT_NO_ANSWER,
    EXIT_SANDBOX,
    EXIT_INPUT,
) = range(1, 9)


class _Verbs(click.Group):
    """Imports the file of a verb when the verb is used, so that start-up is fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*_VERBS, *_added()]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _VERBS:
            return added_command(_ADDED_BY, cmd_name)
        command = import_module(f"harlm.cli.verbs.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The verbs that begin with ``incomplete``; none is imported for this."""
        verbs = [
            CompletionItem(verb, help=text)
            for verb, text in {**_VERBS, **_added()}.items()
            if verb.startswith(incomplete)
        ]
        return [*verbs, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([*_VERBS.items(), *_added().items()])


def _added() -> dict[str, str]:
    return added(_ADDED_BY, _VERBS, _KNOWN)


@click.command(
    cls=_Verbs,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    # \b keeps line breaks
    epilog='\b\nExamples:\n  harlm ask "Which services still use TLS 1.1?" ./docs\n  harlm demo',
)
@click.version_option(__version__, "--version", prog_name="harlm", message="%(prog)s %(version)s")
def harlm() -> None:
    """Ask a question over any amount of text, with any language model."""


def main() -> None:
    """Run the command line and exit with its exit code."""
    stop = Stop()
    gc.set_threshold(100_000)  # in a short program, fewer collections save a fifth of the import time
    try:
        stop.listen()
        streams.repair()
        code = _run(stop)
        streams.settle()
    except KeyboardInterrupt:  # a second Ctrl-C during the clean-up of the first
        code = stop.exit_code
    stop.ignore()
    sys.exit(code)


def _run(stop: Stop) -> int:
    try:
        code = harlm.main(prog_name="harlm", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0  # that of a verb that exits; click returns it here
    except click.exceptions.Exit as exiting:
        return exiting.exit_code
    except click.ClickException as error:
        _show_usage(error)
        return EXIT_USAGE
    except (click.Abort, KeyboardInterrupt):
        _say(str(stop))
        return stop.exit_code
    except streams.StdoutFailed as failure:
        return _without_stdout(failure)
    except HarlmError as error:
        if isinstance(error, Interrupted):
            _say(str(stop))
            return stop.exit_code
        _say(last_line(error))
        _show_traceback()
        return exit_code(error)
    except Exception as error:  # noqa: BLE001 - the last resort: any other error is a bug in HARLM
        _say(
            f"internal error: {type(error).__name__}: {error}. Run again with -v for the traceback, and please report it"
        )
        _show_traceback()
        return EXIT_INTERNAL


def exit_code(error: HarlmError) -> int:
    """The exit code of an error; ``harlm.errors`` has the tree of errors."""
    match error:
        case ConfigError():
            return EXIT_CONFIG
        case LimitExceeded():
            return EXIT_LIMIT
        case ModelError():
            return EXIT_CONFIG if error.is_about_access else EXIT_PROVIDER
        case ExecutorFailure():
            return EXIT_PROVIDER
        case NoAnswer():
            return EXIT_NO_ANSWER
        case SandboxError():
            return EXIT_SANDBOX
        case ContextError() | TraceError() | MemoryFailure():
            return EXIT_INPUT
    return EXIT_INTERNAL


def _say(message: str) -> None:
    _print_on_stderr(f"harlm: {' '.join(message.split())}")


def _show_usage(error: click.ClickException) -> None:
    shown = io.StringIO()
    error.show(shown)
    _print_on_stderr(shown.getvalue().rstrip())


def _show_traceback() -> None:
    if is_verbose():
        import traceback

        _print_on_stderr(traceback.format_exc().rstrip())


def _print_on_stderr(text: str) -> None:
    from harlm.cli.printing import say  # imported here to keep --help fast

    say(text)


def is_verbose() -> bool:
    """Whether tracebacks may be shown."""
    return "-v" in sys.argv or "--verbose" in sys.argv or os.environ.get("HARLM_LOG", "").lower() == "debug"


def _without_stdout(failure: streams.StdoutFailed) -> int:
    if failure.reader_left:
        return 0  # like any command in a pipe: the reader closed it because it had enough
    _say(f"stdout cannot be written to ({failure.reason}); redirect it to a place with enough room")
    return EXIT_CONFIG
