"""The cells of one node, each with a scout that runs ahead of it if that can save time.

Decides which cells get a scout and traces their calls. The sandbox runs scouts; the broker makes their calls.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from harlm import events
from harlm.budget.pressure import NO_SPECULATION
from harlm.cleanup import finished
from harlm.engine.effects import Effects
from harlm.engine.node import Node
from harlm.engine.queries import Queries
from harlm.engine.repl_api import ReplApi
from harlm.engine.replies import ReplySoFar
from harlm.guest.vocabulary import FORESEEN, PURE_TOOL
from harlm.protocols import EarlyScout, Repl
from harlm.scheduler.analysis import EarlierCells
from harlm.scheduler.broker import Broker, Making
from harlm.scheduler.record import CellRecord
from harlm.types import Mode, Observation

_SHOWN = 200  # most calls of one cell that its event lists


class Cells:
    """Runs the cells of one node, one after another.

    Args:
        node: whose cells they are.
        mode: of the node; cells call models in *full* mode only, and the user's tools in both.
        api: answers the calls of the cells.
        queries: makes their calls to models.
        effects: where their events go.
    """

    def __init__(
        self, node: Node, mode: Mode, *, api: ReplApi, queries: Queries, effects: Effects | None = None
    ) -> None:
        self._node = node
        self._api = api
        self._queries = queries
        self._effects = effects or Effects()
        pure = [name for name, tool in node.run.tools.items() if tool.shape.is_pure]
        self._may_call = mode == "full" or bool(pure)
        self._marks = (*(FORESEEN - {PURE_TOOL}), *pure)  # without one of them in it, a cell makes no call
        self._earlier = EarlierCells(pure)  # those that may call models or tools early
        self._writing: _Writing | None = None  # the next cell of a reply that is being written
        self._opening: asyncio.Future[Repl] | None = None  # of the REPL, while a reply is listened to
        self._said = ""  # of that reply
        self._cells_run = 0

    def take_over(self, other: Cells) -> None:
        """Know the functions that the cells of ``other`` defined, for a fork of its REPL."""
        self._earlier.take_over(other._earlier)

    def listen(self, opening: asyncio.Future[Repl]) -> Callable[[str], None] | None:
        """Prepare to foresee the cells of a reply that the model is about to write, one after another.

        Args:
            opening: the node's REPL, which may still be opening.

        Returns:
            a function to call with the reply so far; ``None`` if nothing will be foreseen.
        """
        if (
            self._node.settings.speculation == "off"
            or not self._may_call
            or self._node.run.approval is not None
        ):
            return None
        self._opening, self._said, self._cells_run = opening, "", 0
        self._foresee_next()
        return self._on_text

    def _on_text(self, text: str) -> None:
        self._said = text
        if self._writing is not None:
            self._writing.on_text(text)

    def _foresee_next(self) -> None:
        """Begin to foresee the next cell of the reply, as far as it is written."""
        if self._opening is None:
            return
        self._writing = _Writing(
            self._broker(),
            ReplySoFar(self._cells_run),
            self._opening,
            leads_to_calls=self._leads_to_calls,
            names_call=self._names_call,
            on_begin=self._queries.begin_cell,
        )
        if self._said:
            self._writing.on_text(self._said)

    async def forget(self) -> None:
        """Drop what was foreseen of a reply, because the rest of it does not run."""
        self._opening = None
        await self._forget("", 0)

    async def _forget(self, cell: str, turn: int) -> None:
        writing, self._writing = self._writing, None
        if writing is not None:
            self._report(await finished(writing.give_up()), cell, turn, while_written=True)

    async def run(self, repl: Repl, cell: str, turn: int) -> Observation:
        """Run a cell. A scout changes when its calls are made, never what the cell does.

        Args:
            repl: where the cell runs.
            cell: its code.
            turn: the number of its turn, for the trace.

        Raises:
            SandboxFailure: the sandbox broke.
        """
        seen = await self._run(repl, cell, turn)
        if _ends_the_reply(seen):
            await self.forget()
        return seen

    async def _run(self, repl: Repl, cell: str, turn: int) -> Observation:
        if self._writing is not None and not await self._writing.is_of(cell):
            await self._forget(cell, turn)
        writing, self._writing = self._writing, None
        if writing is None:
            self._queries.begin_cell()
        self._cells_run += 1
        self._foresee_next()
        has_scout = self._node.settings.speculation != "off" and self._leads_to_calls(cell)
        if writing is None and not has_scout and not self._effects.are_held:
            return self._ran(await repl.run(cell))
        if self._has_mark(cell):
            self._earlier.add(cell)
        broker = self._broker() if writing is None else writing.broker
        try:
            with self._api.claiming_from(broker):
                return self._ran(
                    await repl.run(cell, ahead=broker if writing is None and has_scout else None)
                )
        finally:
            if writing is not None:
                writing.close()
            self._report(await finished(broker.close()), cell, turn, while_written=writing is not None)

    def _ran(self, seen: Observation) -> Observation:
        """The result of a cell, at once: a scout of the next one that waits for the REPL does not start in vain."""
        if _ends_the_reply(seen) and self._writing is not None:
            self._writing.stop()
        return seen

    def _broker(self) -> Broker:
        account = self._node.account
        queries, effects = self._queries, self._effects

        def begin(function: str, arguments: Mapping[str, object], is_early: bool, sample: int) -> Making:
            begun = queries.begin_apart if effects.are_held else queries.begin
            return begun(function, arguments, is_early, sample)

        return Broker(
            begin,
            read=self._api.read,
            may_foresee=queries.may_foresee,
            is_eager=self._node.settings.speculation == "eager",
            may_risk=lambda: account.pressure < NO_SPECULATION,
        )

    def _has_mark(self, code: str) -> bool:
        return any(mark in code for mark in self._marks)

    def _names_call(self, text: str) -> bool:
        return self._has_mark(text) or (len(self._earlier) > 0 and self._earlier.are_named_in(text))

    def _leads_to_calls(self, cell: str) -> bool:
        return self._has_mark(cell) or (len(self._earlier) > 0 and self._earlier.can_call_in(cell))

    def _report(self, record: CellRecord, cell: str, turn: int, *, while_written: bool) -> None:
        """Report the calls of a cell that has ended; of one that does not count, that all were in vain."""
        if record.calls:
            self._effects.happen(
                lambda: self._reported(record, cell, turn, while_written=while_written),
                lambda: self._reported(record.given_up, cell, turn, while_written=True),
            )

    def _reported(self, record: CellRecord, cell: str, turn: int, *, while_written: bool) -> None:
        self._node.clock.made_early(record.early)
        scheduled = _scheduled(record, self._pattern(cell), turn)
        if not while_written:  # otherwise part of that time passed while the root model was writing
            self._queries.bursts.save(max(0.0, scheduled.busy_s - scheduled.critical_path_s))
        self._node.emit(scheduled)

    def _pattern(self, cell: str) -> str:
        try:
            return self._earlier.plan_of(cell).shape
        except SyntaxError:
            return "mixed"


class _Writing:
    """A cell that is foreseen while the model is still writing it.

    Args:
        broker: makes its calls.
        so_far: follows its text.
        opening: the REPL, which may still be opening, or run the cell before.
        leads_to_calls: says of whole statements whether running them may call a model.
        names_call: says of any text whether it names what may call a model.
        on_begin: called when its scout starts.
    """

    def __init__(
        self,
        broker: Broker,
        so_far: ReplySoFar,
        opening: asyncio.Future[Repl],
        *,
        leads_to_calls: Callable[[str], bool],
        names_call: Callable[[str], bool],
        on_begin: Callable[[], None],
    ) -> None:
        self.broker = broker
        self._so_far = so_far
        self._opening = opening
        self._leads_to_calls = leads_to_calls
        self._names_call = names_call
        self._on_begin = on_begin
        self._code = ""
        self._hinted = ""
        self._starting: asyncio.Task[EarlyScout | None] | None = None
        self._scout: EarlyScout | None = None

    def on_text(self, text: str) -> None:
        """Take the reply so far, and pass what is new of the cell to the scout."""
        if not self._so_far.extends_to(text):  # the call was made again, and its second reply differs
            self._so_far = self._so_far.begun_anew()
            self._hint("")
        code = self._so_far.take(text)
        if len(code) > len(self._code) and code.startswith(self._code):
            new, self._code, self._hinted = code[len(self._code) :], code, ""
            if self._scout is not None:
                self._scout.tell(code, is_all=False)
            elif self._starting is None and self._leads_to_calls(new):
                self._begin()
        if code == self._code and (tail := self._so_far.tail).strip():
            self._hint(tail)

    def _hint(self, tail: str) -> None:
        """Pass on what follows the whole statements; empty if that is not known any more."""
        if tail == self._hinted:
            return
        self._hinted = tail
        if self._scout is not None:
            self._scout.hint(tail)
        elif self._starting is None and self._names_call(tail):
            self._begin()

    def _begin(self) -> None:
        self._starting = asyncio.ensure_future(self._start())

    async def _start(self) -> EarlyScout | None:
        repl = await asyncio.shield(self._opening)
        self._scout = await repl.scout(self.broker)
        if self._scout is not None:
            self._on_begin()
            self._scout.tell(self._code, is_all=False)
            if self._hinted:
                self._scout.hint(self._hinted)
        return self._scout

    async def is_of(self, cell: str) -> bool:
        """Whether ``cell`` is the cell that was foreseen. If so, its scout is given all of it."""
        if self._starting is None:
            return False
        scout = await self._starting
        if scout is None or not cell.startswith(self._code):
            return False
        scout.tell(cell, is_all=True)
        return True

    def stop(self) -> None:
        """Start no scout that has not started."""
        if self._starting is not None:
            self._starting.cancel()

    def close(self) -> None:
        """End the scout, since the cell has ended."""
        if self._scout is not None:
            self._scout.close()

    async def give_up(self) -> CellRecord:
        """End the scout of a cell that was not written as foreseen.

        Returns:
            the calls that were made for it.
        """
        try:
            if self._starting is not None:
                self._starting.cancel()
                await asyncio.wait([self._starting])
        finally:
            self.close()
            record = await self.broker.close()
        return record


def _ends_the_reply(seen: Observation) -> bool:
    """Whether no later cell of the reply runs after one with this result."""
    return seen.error is not None or seen.final is not None


def _scheduled(record: CellRecord, pattern: str, turn: int) -> events.Scheduled:
    early = record.early
    return events.Scheduled(
        turn=turn,
        pattern=pattern,
        calls=len(record.calls),
        early=early.made,
        claimed=early.claimed,
        wasted=early.wasted,
        critical_path_s=round(record.critical_path_s, 6),
        busy_s=round(record.busy_s, 6),
        parallelism=round(record.parallelism, 3),
        graph=tuple(
            events.ScheduledCall(
                number=call.number,
                function=call.function,
                needs=call.needs,
                early=call.is_early,
                claimed=call.is_claimed,
                began_s=round(call.began_s, 6),
                seconds=round(call.seconds, 6),
            )
            for call in record.calls[:_SHOWN]
        ),
    )
