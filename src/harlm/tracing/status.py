"""The figures of a run so far: its time, calls, retries, tokens, money and nearest limit.

Kept up to date by every event, so that showing them takes the same time after ten calls and after ten thousand. Does
not depend on how they are shown.
"""

from __future__ import annotations

import heapq
import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from harlm import events

CANCELLED = "cancelled"
"""The error of a call that was cancelled, as its event reports it."""

_SEEN_S = 1.0  # a retry is shown for at least this long
_LONGEST_REASON = 80  # characters
_LIMITS = {"usd": "cost", "tokens": "token", "calls": "call", "seconds": "time"}
_WAITED_FOR = 2  # models that are named


def in_few_words(error: str, model: str = "") -> str:
    """The reason in an error message: ``429 rate limited: slow down``, without the model and the advice."""
    text = " ".join(error[:1000].split()).removeprefix(model).lstrip()
    for verb in ("is ", "was "):
        text = text.removeprefix(verb)
    opening = text.find(" (")
    status = text[opening + 2 : opening + 5]
    if opening > 0 and status.isascii() and status.isdigit() and text[opening + 5 : opening + 7] == ": ":
        text = f"{status} {text[:opening]}: {_in_parentheses(text[opening + 7 :])}"
    else:
        text = text.partition(";")[0]
    return text if len(text) <= _LONGEST_REASON else text[: _LONGEST_REASON - 1] + "…"


def _in_parentheses(text: str) -> str:
    """The beginning of a text up to the parenthesis that closes one opened before it."""
    depth = 1
    for at, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if not depth:
            return text[:at]
    return text


