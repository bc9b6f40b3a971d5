"""DEMO: asks real questions over the standard library of the running Python, and over a mixed folder that it writes itself,
and checks every answer; then shows a plain loop of calls with and without early calls, and the use of memory in a run.

Prints with a function that the caller passes. Where cells run in Monty, which knows a part of Python, only what that part can do is shown.
"""

from __future__ import annotations

import asyncio
import sysconfig
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from harlm.client import HARLM
from harlm.config import Config
from harlm.context import profile
from harlm.demo import mixed, questions
from harlm.demo.loop import show_plain_loop
from harlm.demo.memory import show_remembering
from harlm.demo.questions import Question, Show, ask
from harlm.demo.truth import LEFT_OUT
from harlm.loading import load_paths
from harlm.sandbox.tiers import choose
from harlm.types import Context

__all__ = ["LEFT_OUT", "Show", "StandardLibrary", "read_library", "run"]


@dataclass(frozen=True, slots=True)
class StandardLibrary:
    """The standard library as a context.

    Attributes:
        folder: its folder.
        context: its files.
        seconds: the time that reading them took.
    """

    folder: Path
    context: Context
    seconds: float


def read_library(settings: Config) -> StandardLibrary:
    """Read the standard library of the running Python.

    Args:
        settings: must exclude ``LEFT_OUT`` in ``loading.exclude``, so that the checks read the same files.
    """
    folder = Path(sysconfig.get_path("stdlib"))
    started = time.perf_counter()
    context = load_paths([folder], settings.loading)
    by_module = tuple(replace(document, cited_as=document.name) for document in context.documents)
    return StandardLibrary(folder, replace(context, documents=by_module), time.perf_counter() - started)


def run(settings: Config, library: StandardLibrary, show: Show) -> bool:
    """Run the demo.

    Args:
        settings: of every run of the demo.
        library: the files to ask about.
        show: prints one or more lines.

    Returns:
        Whether all answers are right and both runs of the loop have the same answer.

    Raises:
        SandboxFailure: no cell can be run here.
    """
    known = profile(library.context)
    show(
        f"Python's standard library: {known.documents:,} files, about {known.tokens:,} tokens, read in {library.seconds:.2f} s"
    )
    show("Model: offline/extractive (no weights, no key: it finds, quotes and counts)\n")
    client, is_plain = HARLM(settings=settings), asyncio.run(_is_plain(settings))
    if is_plain:
        show(
            "Cells run in Monty, which knows a part of Python: questions whose answers take more, the loop of calls and the use of memory "
            "are left out. In Linux, also in WSL, all of them are shown.\n"
        )
    right = [
        ask(client, number, question, library.context, library.folder, show)
        for number, question in enumerate(_shown(questions.QUESTIONS, is_plain), start=1)
    ]
    right += _over_mixed_folder(client, settings, len(right) + 1, show)
    is_same = is_plain or show_plain_loop(settings, library.context, show)
    if not is_plain:
        show_remembering(settings, library.context, show)
    show(f"{sum(right)} of {len(right)} answers agree with Python's own modules.")
    show('\nNow your own: harlm ask "What is this about?" PATH')
    return all(right) and is_same


async def _is_plain(settings: Config) -> bool:
    wanted = settings.sandbox
    found = (await choose(wanted.tier, allow_unsafe=wanted.allow_unsafe)).found
    return found is not None and found.tier == "monty"


def _shown(asked: Sequence[Question], is_plain: bool) -> list[Question]:
    return [each for each in asked if each.is_plain or not is_plain]


def _over_mixed_folder(client: HARLM, settings: Config, first: int, show: Show) -> list[bool]:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "archive"
        folder.mkdir()
        mixed.write_mixed_folder(folder)
        context = load_paths([folder], settings.loading)
        show(f"A folder of prose, a table, a log and a mail: {len(context.documents)} files\n")
        return [
            ask(client, number, question, context, folder, show)
            for number, question in enumerate(mixed.QUESTIONS, start=first)
        ]
