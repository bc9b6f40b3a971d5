"""A sink that remembers."""

from __future__ import annotations

from typing import TypeVar

from harlm.events import Event

E = TypeVar("E", bound=Event)


class EventLog:
    """Keeps every event, in order, in ``events``."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def emit(self, event: Event) -> None:
        """Keep one event."""
        self.events.append(event)

    def of(self, kind: type[E]) -> list[E]:
        """The events of one kind."""
        return [event for event in self.events if isinstance(event, kind)]