def clock_text(seconds: float) -> str:
    """A time as ``m:ss``, or ``h:mm:ss``."""
    minutes, second = divmod(int(max(0.0, seconds)), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


@dataclass(frozen=True, slots=True)
class StatusLine:
    """The line that shows a status, in three pieces, of which the second may be cut or left out.

    Attributes:
        head: the time and the calls.
        reason: why calls are tried again; empty if none is.
        tail: seconds until the next attempt, tokens, money, limits.
    """

    head: str
    reason: str
    tail: str

    def __str__(self) -> str:
        return f"{self.head}{self.reason and f': {self.reason}'}{self.tail}"


class RunStatus:
    """The status of a run. It changes with every event.

    Args:
        now: the clock, in seconds.

    Attributes:
        done: calls that were answered.
        failed: calls that failed for good; those that were cancelled are not counted.
        reused: replies that were known.
        steps: events that show progress: answers, failures, calls of tools, ended cells.
        is_running: whether the run has started and not ended.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._began = now()
        self.done = self.failed = self.reused = self.steps = 0
        self.is_running = False
        self._attempts = 0  # that failed and were made again
        self._tokens = self._micros = 0
        self._priced = self._unpriced = False
        self._is_estimated = False
        self._calls: dict[int, str] = {}  # the model of each call in flight
        self._since: dict[str, dict[int, float]] = {}  # when each began, by model
        self._cells: dict[str, float] = {}  # when the running cell of each node began
        self._retries: list[float] = []  # a heap: when each waiting call is made again
        self._next_try = 0.0
        self._trouble: tuple[str, str] | None = None  # a model that has not answered since it failed, and why
        self._limits: dict[str, float] = {}
        self._reached = ""

    def add(self, event: events.Event) -> None:
        """Take in one event."""
        match event:
            case events.CallStarted():
                self._calls[event.call] = event.model
                self._since.setdefault(event.model, {})[event.call] = self._now()
            case events.CallFinished():
                self._answer(event)
            case events.CallFailed():
                self._fail(event)
            case events.Retried():
                self._retry(event)
            case events.Reused():
                self.reused += 1
                self.steps += 1
            case events.ToolCalled():
                self.steps += 1
                self._priced |= event.cost_micros > 0
                self._micros += event.cost_micros
            case events.CellStarted():
                self._cells[event.node] = self._now()
            case events.CellFinished():
                self._cells.pop(event.node, None)
                self.steps += 1
            case events.RunStarted():
                self.is_running = True
                self._limits = {
                    name: most for name, most in event.limits.items() if name in _LIMITS and most < math.inf
                }
            case events.LimitReached() if event.parent is None:
                self._reached = _LIMITS.get(event.limit, event.limit)
            case events.Answered() | events.Failed():
                self.is_running = False

    @property
    def in_flight(self) -> int:
        """Calls that were made and have not ended."""
        return len(self._calls)

    @property
    def seconds(self) -> float:
        """How long the run has taken so far."""
        return self._now() - self._began

    def line(self) -> StatusLine:
        """The figures on one line."""
        retrying, reason, wait = self._trying_again()
        counts = [f"{self.done} done", f"{self.in_flight} in flight"]
        counts += [f"{self.failed} failed"] if self.failed else []
        counts += [f"{self.reused} reused"] if self.reused else []
        counts += [f"{retrying} retrying"] if retrying else ["last failure"] if reason else []
        return StatusLine(
            f"{clock_text(self.seconds)} · {', '.join(counts)}", reason, f"{wait} · {self._spent()}"
        )

    def waiting(self) -> str:
        """What the run waits for, and the figures: ``waiting for openai/m: 3 in flight, 31 s · …``."""
        now = self._now()
        busiest = heapq.nlargest(_WAITED_FOR, self._since.items(), key=lambda item: len(item[1]))
        models = [
            f"{model}: {len(calls)} in flight, {now - next(iter(calls.values())):.0f} s"
            for model, calls in busiest
        ]
        if models:
            text = f"waiting for {'; '.join(models)}"
        elif self._cells:
            text = f"running a cell, {now - next(iter(self._cells.values())):.0f} s"
        else:
            text = "working"
        retrying, reason, wait = self._trying_again()
        if reason:
            text += f" ({f'{retrying} retrying' if retrying else 'last failure'}: {reason}{wait})"
        failed = f", {self.failed} failed" if self.failed else ""
        return f"{text} · {clock_text(self.seconds)} · {self.done} done{failed} · {self._spent()}"

    # -- events --------------------------------------------------------------------------------------------

    def _answer(self, event: events.CallFinished) -> None:
        usage = event.usage
        self.done += 1
        self.steps += 1
        self._tokens += usage.input_tokens + usage.output_tokens
        self._is_estimated |= usage.estimated
        self._priced |= usage.cost_micros is not None
        self._unpriced |= usage.cost_micros is None
        self._micros += usage.cost_micros or 0
        model = self._ended(event.call)
        if self._trouble is not None and self._trouble[0] == model:
            self._trouble = None

    def _fail(self, event: events.CallFailed) -> None:
        model = self._ended(event.call)
        self.steps += 1
        if event.error != CANCELLED:
            self.failed += 1
            self._trouble = model, in_few_words(event.error, model)

    def _retry(self, event: events.Retried) -> None:
        self._attempts += 1
        self._next_try = self._now() + max(_SEEN_S, event.wait_s)
        heapq.heappush(self._retries, self._next_try)
        self._trouble = event.model, in_few_words(event.error, event.model)

    def _ended(self, call: int) -> str:
        """Take a call out of those in flight, and return its model."""
        model = self._calls.pop(call, "")
        if (calls := self._since.get(model)) is not None:
            calls.pop(call, None)
            if not calls:
                del self._since[model]
        return model

    # -- figures -------------------------------------------------------------------------------------------

    def _trying_again(self) -> tuple[int, str, str]:
        """How many calls wait for their next attempt, why the last one failed, and when it is made again."""
        now = self._now()
        while self._retries and self._retries[0] <= now:
            heapq.heappop(self._retries)
        if self._trouble is None or not self._calls:
            return 0, "", ""
        waiting = min(len(self._retries), len(self._calls))
        wait = f", {math.ceil(self._next_try - now)} s" if waiting and self._next_try > now else ""
        return waiting, self._trouble[1], wait

    def _spent(self) -> str:
        about = "about " if self._is_estimated else ""
        pieces = [f"{about}{self._tokens:,} tokens", self._money()]
        if self._reached:
            pieces.append(f"{self._reached} limit reached")
        elif (limit := self._nearest_limit()) is not None:
            pieces.append(limit)
        return " · ".join(pieces)

    def _money(self) -> str:
        if self._unpriced and not self._priced:
            return "cost unknown"
        return f"{'≥ ' if self._unpriced else ''}${self._micros / 1_000_000:.4f}"

    def _nearest_limit(self) -> str | None:
        """The limit of which the largest share is used; ``None`` if there is none."""
        used = {
            "usd": self._micros / 1_000_000,
            "tokens": self._tokens,
            "calls": self.done + self.failed + self.in_flight + self._attempts,
            "seconds": self.seconds,
        }
        if self._unpriced and not self._priced:
            del used["usd"]  # without a price there is no share
        shares = {
            name: used[name] / most if most > 0 else 1.0
            for name, most in self._limits.items()
            if name in used
        }
        if not shares:
            return None
        name = max(shares, key=shares.__getitem__)
        most = self._limits[name]
        allowed = (
            f"${most:g}"
            if name == "usd"
            else f"{most:,.0f} s"
            if name == "seconds"
            else f"{most:,.0f} {name}"
        )
        return f"{math.floor(100 * shares[name])} % of {allowed}"
