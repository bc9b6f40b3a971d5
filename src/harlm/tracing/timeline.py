"""Keeps when the calls of a run were in flight, for the waterfall of its answer."""

from __future__ import annotations

import heapq
import itertools
from typing import Literal

from harlm import events
from harlm.tracing.status import CANCELLED
from harlm.types import TimedCall
from harlm.types.timeline import MOST_CALLS


class Timeline:
    """Keeps the longest calls of a run. A ``TraceSink``.

    Args:
        most: how many.
    """

    def __init__(self, most: int = MOST_CALLS) -> None:
        self._most = most
        self._began = 0.0
        self._depths: dict[str, int] = {}
        self._open: dict[int, events.CallStarted] = {}
        self._kept: list[tuple[float, int, TimedCall]] = []  # a heap, the shortest first
        self._numbers = itertools.count()

    def emit(self, event: events.Event) -> None:
        """Take in one event."""
        match event:
            case events.RunStarted(ts=began):
                self._began = began
            case events.NodeStarted():
                self._depths[event.node] = event.depth
            case events.NodeFinished():
                self._depths.pop(event.node, None)
            case events.CallStarted():
                self._open[event.call] = event
            case events.CallFinished():
                self._ended(event, "ok")
            case events.CallFailed():
                self._ended(event, "cancelled" if event.error == CANCELLED else "failed")
            case events.Reused():
                self._keep(
                    TimedCall(
                        model=event.model,
                        role=event.role,
                        node=event.node,
                        depth=self._depths.get(event.node, 0),
                        began_s=max(0.0, event.ts - self._began),
                        seconds=0.0,
                        status="reused",
                    )
                )

    @property
    def calls(self) -> tuple[TimedCall, ...]:
        """The calls that have ended, in that order."""
        return tuple(call for _, _, call in sorted(self._kept, key=lambda kept: kept[1]))

    def _ended(
        self, event: events.CallFinished | events.CallFailed, status: Literal["ok", "failed", "cancelled"]
    ) -> None:
        begun = self._open.pop(event.call, None)
        if begun is None:
            return
        self._keep(
            TimedCall(
                model=begun.model,
                role=begun.role,
                node=begun.node,
                depth=self._depths.get(begun.node, 0),
                began_s=max(0.0, begun.ts - self._began),
                seconds=max(0.0, event.ts - begun.ts),
                status=status,
                is_early=begun.early,
            )
        )

    def _keep(self, call: TimedCall) -> None:
        entry = call.seconds, next(self._numbers), call
        if len(self._kept) < self._most:
            heapq.heappush(self._kept, entry)
        else:
            heapq.heappushpop(self._kept, entry)
