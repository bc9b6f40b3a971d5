"""What has happened in a run, and what it has cost."""

from __future__ import annotations

from contextlib import closing

from harlm import events
from harlm.config import Config
from harlm.errors import HarlmError
from harlm.events import Event
from harlm.home import runs_of
from harlm.journal import JOURNAL, RunJournal
from harlm.types import summed


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


def spent_by(run: str, config: Config) -> int:
    """The micro-dollars that a stored run has cost at most, by its journal; 0 if that cannot be read.

    Args:
        run: its id.
        config: the settings of its client.
    """
    file = runs_of(config) / run / JOURNAL
    if not file.exists():
        return 0
    try:
        with closing(RunJournal(file)) as journal:
            return summed([usage for _, usage in journal.earlier.spent]).cost_micros or 0
    except (HarlmError, OSError):
        return 0
