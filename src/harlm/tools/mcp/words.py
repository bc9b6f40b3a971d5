"""What is known of how a server ended, for messages: a reason of ours, and the last that it wrote to its errors."""

from __future__ import annotations

from collections import deque

from harlm.redact import Redactor

ENDED = "it has ended"
"""How the reason begins if only the server itself knows it."""

_KEPT = 4  # lines
_LONGEST = 200  # characters of a line
_SHOWN = 500  # characters of all


class ServerWords:
    """The last words of one server, without secrets.

    Args:
        secrets: are hidden.

    Attributes:
        reason: why the connection ended; empty if nothing is known.
    """

    def __init__(self, secrets: tuple[str, ...] = ()) -> None:
        self._redactor = Redactor(secrets)
        self._lines: deque[str] = deque(maxlen=_KEPT)
        self.reason = ""

    def heard(self, line: str) -> None:
        """Keep a line that the server wrote to its errors."""
        if text := " ".join(line.split())[:_LONGEST]:
            self._lines.append(text)

    def because(self, reason: str) -> None:
        """Keep the first reason that is given."""
        self.reason = self.reason or reason

    def clean(self, text: str) -> str:
        """A text on one line, without the secrets of the server."""
        return self._redactor.clean_text(" ".join(text.split()))[:_SHOWN]

    def __str__(self) -> str:
        """The reason and the last lines; empty if there are none."""
        said = " | ".join(self._lines)[-_SHOWN:]
        is_told = self.reason and not self.reason.startswith(ENDED)
        parts = [self.reason, f"it wrote: {said}" if said and not is_told else ""]
        return self._redactor.clean_text("; ".join(filter(None, parts)))
