"""The cells of one node, each with a scout ahead of it where that may help. Knows when a cell is worth one, and what is told of
it afterwards; the scout itself is the sandbox's, its calls are the broker's.
"""

from __future__ import annotations

from harlm import events
from harlm.budget.pressure import NO_SPECULATION
from harlm.engine.repl_api import ReplApi
from harlm.engine.run import Run
from harlm.protocols import Repl
from harlm.scheduler.analysis import analyse, can_call
from harlm.scheduler.broker import Broker
from harlm.scheduler.record import CellRecord
from harlm.types import Observation

_SHOWN = 200  # calls of one cell that its event names
_MARKS = ("llm_query", "rlm_query")


class Cells:
    """Runs the cells of one node, one after another.

    Args:
        api: answers them.
        run: at the node.
    """

    def __init__(self, api: ReplApi, run: Run) -> None:
        self._api = api
        self._run = run
        self._calling: list[str] = []  # cells that may have defined what calls

    async def run(self, repl: Repl, cell: str, turn: int) -> Observation:
        """Run a cell; what it does is the same with and without a scout.

        Raises:
            SandboxFailure: the sandbox broke.
        """
        if self._run.settings.speculation == "off" or not self._may_call(cell):
            return await repl.run(cell)
        account = self._run.account
        broker = self._api.broker = Broker(
            self._api.begin,
            is_eager=self._run.settings.speculation == "eager",
            may_risk=lambda: account.pressure < NO_SPECULATION,
        )
        try:
            return await repl.run(cell, ahead=broker)
        finally:
            self._api.broker = None
            self._tell(await broker.close(), cell, turn)

    def _may_call(self, cell: str) -> bool:
        if any(mark in cell for mark in _MARKS):
            self._calling.append(cell)
            return True
        return bool(self._calling) and can_call(cell, self._calling)

    def _tell(self, record: CellRecord, cell: str, turn: int) -> None:
        if record.calls:
            self._run.meter.made_early(record.early)
            self._run.emit(_told(record, self._pattern(cell), turn))

    def _pattern(self, cell: str) -> str:
        try:
            return analyse(cell, self._calling).shape
        except SyntaxError:
            return "mixed"


def _told(record: CellRecord, pattern: str, turn: int) -> events.Scheduled:
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
