"""The lines about events that the user should know of at once. They stay on the terminal.

A failure that many calls have in common is told once, for a display shows how many calls are concerned.
"""

from __future__ import annotations

from dataclasses import dataclass

from harlm import events
from harlm.patterns import lazy_pattern
from harlm.visible import harmless

_NOTICED_S = 2.0  # a wait of this length is reported
_NUMBERS = lazy_pattern(r"\d++")
_MOST_KINDS = 100  # of failures that are told


def counted(count: int, noun: str) -> str:
    """A count with its noun: ``1 document``, ``2,247 documents``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


@dataclass(frozen=True, slots=True)
class Note:
    """A line for the user.

    Attributes:
        text: safe to print.
        is_warning: whether something went wrong.
    """

    text: str
    is_warning: bool = True


class Notes:
    """Finds the events that deserve a line."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def of(self, event: events.Event) -> Note | None:
        """The line for an event; ``None`` for most events."""
        match event:
            case events.RunStarted():
                return Note(harmless(_started(event)), is_warning=False)
            case events.Routed():
                return Note(harmless(_routed(event)), is_warning=False)
            case events.Raced():
                return Note(harmless(_raced(event)), is_warning=event.winner is None)
            case events.FellBack():
                line = f"note: {event.error}; using {event.instead} instead"
                is_new = self._is_new(event.model, event.error)
            case events.Retried(wait_s=wait) if wait >= _NOTICED_S:
                line = f"note: {event.error}; retrying in {wait:.0f} s"
                is_new = self._is_new(event.model, event.error)
            case _:
                line, is_new = _important(event) or "", True
        return Note(harmless(line)) if line and is_new else None

    def _is_new(self, model: str, error: str) -> bool:
        """Whether a failure of this kind was not told before; failures that differ in a number are of one kind."""
        kind = f"{model} {_NUMBERS.sub('0', error)}"
        if kind in self._told or len(self._told) >= _MOST_KINDS:
            return False
        self._told.add(kind)
        return True


def _important(event: events.Event) -> str | None:
    match event:
        case events.Noted():
            return f"note: {event.message}"
        case events.TraceCut():
            return f"note: trace cut at {event.limit_mb:,} MB (tracing.run_mb); the run continues, and its end is stored"
        case events.LimitReached():
            return f"limit: {event.message}; finishing with the findings so far"
    return None


def _started(event: events.RunStarted) -> str:
    skipped = f", {len(event.skipped)} skipped (harlm inspect shows why)" if event.skipped else ""
    models = (
        event.root_model if event.root_model == event.sub_model else f"{event.root_model}, {event.sub_model}"
    )
    return f"{counted(event.documents, 'document')}, about {event.tokens:,} tokens{skipped} · {models}"


def _routed(event: events.Routed) -> str:
    return f"mode {event.mode} ({event.probabilities[event.mode]:.0%}): {event.reasons[0] if event.reasons else ''}"


def _raced(event: events.Raced) -> str:
    """How a race ended, with what each branch cost."""
    branches = ", ".join(
        f"{each.strategy} {each.status}" + (f" {_money(each.cost_micros)}" if each.calls else "")
        for each in event.branches
    )
    return f"race stopped by {event.stopped_by} after {event.seconds:.1f} s: {branches}"


def _money(micros: int | None) -> str:
    return "of unknown cost" if micros is None else f"${micros / 1e6:.4f}"
