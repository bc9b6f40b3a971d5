"""What has happened in a run, and what it has cost."""

from __future__ import annotations

from harlm import events
from harlm.events import Event


class RunProgress:
    """A sink that counts what has happened in a run.

    Attributes:
        run: its id; empty before it has begun.
        calls: requests to models that were answered.
        cells: cells that have run.
        tokens: of input and output.
        micros: micro-dollars, as far as prices are known.
    """

    def __init__(self) -> None:
        self.run, self.calls, self.cells, self.micros = "", 0, 0, 0
        self.tokens = (0, 0)

    def emit(self, event: Event) -> None:
        """See ``TraceSink.emit``."""
        self.run = event.run
        match event:
            case events.CallFinished(usage=usage):
                self.calls += 1
                self.tokens = (self.tokens[0] + usage.input_tokens, self.tokens[1] + usage.output_tokens)
                self.micros += usage.cost_micros or 0
            case events.ToolCalled(cost_micros=micros):
                self.micros += micros
            case events.CellFinished():
                self.cells += 1

    def __str__(self) -> str:
        return f"{self.calls} calls, {self.cells} cells" if self.run else "reading"
