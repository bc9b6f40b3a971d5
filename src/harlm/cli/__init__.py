"""The command line: one thin file a verb. This file finds the verb, and turns what goes wrong into one line and an exit
code; nothing here answers anything.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module

import click

from harlm import __version__
from harlm.errors import ConfigError, ContextError, HarlmError, ModelError, NoAnswer, SandboxError, TraceError

_VERBS = {
    "ask": "Ask a question over files and folders.",
    "config": "Show the settings, and where each comes from.",
    "demo": "Answer real questions over Python's own standard library, and check the answers.",
    "doctor": "Check this machine: keys, folders, sandbox, certificates.",
    "inspect": "Show what would be read: files, tokens, what is left out and why.",
    "models": "Show the models that can be used, and which have a key.",
    "runs": "List and show stored runs.",
}

EXIT_INTERNAL, EXIT_USAGE, EXIT_CONFIG, EXIT_PROVIDER, EXIT_NO_ANSWER, EXIT_SANDBOX, EXIT_INPUT = (
    1,
    2,
    3,
    5,
    6,
    7,
    8,
)
EXIT_INTERRUPTED = 130


class _Verbs(click.Group):
    """Imports a verb's file when the verb is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _VERBS:
            return None
        command = import_module(f"harlm.cli.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_VERBS.items()))


@click.command(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, "--version", prog_name="harlm", message="%(prog)s %(version)s")
def harlm() -> None:
    r"""Ask a question over any amount of text, with any language model.

    \b
    harlm ask "Which services still use TLS 1.1?" ./docs
    harlm demo
    """


def main() -> None:
    """Run the command line, and exit with the code that says how it went."""
    sys.exit(_run())


def _run() -> int:
    try:
        harlm.main(standalone_mode=False)
        sys.stdout.flush()
        return 0
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except click.ClickException as error:
        error.show()
        return EXIT_USAGE
    except (click.Abort, KeyboardInterrupt):
        _say("interrupted")
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        return _stdout_was_closed()
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
        case ModelError():
            return EXIT_CONFIG if error.is_about_access else EXIT_PROVIDER
        case NoAnswer():
            return EXIT_NO_ANSWER
        case SandboxError():
            return EXIT_SANDBOX
        case ContextError() | TraceError():
            return EXIT_INPUT
    return EXIT_INTERNAL


def _say(message: str) -> None:
    try:
        click.echo(f"harlm: {' '.join(message.split())}", err=True)
    except OSError:
        pass  # stderr is closed as well; the exit code still tells


def _trace() -> None:
    if is_verbose():
        import traceback

        traceback.print_exc()


def is_verbose() -> bool:
    """Whether tracebacks may be shown."""
    return "-v" in sys.argv or "--verbose" in sys.argv or os.environ.get("HARLM_LOG", "").lower() == "debug"


def _stdout_was_closed() -> int:
    """Whoever read our output has seen enough. Nothing more can be written there, not even by the interpreter's exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    _say(
        "the reader of the output went away before all of it was written; stored runs are kept (harlm runs show last)"
    )
    return 0
