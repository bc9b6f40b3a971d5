"""The functions that cells call on their host.

Every argument was chosen by a model, so it is checked here. Every failure becomes an exception in the cell,
never an answer.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta

from harlm import events
from harlm.branching.signals import Report, read_report
from harlm.context import Searcher
from harlm.engine.effects import Effects
from harlm.engine.finishing import Learned
from harlm.engine.memory_api import MemoryApi
from harlm.engine.node import Node
from harlm.engine.queries import Queries, document_of
from harlm.engine.remaining import what_is_left
from harlm.errors import CodeError
from harlm.guest.arguments import HITS, NUMBER, OFFSETS, PART, QUERY, SIGNAL
from harlm.guest.vocabulary import FORESEEN, MEMORY_FUNCTIONS, MOMENTARY
from harlm.patterns import lazy_pattern
from harlm.scheduler.broker import Broker
from harlm.threads import StopFlag, Stopped
from harlm.types import Document, Task, summed

_T = TypeVar("_T")

_TRACED = 500  # characters of a query that its event holds
_MOST_SIGNALS = 1_000
_AT_ONCE = 1 << 20  # characters; places in a larger document are found in a thread
_NUMBERS = lazy_pattern(r"(?P<first>\d{1,9})(?:\s*[-–]\s*(?P<last>\d{1,9}))?\s*$")

_Number = Annotated[int, Meta(le=NUMBER.most)]


class _Search(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    query: Annotated[str, Meta(max_length=QUERY.most)]
    k: Annotated[int, Meta(ge=0, le=HITS.most)]
    document: _Number | None = None


class _Extent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    document: _Number
    part: Annotated[str, Meta(max_length=PART.most)]


class _Places(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    document: _Number
    offsets: Annotated[list[_Number], Meta(max_length=OFFSETS.most)]


class _Signal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: Annotated[str, Meta(max_length=SIGNAL.most)]
    value: bool | int | float | Annotated[list[int], Meta(max_length=2)]


class ReplApi:
    """Serves the calls of one node's cells; a ``harlm.protocols.ReplHost``.

    Args:
        task, node: whose cells they are.
        queries: makes the calls that reach a model.
        searcher: over the node's context.
        learned: receives the replies of sub-calls.
        effects: of the node's cells.

    Attributes:
        signals: what combinators reported about their work, for the confidence of the answer.
    """

    def __init__(
        self,
        task: Task,
        node: Node,
        *,
        queries: Queries,
        searcher: Searcher,
        learned: Learned | None = None,
        effects: Effects | None = None,
    ) -> None:
        self._context = task.context
        self._node = node
        self._queries = queries
        self._searcher = searcher
        self._learned = learned or Learned()
        self._effects = effects or Effects()
        self._memory = MemoryApi(node)
        self.signals: list[Report] = []
        self._turns_left = node.settings.max_turns
        self._broker: Broker | None = None

    def begin_turn(self, left: int) -> None:
        """Another turn begins, after which ``left`` turns remain."""
        self._turns_left = left

    @contextmanager
    def claiming_from(self, broker: Broker) -> Iterator[None]:
        """Take the replies of the running cell's calls from ``broker``, which may have made them early."""
        self._broker = broker
        try:
            yield
        finally:
            self._broker = None

    async def call(self, function: str, arguments: Mapping[str, object]) -> object:
        """Serve one call of a cell; see ``harlm.protocols.ReplHost``."""
        if function in MOMENTARY or self._queries.may_change_something(function):
            # it must not matter that the reply of this cell has not ended
            await self._effects.decided()
        if function not in FORESEEN:
            return await self.read(function, arguments, is_ahead=False)
        if self._broker is not None:
            value = await self._broker.claim(function, arguments)
        else:
            value = await self._queries.answer(function, arguments)
        prompt, reply = str(arguments.get("prompt") or arguments), str(value)
        self._effects.happen(lambda: self._learned.replied(prompt, reply))
        return value

    async def read(self, function: str, arguments: Mapping[str, object], *, is_ahead: bool = True) -> object:
        """Serve a call that reaches no model.

        Args:
            function: a name of ``harlm.guest.vocabulary``.
            arguments: as the cell gave them, not checked yet.
            is_ahead: whether a scout asks; its searches are not traced.

        Raises:
            CodeError: the call cannot be served; raised in the cell with this message.
        """
        try:
            match function:
                case "search":
                    return await self._search(msgspec.convert(arguments, _Search), is_ahead=is_ahead)
                case "places":
                    return await self._places(msgspec.convert(arguments, _Places))
                case "extent":
                    return await self._extent(msgspec.convert(arguments, _Extent))
                case "budget":
                    return self._budget()
                case "leaf":
                    return await self._queries.leaf.serve(arguments)
                case "tool":
                    return await self._queries.tools.call(function, arguments)
                case "room":
                    return self._queries.leaf.room()
                case "signal":
                    self._signal(msgspec.convert(arguments, _Signal))
                    return None
                case _ if function in MEMORY_FUNCTIONS:
                    return await self._memory.serve(function, arguments)
        except msgspec.ValidationError as error:
            raise CodeError(f"{function}: {error}") from error
        raise CodeError(f"there is no function {function!r}")

    async def _search(self, asked: _Search, *, is_ahead: bool) -> dict[str, object]:
        started = time.monotonic()
        if asked.document is not None:
            document_of(self._context, asked.document)
        try:
            found, weights = await self._node.run.threads.do(lambda stop: self._found(asked, stop))
        except Stopped:
            raise CodeError("the search was stopped: its context is closed") from None
        if not is_ahead:
            seconds = time.monotonic() - started
            searched = events.Searched(query=asked.query[:_TRACED], hits=len(found), seconds=seconds)
            self._effects.happen(lambda: self._node.emit(searched))
        return {"hits": found, "weights": weights}

    def _found(self, asked: _Search, stop: StopFlag) -> tuple[list[dict[str, object]], dict[str, float]]:
        hits = self._searcher.search(asked.query, asked.k, within=asked.document, stop=stop)
        found: list[dict[str, object]] = []
        for hit in hits:
            stop.check()
            document = self._context.documents[hit.document]
            place = document.place(hit.best[0])
            found.append(
                {
                    "document": hit.document,
                    "start": hit.start,
                    "end": hit.end,
                    "best": hit.best,
                    "score": hit.score,
                    "place": f"{document.name}:{place.label}",
                    "line": place.line,
                }
            )
        return found, self._searcher.weights(asked.query, stop=stop)

    async def _places(self, asked: _Places) -> list[tuple[str, int | None]]:
        document = document_of(self._context, asked.document)

        def places(_: StopFlag) -> list[tuple[str, int | None]]:
            found = map(document.place, asked.offsets)
            return [(place.label, place.line) for place in found]

        return await self._looked_up(document, places)

    async def _extent(self, asked: _Extent) -> tuple[int, int]:
        document = document_of(self._context, asked.document)
        return await self._looked_up(document, lambda _: _part_of(document, asked.part))

    async def _looked_up(self, document: Document, work: Callable[[StopFlag], _T]) -> _T:
        """The result of work on the places of a document: at once, or from a thread if it is large."""
        if len(document.text) <= _AT_ONCE:
            return work(StopFlag())
        return await self._node.run.threads.do(work)

    def _signal(self, told: _Signal) -> None:
        try:
            report = read_report(told.name, told.value)
        except ValueError as error:
            raise CodeError(f"signal: {error}") from error
        if len(self.signals) < _MOST_SIGNALS:
            self.signals.append(report)

    def _budget(self) -> dict[str, object]:
        """The value of ``budget()``; an amount without a limit is ``None``."""
        settings, account = self._node.settings, self._node.account
        early = () if self._broker is None else self._broker.unclaimed
        unasked = summed([each.usage for each in early])
        usage = account.usage
        return {
            "turns_left": self._turns_left,
            "depth_left": self._node.deepest - self._node.depth,
            "concurrency": settings.concurrency,
            "calls_used": usage.calls - unasked.calls,
            "tokens_used": usage.input_tokens
            + usage.output_tokens
            - (unasked.input_tokens + unasked.output_tokens),
            **what_is_left(account, [each.set_aside for each in early]),
        }


def _part_of(document: Document, part: str) -> tuple[int, int]:
    """Start and end, in characters, of a part named as in a hit (``p12``, ``Prices row 5``), or of a range such
    as ``3-5``.

    Raises:
        CodeError: there is no such part.
    """
    marks = document.marks
    if marks is not None and part in marks.labels:
        at = marks.labels.index(part)
        return marks.starts[at], marks.starts[at + 1] if at + 1 < len(marks.starts) else len(document.text)
    numbers = _NUMBERS.search(part)
    first = document.extent(int(numbers["first"])) if numbers else None
    last = document.extent(int(numbers["last"] or numbers["first"])) if numbers else None
    if first is None or last is None:
        raise CodeError(f"{document.name} has no part {part!r}")
    return first[0], last[1]
