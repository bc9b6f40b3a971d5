"""Checks a journal against what can be made again: its windows, its gold answers, its scores and its bills."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from typing import NamedTuple

from harlm_bench.items import Question, Window
from harlm_bench.journal import Journal, address_of, key_of
from harlm_bench.outcomes import Result
from harlm_bench.secrecy import sealing
from harlm_bench.simulator.audit import Line, without_evidence

_CLOSE = 1e-9  # of two scores
_ROUNDED = 1  # micro-dollars


class Fault(NamedTuple):
    """Something that does not agree.

    Attributes:
        where: the system, window and question.
        what: what does not agree, in words.
    """

    where: str
    what: str


def faults(
    journal: Journal, windows: Iterable[Window], score: Callable[[Question, str], float]
) -> tuple[Fault, ...]:
    """All that does not agree; empty if the journal is sound.

    Args:
        journal: what was written down.
        windows: its windows, made again.
        score: the score of an answer.
    """
    found: list[Fault] = []
    by_window: dict[str, list[Result]] = {}
    for result in journal.results:
        by_window.setdefault(result.window, []).append(result)
    for window in windows:
        digest = window.digest
        for result in by_window.pop(window.id, ()):
            found += _of_result(result, window, digest, score)
    for window_id, results in by_window.items():
        found.append(Fault(window_id, f"{len(results)} results of a window that the run does not have"))
    return tuple(found)


def unfounded(journal: Journal, lines: Iterable[Line]) -> tuple[Fault, ...]:
    """Right answers of a simulated model although no call of theirs rests on a text, nor a program read one.

    Args:
        journal: what was written down.
        lines: the trail of its runs.
    """
    named = {
        address_of(key_of(result)): f"{result.system}, {result.window}, {result.question}"
        for result in journal.results
        if result.score > 0 and result.usage.calls  # one without calls has a fault of its own
    }
    what = "a right answer without a text that it rests on"
    return tuple(Fault(named[address], what) for address in without_evidence(named, lines))


def without(journal: Journal, tasks: Collection[str]) -> Journal:
    """A journal without the results of these tasks."""
    return replace(journal, results=tuple(each for each in journal.results if each.task not in tasks))


def _of_result(
    result: Result, window: Window, digest: str, score: Callable[[Question, str], float]
) -> Iterable[Fault]:
    where = f"{result.system}, {result.window}, {result.question}"
    if result.digest != digest:
        yield Fault(where, f"digest {result.digest[:12]}, and {digest[:12]} when the window is made again")
        return
    question = next((each for each in window.questions if each.id == result.question), None)
    gold = None if question is None else sealing(window)(question.gold) if window.is_secret else question.gold
    if question is None or gold != result.gold:
        yield Fault(where, "its question or its gold answer is not that of the window")
        return
    answered = result.outcome.status == "answered"
    if not (
        window.is_secret and answered
    ):  # the journal holds no words of a secret answer that could be scored
        fresh = score(question, result.outcome.text) if answered else 0.0
        if abs(fresh - result.score) > _CLOSE:
            yield Fault(where, f"score {result.score:g}, and {fresh:g} when the answer is scored again")
    yield from _of_bill(result, where)


def _of_bill(result: Result, where: str) -> Iterable[Fault]:
    usage = result.usage
    if answered_without_call(result):
        yield Fault(where, "a right answer without a single call to the model")
    if usage.cached > usage.prompt:
        yield Fault(where, f"{usage.cached:,} cached tokens of {usage.prompt:,}")
    yield from _of_meter(result, where)


def _of_meter(result: Result, where: str) -> Iterable[Fault]:
    """Whether the bill lies within what the system says that it spent.

    A meter may not say less than the bill. It may say more only by the calls that the system cancelled, which it books at
    the most that they may cost, as it must with providers that bill them: ``cancelled_micro_usd`` in its notes.
    """
    bill, notes = result.usage.micro_usd, result.outcome.notes
    meter, cancelled = notes.get("meter_micro_usd"), notes.get("cancelled_micro_usd", 0)
    if bill is None or not isinstance(meter, int | float) or not isinstance(cancelled, int | float):
        return
    if not meter - cancelled - _ROUNDED <= bill <= meter + _ROUNDED:
        of_them = f", {cancelled:,.0f} of them for calls that it cancelled" if cancelled else ""
        yield Fault(where, f"its own meter says {meter:,.0f} micro-dollars{of_them}, the bill {bill:,}")


def answered_without_call(result: Result) -> bool:
    """Whether a right answer came without the model. A system that needs none (such as a search) would say so in its notes."""
    return result.score > 0 and result.usage.calls == 0 and "without_model" not in result.outcome.notes
