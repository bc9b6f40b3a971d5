"""Turns what a system does, and every way in which it fails, into an ``Outcome``. Knows no system and no model."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from harlm_bench.outcomes import Outcome, Status

_LONGEST_REASON = 600  # characters


class Failed(Exception):
    """A question ended without an answer.

    Attributes:
        status: how it ended.
        partial: what there was of an answer; kept, but never scored as one.
    """

    status: Status = "crashed"

    def __init__(self, reason: str, *, partial: str = "") -> None:
        super().__init__(reason)
        self.partial = partial


class EndpointFailed(Failed):
    """The model could not be reached, or sent nothing that can be read as a reply."""

    status: Status = "endpoint"


class EndpointRefused(EndpointFailed):
    """The endpoint refused a request for good, such as for a field that it does not know."""


class LimitReached(Failed):
    """The time, the calls or the money of the question are used up."""

    status: Status = "limit"


class NoAnswerFound(Failed):
    """The system ended by its own rules without an answer."""

    status: Status = "no answer"


class PromptTooLong(NoAnswerFound):
    """A prompt does not fit into the model's window.

    Attributes:
        tokens, window: the endpoint's own figures; ``None`` if it did not state them.
    """

    def __init__(self, reason: str, *, tokens: int | None = None, window: int | None = None) -> None:
        super().__init__(reason)
        self.tokens = tokens
        self.window = window


class NotInstalled(Failed):
    """The system cannot be installed here."""

    status: Status = "not installed"


@dataclass(slots=True, kw_only=True)
class Effort:
    """What one question costs the system itself, beyond the calling thread.

    Attributes:
        cpu_s: CPU seconds of other threads and processes.
        aside_s: wall seconds that are not the question's: installing, and starting a process that serves many.
    """

    cpu_s: float = 0.0
    aside_s: float = 0.0
    notes: dict[str, str | int | float] = field(default_factory=dict)


def attempt(solve: Callable[[Effort], str]) -> Outcome:
    """Run ``solve`` and measure it.

    Args:
        solve: returns the answer, or raises. It adds to the effort what other threads and processes use.

    Returns:
        the outcome: never an exception, except that Ctrl-C still ends the program.
    """
    effort = Effort()
    began, cpu = time.perf_counter(), time.thread_time()
    text, status, reason = _ended(solve, effort)
    return Outcome(
        text=text,
        status=status,
        reason=reason[:_LONGEST_REASON],
        wall_s=max(0.0, time.perf_counter() - began - effort.aside_s),
        cpu_s=time.thread_time() - cpu + effort.cpu_s,
        notes=effort.notes,
    )


@contextmanager
def aside(effort: Effort) -> Iterator[None]:
    """Time that is not the question's."""
    began = time.perf_counter()
    try:
        yield
    finally:
        effort.aside_s += time.perf_counter() - began


def _ended(solve: Callable[[Effort], str], effort: Effort) -> tuple[str, Status, str]:
    """Text, status and reason of one run."""
    try:
        text = solve(effort).strip()
    except Failed as failed:
        return failed.partial, failed.status, str(failed)
    except Exception as error:  # noqa: BLE001 - a system that crashes is a result
        return "", "crashed", f"{type(error).__name__}: {error}"
    return (text, "answered", "") if text else ("", "no answer", "the answer is empty")
