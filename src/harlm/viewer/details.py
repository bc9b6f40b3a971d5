"""What the page asks for when something is looked at: one event with its texts, a long text, the places of some words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from harlm.errors import TraceError
from harlm.viewer.lines import blob_of, read_blob, stored_fields

_SHOWN = 200_000  # characters of one text
_MOST_MESSAGES = 400
_MOST_FOUND = 500
_AROUND = 60  # characters before and after what was found
_SEARCHED = (
    "messages",
    "text",
    "thoughts",
    "code",
    "output",
    "error",
    "arguments",
    "value",
    "query",
    "question",
    "message",
)


class FoundPlace(msgspec.Struct, array_like=True, kw_only=True):
    """Where words were found: the event, the name of its text, and what stands before, at and after the place."""

    seq: int
    kind: str
    field: str
    before: str
    words: str
    after: str


class FoundWords(msgspec.Struct, kw_only=True):
    """The places of some words; ``is_cut`` if there are more."""

    found: list[FoundPlace]
    is_cut: bool = False


def event_with_texts(folder: Path, seq: int, at: int) -> dict[str, object]:
    """The fields of the event whose line begins at ``at``. Texts are cut to what a page can show; blobs stay references.

    Raises:
        TraceError: there is no such event.
    """
    for _, fields in stored_fields(folder, {seq: at}):
        return {name: _bounded(value) for name, value in fields.items()}
    raise TraceError(f"event {seq} cannot be read")


def blob(folder: Path, name: str) -> dict[str, object]:
    """A long value of a run, with its texts cut to what a page can show.

    Raises:
        TraceError: there is no such blob, or it is damaged.
    """
    return {"value": _bounded(read_blob(folder, name))}


def find_words(folder: Path, offsets: Mapping[int, int], words: str) -> FoundWords:
    """Where the texts of a run hold ``words``, whatever their case. Reads all of it, so call it in a thread."""
    found = FoundWords(found=[])
    if not words.strip():
        return found
    wanted = re.compile(re.escape(words.strip()), re.IGNORECASE)
    for seq, fields in stored_fields(folder, offsets):
        for place in _places(folder, seq, fields, wanted):
            if len(found.found) >= _MOST_FOUND:
                found.is_cut = True
                return found
            found.found.append(place)
    return found


def _places(
    folder: Path, seq: int, fields: Mapping[str, object], wanted: re.Pattern[str]
) -> Iterator[FoundPlace]:
    for name in _SEARCHED:
        for text in _texts(folder, fields.get(name)):
            if (match := wanted.search(text)) is not None:
                at, end = match.span()
                yield FoundPlace(
                    seq=seq,
                    kind=str(fields.get("kind", "")),
                    field=name,
                    before=text[max(0, at - _AROUND) : at],
                    words=text[at:end],
                    after=text[end : end + _AROUND],
                )


def _texts(folder: Path, value: object) -> Iterator[str]:
    if (there := blob_of(value)) is not None:
        try:
            value = read_blob(folder, there[0])
        except TraceError:
            return
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for message in value[-1:]:  # the earlier ones are those of the call before
            if isinstance(message, dict):
                yield str(message.get("content", ""))


def _bounded(value: object) -> object:
    if isinstance(value, str):
        return (
            value
            if len(value) <= _SHOWN
            else f"{value[:_SHOWN]}\n… ({len(value) - _SHOWN:,} more characters)"
        )
    if isinstance(value, list):
        return [_bounded(each) for each in value[-_MOST_MESSAGES:]]
    if isinstance(value, dict):
        return {name: _bounded(each) for name, each in value.items()}
    return value
