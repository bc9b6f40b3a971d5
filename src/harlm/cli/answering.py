"""Runs a question for a user at the command line: shows progress, stops at Ctrl-C, and delivers the answer."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from harlm.cli.delivery import Undelivered, deliver, refuse_unwritable, rescue
from harlm.cli.printing import say, show_json_line
from harlm.cli.reporting import report
from harlm.cli.stopping import first_ctrl_c
from harlm.cli.streams import StdoutFailed
from harlm.config import Config
from harlm.engine.failing import partial_in
from harlm.engine.stopping import GRACE_S
from harlm.errors import HarlmError, StorageFull
from harlm.events import CallFinished, Event, Noted, RunStarted
from harlm.home import runs_of
from harlm.interruption import Interruption
from harlm.protocols import TraceSink
from harlm.tracing.causes import Causes
from harlm.tracing.console import LiveTree, PlainLines
from harlm.tracing.fanout import NOT_WRITTEN
from harlm.types import Answer

Ask = Callable[[Sequence[TraceSink], Interruption], Answer]
"""Runs a question; its events go to the sinks, and it is told to stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Showing:
    """How an answer is shown.

    Attributes:
        style: ``text``, ``md`` or ``json``.
        output: the file that it is written to; ``None`` for stdout.
        as_events: whether stdout gets the events of the run instead.
        quiet: whether only errors are said on stderr.
        explain: whether it is said why it was answered so.
        asks: whether the user is asked something during the run.
    """

    style: str = "text"
    output: Path | None = None
    as_events: bool = False
    quiet: bool = False
    explain: bool = False
    asks: bool = False

    @classmethod
    def of(cls, options: Mapping[str, Any], style: str) -> Showing:
        """As the options of a verb say.

        Raises:
            ConfigError: the file cannot be written.
        """
        output = None if options["output"] == Path("-") else options["output"]
        if output is not None:
            output = output.absolute()
            refuse_unwritable(output)
        return cls(
            style=style,
            output=output,
            as_events=bool(options.get("as_events")),
            quiet=options["quiet"],
            explain=bool(options.get("explain")),
            asks=options["approve"],
        )


def show_answer(
    ask: Ask, showing: Showing, settings: Config, explain: Callable[[Answer], None] = lambda answer: None
) -> None:
    """Ask, and show the answer.

    Args:
        ask: runs the question.
        showing: how.
        settings: say where runs are stored.
        explain: says why it was answered so.

    Raises:
        HarlmError: what ended the run, after the partial answer was shown, if there is one.
    """
    events = _EventLines() if showing.as_events else None
    with _progress_kept() as kept, _displayed(showing, events) as displays:
        sinks = [kept, *displays, *([events] if events is not None else [])]
        answer, ended_by = _asked(ask, sinks, quiet=showing.quiet)
    failure = events.undelivered if events is not None else deliver(answer, showing.style, showing.output)
    if not showing.quiet:
        if showing.explain:
            explain(answer)
        report(answer, ended_by, explain=showing.explain)
    if failure is not None:
        raise rescue(answer, showing.style, failure, runs_of(settings))
    if ended_by is not None:
        kept.report(ended_by)
        raise ended_by


def _asked(ask: Ask, sinks: Sequence[TraceSink], *, quiet: bool) -> tuple[Answer, HarlmError | None]:
    """The answer, and ``None``; or a partial answer, and the limit or failure that ended the run."""
    try:
        with Causes() as causes:
            return ask([*sinks, causes], _StopsAtSignal(quiet=quiet)), None
    except HarlmError as error:
        if (so_far := partial_in(error)) is None:
            raise
        return so_far, error


class _StopsAtSignal(Interruption):
    """Stops the run at the first Ctrl-C, or at another signal that is handled like it. The second one ends the run at once."""

    def __init__(self, *, quiet: bool) -> None:
        super().__init__()
        self._quiet = quiet

    @contextmanager
    def heard_by(self, stop: Callable[[], None]) -> Iterator[None]:
        """See ``Interruption``."""
        with first_ctrl_c(self._stop_first), super().heard_by(stop):
            yield

    def _stop_first(self) -> None:
        self.request()
        if not self._quiet:
            say(f"stopping: replies that are under way have {GRACE_S:g} s; Ctrl-C again ends the run at once")


@contextmanager
def _displayed(showing: Showing, events: _EventLines | None) -> Iterator[list[TraceSink]]:
    """The sinks that show progress on stderr; closed at the end, also after an error."""
    if showing.quiet:
        yield []
        return
    # The tree would overwrite the events, and what the user is asked.
    is_shared = showing.asks or (events is not None and sys.stdout.isatty())
    display = LiveTree(sys.stderr) if sys.stderr.isatty() and not is_shared else PlainLines(sys.stderr)
    try:
        yield [display]
    finally:
        display.close()


@contextmanager
def _progress_kept() -> Iterator[_Kept]:
    """A sink that says, if the block fails, what the run has stored so far."""
    kept = _Kept()
    try:
        yield kept
    except (Exception, KeyboardInterrupt) as error:
        kept.report(error)
        raise


def style_of(options: Mapping[str, Any]) -> str:
    """How the answer is printed.

    Raises:
        click.UsageError: the options for stdout contradict.
    """
    if options["as_events"] and options["output"] is not None:
        raise click.UsageError(
            "--json prints events on stdout and -o writes the answer to a file; use one of them"
        )
    if options["as_events"] and options["style"] is not None:
        raise click.UsageError("--json prints events and --format is that of the answer; use one of them")
    return options["style"] or "text"


class _Kept:
    """Counts what a run has stored, to report it if the run ends early. A ``TraceSink`` behind the stored run."""

    def __init__(self) -> None:
        self._run = ""
        self._calls = 0
        self._is_storing = True

    def emit(self, event: Event) -> None:
        """Receive one event."""
        match event:
            case Noted(message=message) if message.startswith(NOT_WRITTEN):
                self._is_storing = False
            case RunStarted() if self._is_storing:
                self._run = event.run
            case CallFinished() if self._is_storing:
                self._calls += 1

    def report(self, error: BaseException) -> None:
        """Print one line on stderr, if the run has started, unless ``error`` says that not all could be kept."""
        if self._run and not isinstance(error, StorageFull):
            kept = f"{self._calls} answered call(s)" if self._calls else "no answered call, but the events"
            say(f"{kept} are kept: harlm runs show {self._run}; harlm runs resume {self._run} goes on")


class _EventLines:
    """Prints events as JSON lines on stdout. If that fails, the run continues without them. A ``TraceSink``.

    Attributes:
        undelivered: the failure of stdout; ``None`` if there was none.
    """

    def __init__(self) -> None:
        self.undelivered: Undelivered | None = None

    def emit(self, event: Event) -> None:
        """Print one event."""
        if self.undelivered is None:
            try:
                show_json_line(event)
            except StdoutFailed as failure:
                self.undelivered = Undelivered("stdout", failure)
