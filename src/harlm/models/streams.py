"""Replies that arrive in pieces (``text/event-stream``)."""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar

from harlm.redact import Redactor

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Streamed(Protocol[T_co]):
    """Reads a reply that arrives in pieces."""

    def take(self, piece: bytes) -> None:
        """Read the next bytes of the reply."""
        ...

    def whole(self) -> T_co:
        """The whole reply.

        Raises:
            msgspec.DecodeError: what arrived is not a reply.
        """
        ...


class CleanStream(Generic[T]):
    """Passes on, line by line and without secrets, a reply that arrives in pieces. A ``Streamed``.

    Args:
        stream: reads the reply.
        redactor: hides the secrets.
    """

    def __init__(self, stream: Streamed[T], redactor: Redactor) -> None:
        self._stream = stream
        self._redactor = redactor
        self._unfinished: list[bytes] = []

    def take(self, piece: bytes) -> None:
        """See ``Streamed``."""
        lines, end, rest = piece.rpartition(b"\n")
        if end:
            self._pass_on(lines + end)
        if rest:
            self._unfinished.append(rest)

    def whole(self) -> T:
        """See ``Streamed``."""
        self._pass_on(b"")
        return self._stream.whole()

    def _pass_on(self, ending: bytes) -> None:
        data = b"".join([*self._unfinished, ending])
        self._unfinished.clear()
        if data:
            self._stream.take(self._redactor.clean(data))
