"""The cells of one node, each with a scout ahead of it if that may help. Decides when a cell is worth one and traces what it did; the
scout itself belongs to the sandbox, its calls to the broker.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from harlm import events
from harlm.budget.pressure import NO_SPECULATION
from harlm.engine.node import Node
from harlm.engine.parsing import whole_statements
from harlm.engine.queries import Queries
from harlm.engine.repl_api import ReplApi
from harlm.guest.vocabulary import FORESEEN
from harlm.protocols import EarlyScout, Repl
from harlm.scheduler.analysis import analyse, can_call
from harlm.scheduler.broker import Broker
from harlm.scheduler.record import CellRecord
from harlm.types import Mode, Observation

_SHOWN = 200  # calls of one cell that its event names


class Cells:
    """Runs the cells of one node, one after another.

    Args:
        node: of the cells.
        mode: of the node; only in *full* mode do cells call models.
        api: answers them.
        queries: makes their calls.
    """

    def __init__(self, node: Node, mode: Mode, *, api: ReplApi, queries: Queries) -> None:
        self._node = node
        self._mode = mode
        self._api = api
        self._queries = queries
        self._calling: list[str] = []  # cells that may have defined what calls
        self._writing: _Writing | None = None

    def listen(self, opening: asyncio.Future[Repl]) -> Callable[[str], None] | None:
        """Begin to foresee the cell of a reply that is about to be written.

        Returns:
            to be told the reply so far; None where nothing is to be foreseen.
        """
        if self._node.settings.speculation == "off" or self._mode != "full":
            return None
        self._queries.begin_cell()
        self._writing = _Writing(self._broker(), opening, self._leads_to_calls)
        return self._writing.hear

    async def forget(self) -> None:
        """What was foreseen of a reply is not needed: it has no cell, or another."""
        writing, self._writing = self._writing, None
        if writing is not None:
            self._tell(await writing.give_up(), "", 0, while_written=True)

    async def run(self, repl: Repl, cell: str, turn: int) -> Observation:
        """Run a cell; what it does is the same with and without a scout.

        Raises:
            SandboxFailure: the sandbox broke.
        """
        writing, self._writing = self._writing, None
        if writing is not None and not await writing.is_of(cell):
            self._tell(await writing.give_up(), cell, turn, while_written=True)
            writing = None
        if writing is None:
            self._queries.begin_cell()
        if writing is None and (self._node.settings.speculation == "off" or not self._leads_to_calls(cell)):
            return await repl.run(cell)
        if any(mark in cell for mark in FORESEEN):
            self._calling.append(cell)
        broker = self._broker() if writing is None else writing.broker
        try:
            with self._api.claiming_from(broker):
                return await repl.run(cell, ahead=broker if writing is None else None)
        finally:
            if writing is not None:
                writing.close()
            self._tell(await broker.close(), cell, turn, while_written=writing is not None)

    def _broker(self) -> Broker:
        account = self._node.account
        return Broker(
            self._queries.begin,
            read=self._api.read,
            is_eager=self._node.settings.speculation == "eager",
            may_risk=lambda: account.pressure < NO_SPECULATION,
        )

    def _leads_to_calls(self, cell: str) -> bool:
        return any(mark in cell for mark in FORESEEN) or (
            bool(self._calling) and can_call(cell, self._calling)
        )

    def _tell(self, record: CellRecord, cell: str, turn: int, *, while_written: bool) -> None:
        if record.calls:
            self._node.clock.made_early(record.early)
            if not while_written:  # or some of it passed while the root model was writing
                self._queries.bursts.save(max(0.0, record.busy_s - record.critical_path_s))
            self._node.emit(_scheduled(record, self._pattern(cell), turn))

    def _pattern(self, cell: str) -> str:
        try:
            return analyse(cell, self._calling).shape
        except SyntaxError:
            return "mixed"


class _Writing:
    """A cell that is foreseen while it is being written.

    Args:
        broker: makes its calls.
        opening: the REPL.
        leads_to_calls: whether code does.
    """

    def __init__(
        self, broker: Broker, opening: asyncio.Future[Repl], leads_to_calls: Callable[[str], bool]
    ) -> None:
        self.broker = broker
        self._opening = opening
        self._leads_to_calls = leads_to_calls
        self._told = ""
        self._lines = 0
        self._starting: asyncio.Task[EarlyScout | None] | None = None
        self._scout: EarlyScout | None = None

    def hear(self, text: str) -> None:
        """The reply so far."""
        lines = text.count("\n")
        if lines == self._lines:
            return
        self._lines = lines
        code = whole_statements(text)
        if len(code) <= len(self._told) or not code.startswith(self._told):
            return  # nothing new; or another attempt of the call, which writes something else
        self._told = code
        if self._scout is not None:
            self._scout.tell(code, is_all=False)
        elif self._starting is None and self._leads_to_calls(code):
            self._starting = asyncio.ensure_future(self._start())

    async def _start(self) -> EarlyScout | None:
        repl = await asyncio.shield(self._opening)
        self._scout = await repl.scout(self.broker)
        if self._scout is not None:
            self._scout.tell(self._told, is_all=False)
        return self._scout

    async def is_of(self, cell: str) -> bool:
        """Whether it is this cell that was foreseen; if so its scout is told all of it."""
        if self._starting is None:
            return False
        scout = await self._starting
        if scout is None or not cell.startswith(self._told):
            return False
        scout.tell(cell, is_all=True)
        return True

    def close(self) -> None:
        """The cell has ended."""
        if self._scout is not None:
            self._scout.close()

    async def give_up(self) -> CellRecord:
        """It was written otherwise, or not at all."""
        if self._starting is not None:
            self._starting.cancel()
            await asyncio.gather(self._starting, return_exceptions=True)
        self.close()
        return await self.broker.close()


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
