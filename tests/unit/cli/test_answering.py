"""Showing the answer of a run: whole, partial or none, where it was asked for, and what is kept if it ends early."""

from __future__ import annotations

import json
import signal
from collections.abc import Sequence
from pathlib import Path

import click
import pytest

from harlm import events
from harlm.cli.answering import Ask, Showing, _StopsAtSignal, show_answer, style_of
from harlm.config import Config
from harlm.errors import ConfigError, Interrupted, ModelUnavailable
from harlm.interruption import Interruption
from harlm.protocols import TraceSink
from harlm.tracing.fanout import NOT_WRITTEN
from harlm.types import Answer, Usage

ANSWER = Answer(text="7", run_id="R")
FINISHED = events.CallFinished(run="R", call=1, text="x", usage=Usage(), stop="end", latency_s=0.1)
STARTED = events.RunStarted(
    run="R", question="q", root_model="a/b", sub_model="a/b", documents=1, characters=1, tokens=1
)
KEPT = "harlm runs show R; harlm runs resume R goes on"


def that(*told: events.Event, ends: Answer | BaseException = ANSWER) -> Ask:
    """A question whose run emits these events, and ends so."""

    def ask(sinks: Sequence[TraceSink], stop: Interruption) -> Answer:
        for event in told:
            for sink in sinks:
                sink.emit(event)
        if isinstance(ends, BaseException):
            raise ends
        return ends

    return ask


def stopped() -> Interrupted:
    return Interrupted(
        "the run was stopped",
        limit="stop",
        used=0,
        allowed=0,
        partial=Answer(text="so far", run_id="R", status="partial"),
    )


def test_the_answer_goes_to_stdout_and_the_rest_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    show_answer(that(), Showing(), Config())
    shown = capsys.readouterr()
    assert shown.out == "7\n"
    assert shown.err.endswith("· run R\n")


def test_quiet_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    show_answer(
        that(STARTED), Showing(quiet=True, explain=True), Config(), lambda answer: click.echo("explained")
    )
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("7\n", "")


def test_why_is_explained_on_demand(capsys: pytest.CaptureFixture[str]) -> None:
    show_answer(that(), Showing(explain=True), Config(), lambda answer: click.echo(f"of {answer.run_id}"))
    assert "of R" in capsys.readouterr().out


def test_a_partial_answer_is_shown_before_the_error_with_what_is_kept(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(Interrupted):
        show_answer(that(STARTED, FINISHED, ends=stopped()), Showing(), Config())
    shown = capsys.readouterr()
    assert shown.out == "so far\n"
    assert "this answer is partial: the run was stopped" in shown.err
    assert shown.err.splitlines()[-1] == f"1 answered call(s) are kept: {KEPT}"


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ([], ""),
        ([STARTED], f"no answered call, but the events are kept: {KEPT}\n"),
        ([STARTED, FINISHED, FINISHED], f"2 answered call(s) are kept: {KEPT}\n"),
        ([events.Noted(run="R", message=f"{NOT_WRITTEN} (full)"), STARTED, FINISHED], ""),
    ],
)  # fmt: skip
@pytest.mark.parametrize("error", [ModelUnavailable("gone", model="m"), KeyboardInterrupt()])
def test_without_an_answer_it_says_what_is_kept(
    capsys: pytest.CaptureFixture[str], told: Sequence[events.Event], said: str, error: BaseException
) -> None:
    with pytest.raises(type(error)):
        show_answer(that(*told, ends=error), Showing(quiet=True), Config())
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", said)


def test_events_are_lines_in_the_place_of_the_answer(capsys: pytest.CaptureFixture[str]) -> None:
    show_answer(that(STARTED, FINISHED), Showing(as_events=True), Config())
    assert [json.loads(line)["kind"] for line in capsys.readouterr().out.splitlines()] == [
        "run_started",
        "call_finished",
    ]


def test_the_answer_can_go_to_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    show_answer(that(), Showing(output=tmp_path / "x.txt", quiet=True), Config())
    assert (tmp_path / "x.txt").read_text(encoding="utf-8") == "7\n"
    assert capsys.readouterr().out == ""


# -- options -------------------------------------------------------------------------------------------------


def options(**given: object) -> dict[str, object]:
    return {"as_events": False, "output": None, "style": None, "quiet": False, "approve": False} | given


def test_options_that_contradict_are_refused(tmp_path: Path) -> None:
    assert style_of(options()) == "text"
    assert style_of(options(style="md", output=Path("x"))) == "md"
    for given in (options(as_events=True, output=Path("x")), options(as_events=True, style="md")):
        with pytest.raises(click.UsageError, match="--json prints events"):
            style_of(given)


def test_a_file_that_cannot_be_written_is_refused_before_anything_is_paid(tmp_path: Path) -> None:
    assert Showing.of(options(output=Path("-")), "text").output is None
    assert Showing.of(options(output=Path("x.txt")), "text").output == Path("x.txt").absolute()
    with pytest.raises(ConfigError):
        Showing.of(options(output=tmp_path / "gone" / "x.txt"), "text")


# -- Ctrl-C --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("quiet", [True, False])
def test_the_first_ctrl_c_stops_the_run_and_the_second_is_as_before(
    capsys: pytest.CaptureFixture[str], quiet: bool
) -> None:
    heard: list[str] = []
    before = signal.signal(signal.SIGINT, lambda *_: heard.append("before"))
    try:
        with _StopsAtSignal(quiet=quiet).heard_by(lambda: heard.append("stop")):
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)
    assert heard == ["stop", "before", "before"]
    assert ("Ctrl-C again ends the run at once" in capsys.readouterr().err) is not quiet


def test_a_run_that_was_not_stopped_leaves_ctrl_c_as_it_was() -> None:
    before = signal.getsignal(signal.SIGINT)
    with _StopsAtSignal(quiet=True).heard_by(lambda: None):
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before


def test_an_ignored_ctrl_c_stays_ignored_and_another_request_is_heard() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    heard: list[str] = []
    try:
        stop = _StopsAtSignal(quiet=True)
        with stop.heard_by(lambda: heard.append("stop")):
            signal.raise_signal(signal.SIGINT)
            assert heard == []
            stop.request()
    finally:
        signal.signal(signal.SIGINT, before)
    assert heard == ["stop"]
