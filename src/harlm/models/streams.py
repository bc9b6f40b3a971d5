"""Cleans a reply of secrets while it arrives."""

from __future__ import annotations

from collections.abc import Callable

from harlm.redact import Redactor


class CleanStream:
    """Passes on, line by line and without secrets, a reply that arrives in pieces.

    Args:
        take: called with what is clean.
        redactor: hides the secrets.
    """

    def __init__(self, take: Callable[[bytes], None], redactor: Redactor) -> None:
        self._take = take
        self._redactor = redactor
        self._unfinished: list[bytes] = []

    def take(self, piece: bytes) -> None:
        """Take the next bytes of the reply, and pass on the lines that end in them."""
        end = 1 + max(piece.rfind(b"\n"), piece.rfind(b"\r"))
        if end:
            self._pass_on(piece[:end])
        if end < len(piece):
            self._unfinished.append(piece[end:])

    def end(self) -> None:
        """Pass on what is left."""
        self._pass_on(b"")

    def _pass_on(self, ending: bytes) -> None:
        data = b"".join([*self._unfinished, ending])
        self._unfinished.clear()
        if data:
            self._take(self._redactor.clean(data.replace(b"\0", b"")))
