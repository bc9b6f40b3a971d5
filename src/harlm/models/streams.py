"""Cleans a reply of secrets while it arrives."""

from __future__ import annotations

from typing import Protocol

from harlm.redact import Redactor


class Takes(Protocol):
    """Takes a reply as it arrives; see ``harlm.models.incoming.Incoming``."""

    def take(self, data: bytes) -> None:
        """Take the next bytes."""
        ...

    @property
    def is_whole(self) -> bool:
        """Whether what was taken is a whole reply, asked if the connection ends too early."""
        ...

    @property
    def is_enough(self) -> bool:
        """Whether the rest is of no use, so that the connection is to be closed."""
        ...


class CleanStream:
    """Passes on, line by line and without secrets, a reply that arrives in pieces.

    Args:
        into: takes what is clean.
        redactor: hides the secrets.
    """

    def __init__(self, into: Takes, redactor: Redactor) -> None:
        self._into = into
        self._redactor = redactor
        self._unfinished: list[bytes] = []

    @property
    def is_enough(self) -> bool:
        """Whether the rest is of no use."""
        return self._into.is_enough

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
            self._into.take(self._redactor.clean(data.replace(b"\0", b"")))
