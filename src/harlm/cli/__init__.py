"""The command line: one thin file a verb. This file finds the verb, and turns what goes wrong into one line and an exit
code; nothing here answers anything.
"""

from __future__ import annotations

import gc
import io
import os
import signal
import sys
from importlib import import_module

import click

from harlm import __version__
from harlm.cli import streams
from harlm.cli.stopping import Stop
from harlm.errors import (
    ConfigError,
    ContextError,
    HarlmError,
    LimitExceeded,
    MemoryFailure,
    ModelError,
    NoAnswer,
    SandboxError,
    TraceError,
)

_VERBS = {
    "ask": "Ask a question over files and folders.",
    "cache": "Show what is remembered from run to run, and forget it.",
    "config": "Show the settings, and where each comes from.",
    "demo": "Answer real questions over Python's own standard library, and check the answers.",
    "doctor": "Check this machine: keys, folders, sandbox, certificates.",
    "estimate": "Show what a question would cost, in each mode, before anything is spent.",
    "inspect": "Show what would be read: files, tokens, what is left out and why.",
    "models": "Show the models that can be used, and which have a key.",
    "plan": "Show which model calls of a cell wait for which.",
    "runs": "List and show stored runs.",
    "sandbox": "Run files as cells in the sandbox, to see what it stops.",
    "search": "Find the passages that fit a question best, without any model.",
}

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
    """Imports a verb's file when the verb is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _VERBS:
            return None
        command = import_module(f"harlm.cli.verbs.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_VERBS.items()))


@click.command(
    cls=_Verbs,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog='\b\nExamples:\n  harlm ask "Which services still use TLS 1.1?" ./docs\n  harlm demo',  # \b keeps the lines
)
@click.version_option(__version__, "--version", prog_name="harlm", message="%(prog)s %(version)s")
def harlm() -> None:
    """Ask a question over any amount of text, with any language model."""


def main() -> None:
    """Run the command line, and exit with the code that says how it went."""
    stop = Stop()
    gc.set_threshold(100_000)  # a short program that mostly loads: fewer rounds save a fifth of the loading
    try:
        stop.listen()
        streams.mend()
        code = _run(stop)
        streams.settle()
    except KeyboardInterrupt:  # once more, while the first was answered
        code = stop.exit_code
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # what is left only cleans up
    sys.exit(code)


def _run(stop: Stop) -> int:
    try:
        harlm.main(prog_name="harlm", standalone_mode=False)
        sys.stdout.flush()
        return 0
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except click.ClickException as error:
        _show_usage(error)
        return EXIT_USAGE
    except (click.Abort, KeyboardInterrupt):
        _say(str(stop))
        return stop.exit_code
    except streams.StdoutFailed as failure:
        return _without_stdout(failure)
    except HarlmError as error:
        _say(str(error))
        _trace()
        return exit_code(error)
    except Exception as error:  # noqa: BLE001 - the last resort: anything else is a fault of ours
        _say(
            f"internal error: {type(error).__name__}: {error}. Run again with -v for the traceback, and please report it"
        )
        _trace()
        return EXIT_INTERNAL


def exit_code(error: HarlmError) -> int:
    """The exit code for an error, as the tree in ``harlm.errors`` says."""
    match error:
        case ConfigError():
            return EXIT_CONFIG
        case LimitExceeded():
            return EXIT_LIMIT
        case ModelError():
            return EXIT_CONFIG if error.is_about_access else EXIT_PROVIDER
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


def _trace() -> None:
    if is_verbose():
        import traceback

        _print_on_stderr(traceback.format_exc().rstrip())


def _print_on_stderr(text: str) -> None:
    from harlm.cli.printing import say  # here, since --help does not pay for what it imports

    say(text)


def is_verbose() -> bool:
    """Whether tracebacks may be shown."""
    return "-v" in sys.argv or "--verbose" in sys.argv or os.environ.get("HARLM_LOG", "").lower() == "debug"


def _without_stdout(failure: streams.StdoutFailed) -> int:
    if failure.reader_left:
        return 0  # as of any command in a pipe: whoever read it has seen enough
    _say(f"stdout cannot be written to ({failure.reason}); send the output to where there is room for it")
    return EXIT_CONFIG
