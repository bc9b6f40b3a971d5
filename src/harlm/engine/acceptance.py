"""Which finishes of a node are accepted.

An empty value is refused once, with the reason. So is a value from before the model has seen any output, unless the code
of its reply has computed it (``grounds``). In the last turn everything is accepted.
"""

from __future__ import annotations

from collections.abc import Sequence

from harlm.engine import prompts
from harlm.engine.grounds import has_grounds
from harlm.types import Final


class Acceptance:
    """Decides about the finishes of one node.

    Attributes:
        has_seen_output: whether the model has seen the output of a cell.
    """

    def __init__(self) -> None:
        self.has_seen_output = False
        self._has_refused = False

    def reason_against(self, final: Final, cells: Sequence[str], *, is_last_turn: bool) -> str:
        """Why a finish is not accepted; empty if it is.

        Args:
            final: the value.
            cells: of the reply, up to the one that finishes.
            is_last_turn: whether the node ends with this turn in any case.
        """
        if self._has_refused or is_last_turn:
            return ""
        if isinstance(final.value, str) and not final.value.strip():
            return prompts.EMPTY
        return "" if self.has_seen_output or has_grounds(cells) else prompts.TOO_EARLY

    def refuse(self) -> None:
        """Record that the model was told of a reason."""
        self._has_refused = True
