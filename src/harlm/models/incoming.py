"""The bytes of a reply as they arrive: one JSON text, or a stream of events."""

from __future__ import annotations

import msgspec

from harlm.models.event_stream import EventStream, ServerEvent, glued
from harlm.models.lenient import UNREADABLE, a_list, an_object, decoded
from harlm.models.reply_reader import ReplyReader

_MARK = b"\xef\xbb\xbf"  # a byte order mark
_SHOWN = 80  # bytes of something that is not a reply


class Incoming:
    """Passes a reply on to its reader. Tells by how it begins what it is, since gateways set content types at will.

    Args:
        reader: puts the reply together.

    Attributes:
        is_stream: whether events came.
        is_empty: whether nothing but blanks came.
    """

    def __init__(self, reader: ReplyReader) -> None:
        self._reader = reader
        self._beginning = b""  # until it shows what it is
        self._events: EventStream | None = None
        self._whole: list[bytes] = []
        self._shown = b""
        self._has_events = False
        self._garbage: Exception | None = None

    @property
    def is_stream(self) -> bool:
        """Whether events came."""
        return self._events is not None

    @property
    def is_empty(self) -> bool:
        """Whether nothing but blanks came."""
        return not self._whole and self._events is None

    @property
    def shown(self) -> str:
        """How it begins, for a message."""
        return self._shown.decode("utf-8", "replace").strip()

    def take(self, data: bytes) -> None:
        """Take the next bytes."""
        if self.is_empty:
            data = (self._beginning + data).lstrip()
            start = data.removeprefix(_MARK).lstrip()
            if not start or _MARK.startswith(start):
                self._beginning = data
                return
            self._shown = start[:_SHOWN]
            if start[:1] not in (b"{", b"["):
                self._events = EventStream()
        if self._events is None:
            self._whole.append(data)
            return
        if self.is_enough:
            return
        for event in self._events.take(data):
            self._event(event)
        self._reader.hear()

    @property
    def is_whole(self) -> bool:
        """Whether what came so far is all of a reply, although its connection ended too early."""
        if self._events is not None:
            return bool(self._reader.reason or self._reader.is_ended)
        try:
            decoded(b"".join(self._whole))
        except UNREADABLE:
            return False
        return not self.is_empty

    @property
    def is_enough(self) -> bool:
        """Whether the caller has no use for the rest of the reply."""
        return self._reader.is_enough

    def end(self) -> None:
        """Take the end of the reply. The last event of a stream may be cut; then the reader does not know the end.

        Raises:
            msgspec.DecodeError: it is not a reply.
            RecursionError: it is nested too deep.
        """
        if self.is_enough:
            return
        if self._events is None:
            self._read_whole(b"".join(self._whole))
        else:
            garbage = self._garbage
            for event in self._events.end():
                self._event(event)
            self._garbage = garbage
        if self._garbage is not None:
            raise self._garbage
        if not self._reader.is_reply and self._reader.error is None and not self._has_events:
            raise msgspec.DecodeError("it has no message")
        self._reader.hear()

    def _read_whole(self, data: bytes) -> None:
        try:
            values = a_list(decoded(data))
        except msgspec.DecodeError as error:
            values = list(glued(data.removeprefix(_MARK)))  # one JSON object after another
            if not values:
                raise error from None
        for each in values:
            self._reader.read(an_object(each))

    def _event(self, event: ServerEvent) -> None:
        reader = self._reader
        if event.is_end:
            reader.is_ended = self._has_events = True
        try:
            values = [each for value in event.values() for each in a_list(value) if isinstance(each, dict)]
        except UNREADABLE as error:
            self._garbage = self._garbage or error
            return
        for value in values:
            self._has_events = True
            reader.read(value)
        if event.is_error and reader.error is None:
            self._has_events = True
            reader.error = values[0] if values else event.words
