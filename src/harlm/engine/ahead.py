"""One cell, with a scout ahead of it where that may help. Knows when a cell is worth a scout, and what is told of it
afterwards; the scout is the sandbox's, the calls are the broker's.
"""

from __future__ import annotations

from harlm import events
from harlm.budget.pressure import NO_SPECULATION
from harlm.engine.repl_api import ReplApi
from harlm.engine.run import Run
from harlm.protocols import Repl
from harlm.scheduler.analysis import analyse
from harlm.scheduler.broker import Broker
from harlm.scheduler.record import CellRecord
from harlm.types import Observation

_SHOWN = 200  # calls of one cell that its event names


async def run_ahead(repl: Repl, cell: str, turn: int, api: ReplApi, run: Run) -> Observation:
    """Run a cell; what it does is the same with and without a scout.

    Raises:
        SandboxFailure: the sandbox broke.
    """
    if run.settings.speculation == "off":
        return await repl.run(cell)
    broker = api.broker = Broker(
        api.begin,
        is_eager=run.settings.speculation == "eager",
        may_risk=lambda: run.account.pressure < NO_SPECULATION,
    )
    try:
        return await repl.run(cell, ahead=broker)
    finally:
        api.broker = None
        record = await broker.close()
        if record.calls:
            run.meter.made_early(record.early)
            run.emit(_told(record, turn, cell))


def _told(record: CellRecord, turn: int, cell: str) -> events.Scheduled:
    early = record.early
    return events.Scheduled(
        turn=turn,
        pattern=_pattern(cell),
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


def _pattern(cell: str) -> str:
    try:
        return analyse(cell).shape
    except SyntaxError:
        return "mixed"
