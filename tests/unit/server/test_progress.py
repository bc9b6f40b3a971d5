"""What has happened in a run, and what it has cost."""

from __future__ import annotations

from harlm import events
from harlm.server.progress import RunProgress
from harlm.types import Usage


def test_calls_cells_tokens_and_costs_are_counted() -> None:
    progress = RunProgress()
    assert str(progress) == "reading"
    usage = Usage(calls=1, input_tokens=10, output_tokens=5, cost_micros=7)
    progress.emit(events.CallFinished(run="01X", call=1, text="", usage=usage, stop="end", latency_s=0.1))
    progress.emit(events.ToolCalled(run="01X", tool="t", arguments="", value="", seconds=0.1, cost_micros=3))
    progress.emit(
        events.CellFinished(
            run="01X", turn=1, output="", output_chars=0, error=None, finished=True, wall_s=0.0, waiting_s=0.0
        )
    )
    assert (progress.run, progress.tokens, progress.micros) == ("01X", (10, 5), 10)
    assert str(progress) == "1 calls, 1 cells"
