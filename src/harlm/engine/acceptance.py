"""Which finishes of a node are accepted.

An empty value is refused once, with the reason. So is a value from before the model has seen any output, unless the code
of its reply has computed it (``grounds``). A value that does not follow the task's schema is refused a few times. In the last
turn everything is accepted.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from harlm.engine import prompts
from harlm.engine.grounds import has_grounds
from harlm.engine.typed_answers import Fitting
from harlm.types import Final


class Acceptance:
    """Decides about the finishes of one node.

    Args:
        fitting: whether values follow the schema of the task.
        tools: the names of the user's tools.

    Attributes:
        has_seen_output: whether the model has seen the output of a cell.
    """

    def __init__(self, fitting: Fitting | None = None, tools: Collection[str] = ()) -> None:
        self.has_seen_output = False
        self._has_refused = False
        self._fitting = fitting or Fitting(None)
        self._tools = tools

    def reason_against(self, final: Final, cells: Sequence[str], *, is_last_turn: bool) -> str:
        """Why a finish is not accepted; empty if it is.

        Args:
            final: the value.
            cells: of the reply, up to the one that finishes.
            is_last_turn: whether the node ends with this turn in any case.
        """
        if not self._has_refused and not is_last_turn:
            if isinstance(final.value, str) and not final.value.strip():
                return prompts.EMPTY
            if not self.has_seen_output and not has_grounds(cells, self._tools):
                return prompts.TOO_EARLY
        return self._fitting.reason_against(final.value, is_last_turn=is_last_turn)

    def refuse(self, reason: str) -> None:
        """Record that the model was told of a reason."""
        if reason in (prompts.EMPTY, prompts.TOO_EARLY):
            self._has_refused = True
        else:
            self._fitting.refuse()
