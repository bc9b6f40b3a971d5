"""A tool that has only the values that a run's journal keeps."""

from __future__ import annotations

from collections.abc import Mapping

from harlm.errors import CodeError
from harlm.types import GatedCall, ToolShape


class RecordedTool:
    """Stands in for a tool of a run that is replayed. A ``harlm.protocols.Tool``.

    Args:
        shape: of the tool.
    """

    def __init__(self, shape: ToolShape) -> None:
        self.shape = shape

    def allows(self, call: GatedCall) -> bool:
        """Every call: its gate has answered when the run was made."""
        return True

    async def call(self, arguments: Mapping[str, object]) -> object:
        """No value: the journal would have had it.

        Raises:
            CodeError: always.
        """
        raise CodeError(f"the journal of this run has no value of {self.shape.name} for these arguments")
