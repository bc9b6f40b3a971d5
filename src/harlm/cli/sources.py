"""What a verb reads: the places that the user names, or else standard input or the current folder; and a question
that stands in a file.
"""

from __future__ import annotations

import glob
import os
import stat
import sys
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

from harlm.cli.printing import say
from harlm.context.decode import decode
from harlm.context.raw_files import read_named, read_stream
from harlm.errors import ContextError

_Command = TypeVar("_Command", bound=Callable[..., Any])
_LONGEST_QUESTION = 256 << 10  # bytes of a file
_ASK_SOMETHING = 'ask something, such as: harlm ask "What is this about?" ./docs'


def path_argument(command: _Command) -> _Command:
    """Adds the argument ``paths``. ``places_of`` says what stands for none."""
    add = click.argument(
        "paths", nargs=-1, metavar="[PATH|GLOB|URL|@LIST|-]...", shell_complete=_complete_file
    )
    return add(command)


def question_options(command: _Command) -> _Command:
    """Adds the argument ``question`` and the option ``--question-file``. ``question_of`` gives the question."""
    of_file = click.option(
        "-f",
        "--question-file",
        metavar="FILE",
        shell_complete=_complete_file,
        help="Read the question from this file, and QUESTION is left out; - is standard input.",
    )
    question = click.argument(
        "question", required=False, metavar="QUESTION", shell_complete=_complete_question
    )
    return question(of_file(command))


def question_of(
    question: str | None, paths: Sequence[str], file: str | None, *, quiet: bool = False
) -> tuple[str, tuple[str, ...]]:
    """The question, and the places to read.

    Args:
        question: the first argument, which is a place if the question stands in a file.
        paths: the other arguments.
        file: the file of the question; ``None`` if it is an argument.
        quiet: whether a choice of places is not reported on stderr.

    Raises:
        click.UsageError: there is no question, or there are two.
        ContextError: the file cannot be read, or is no question.
    """
    if file is None:
        if question is None:
            raise click.UsageError(f"the question is missing; {_ASK_SOMETHING}")
        if not question.strip():
            raise click.UsageError(f"the question is empty; {_ASK_SOMETHING}")
        return question, tuple(paths)
    places = (*(() if question is None else (question,)), *paths)
    if question is not None and not _may_be_place(question):
        raise click.UsageError(
            f"there is a question in {file!r} (-f) and another argument, {question[:200]!r}, which is no path; "
            "give the question once, as QUESTION or with -f"
        )
    if file == "-":
        if "-" in places:
            raise click.UsageError(
                "standard input can hold the question (-f -) or the text (-), not both; put one of them into a file"
            )
        if not places:
            places = (".",)
            if not quiet:
                say("no path is given, and standard input holds the question: reading the current folder")
    return _question_in(file), places


def places_of(paths: Sequence[str], *, quiet: bool) -> tuple[str, ...]:
    """What to read: ``paths``; without any, standard input if it is a pipe or a file, else the current folder.

    Args:
        paths: what the user named.
        quiet: whether the choice is not reported on stderr.
    """
    if paths:
        return tuple(paths)
    is_piped = _is_piped()
    if not quiet:
        say(f"no path is given: reading {'standard input' if is_piped else 'the current folder'}")
    return ("-",) if is_piped else (".",)


def _is_piped() -> bool:
    """Whether standard input is a pipe or a file; not a terminal, ``/dev/null`` or closed."""
    try:
        mode = os.fstat(sys.stdin.fileno()).st_mode
    except (OSError, ValueError, AttributeError):  # closed, or replaced by an object without a descriptor
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISREG(mode) or stat.S_ISSOCK(mode)


def _may_be_place(argument: str) -> bool:
    if argument == "-" or argument.startswith("@") or "://" in argument or os.path.lexists(argument):
        return True
    return next(glob.iglob(os.path.expanduser(argument)), None) is not None  # noqa: PTH111, PTH207 - as ``find_files``


def _question_in(file: str) -> str:
    what = "standard input" if file == "-" else repr(file)
    try:
        data = read_stream(sys.stdin.buffer, _no_check) if file == "-" else read_named(file, _no_check)
    except ContextError as error:
        raise ContextError(f"the file of the question, {what}, {error}") from error
    if len(data) > _LONGEST_QUESTION:
        raise ContextError(
            f"the question in {what} is larger than {_LONGEST_QUESTION >> 10} kB; put the text into a file of its "
            "own, name that as a path, and ask about it"
        )
    question = decode(data)
    if question is None:
        raise ContextError(f"the question in {what} is not text; give a text file")
    if not question.strip():
        raise ContextError(f"the question in {what} is empty; {_ASK_SOMETHING}")
    return question.strip()


def _no_check() -> None:
    """Never stops the reading."""


def _complete_file(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Let the shell complete a path."""
    return [CompletionItem(incomplete, type="file")]


def _complete_question(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Paths where the question stands in a file; nothing else can be known."""
    is_path = context.params.get("question_file") is not None
    return _complete_file(context, parameter, incomplete) if is_path else []
