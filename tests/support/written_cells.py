"""A scout of a cell that is still being written, on a line whose time passes only while every task waits."""

from __future__ import annotations

import contextlib
import heapq
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from harlm.engine.replies import ReplySoFar
from harlm.guest.scout.scout import HostReply, MoreCode, OpenTail, Scout
from tests.support.scout_lines import FILE, tools, value_of

_News = HostReply | MoreCode | OpenTail

LATENCY_S = 1.0


class WrittenLine:
    """A line over which a cell arrives as a model writes it, and on which every call takes one second.

    Args:
        news: what arrives of the cell, each with its time in seconds.

    Attributes:
        now: the time in seconds.
        asked: the prompts of all calls, in their order.
        asked_at: when each prompt was first asked for.
        retracted: the prompts of the calls that were taken back before they had a reply.
        uncertain: the prompts of calls that are bets.
    """

    def __init__(self, news: Sequence[tuple[float, MoreCode | OpenTail]] = ()) -> None:
        self.now = 0.0
        self.asked: list[str] = []
        self.asked_at: dict[str, float] = {}
        self.retracted: list[str] = []
        self.uncertain: list[str] = []
        self._prompts: list[str] = []
        self._paid: Counter[str] = Counter()
        self._coming: list[tuple[float, int, _News]] = [
            (at, -len(news) + n, each) for n, (at, each) in enumerate(news)
        ]
        heapq.heapify(self._coming)

    def post(self, function: str, arguments: dict[str, Any], needs: list[int], *, is_certain: bool) -> int:
        """See ``harlm.guest.scout.scout.Line``."""
        prompt = str(arguments["prompt"])
        self._prompts.append(prompt)
        number = len(self._prompts)
        if self._paid[prompt]:  # as the broker gives a reply that it has to the next equal call
            self._paid[prompt] -= 1
            heapq.heappush(
                self._coming, (self.now, number, HostReply(number, value_of(prompt, arguments.get("schema"))))
            )
            return number
        self.asked.append(prompt)
        self.asked_at.setdefault(prompt, self.now)
        if not is_certain:
            self.uncertain.append(prompt)
        heapq.heappush(
            self._coming,
            (self.now + LATENCY_S, number, HostReply(number, value_of(prompt, arguments.get("schema")))),
        )
        return number

    def retract(self, numbers: list[int]) -> None:
        """See ``harlm.guest.scout.scout.Line``."""
        coming = {each[1] for each in self._coming}
        for number in numbers:
            prompt = self._prompts[number - 1]
            if number in coming:
                self.retracted.append(prompt)
            else:
                self._paid[prompt] += 1
        self._coming = [each for each in self._coming if each[1] not in numbers]
        heapq.heapify(self._coming)

    def receive(self, *, wait: bool) -> _News | None:
        """See ``harlm.guest.scout.scout.Line``."""
        if not self._coming or (not wait and self._coming[0][0] > self.now):
            return None
        self.now, _, news = heapq.heappop(self._coming)
        return news

    @property
    def kept(self) -> Counter[str]:
        """The prompts of the calls that were not taken back."""
        return Counter(self.asked) - Counter(self.retracted)


def arriving(
    cell: str, ends: Iterator[int] | Sequence[int], seconds: float
) -> list[tuple[float, MoreCode | OpenTail]]:
    """What a scout is told of a cell that arrives piece by piece.

    Args:
        cell: the cell.
        ends: where each piece of the reply ends.
        seconds: between two pieces.
    """
    reply, so_far, code, tail = f"```repl\n{cell}```\n", ReplySoFar(), "", ""
    told: list[tuple[float, MoreCode | OpenTail]] = []
    now = 0.0
    for end in ends:
        now += seconds
        whole = so_far.take(reply[:end])
        if whole != code:
            code = whole
            told.append((now, MoreCode(code, False)))
        if (rest := so_far.tail) != tail:
            tail = rest
            told.append((now, OpenTail(tail)))
    told.append((now + seconds, MoreCode(cell, True)))
    return told


def written(
    cell: str, ends: Sequence[int] | None = None, *, seconds: float = 0.01, **names: Any
) -> WrittenLine:
    """Let a scout go through a cell while it is written, letter by letter unless ``ends`` says where pieces end."""
    length = len(cell) + len("```repl\n```\n")
    line = WrittenLine(arriving(cell, range(1, length + 1) if ends is None else ends, seconds))
    own = {"__name__": "__main__", **names}
    with contextlib.redirect_stdout(io.StringIO()):
        Scout(own, {}, FILE, line, tools).follow()
    return line


def line_by_line(cell: str) -> list[int]:
    """Where the pieces of a reply end that is written line by line; see ``written``."""
    reply = f"```repl\n{cell}```\n"
    return [at + 1 for at, letter in enumerate(reply) if letter == "\n"]
