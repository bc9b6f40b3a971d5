"""What a body certainly means, read by rules of its own and not by the adapters: its words, its end, and its usage.

A second reading of each protocol, as small as it can be. Words are *certain* where the protocol or a server of the
corpus puts words; in any other place they are *possible*: an adapter may read them or leave them out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from tests.support.wire_script import Frame, Script

_FAILED = frozenset({"error", "insufficient_system_resource", "network_error", "abort", "aborted"})
_EXPLAINING = ("message", "msg", "error_msg", "error_message", "detail", "errors", "Message")
_LARGEST = 10**9


class Piece(NamedTuple):
    """Words of a body, and whether they are certain."""

    text: str
    is_certain: bool


class Reading(NamedTuple):
    """The usage in a body: the least that it certainly states, and the sum of all that it says, in tokens."""

    least: int
    most: int


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a body certainly means.

    Attributes:
        pieces: its words, in order.
        refusals: words that count only if there are no others.
        is_whole: whether it shows that nothing is missing and nothing failed, so that it must be read.
        usage: its usage.
    """

    pieces: tuple[Piece, ...]
    refusals: tuple[Piece, ...]
    is_whole: bool
    usage: Reading

    @property
    def has_words(self) -> bool:
        """Whether there are words that must not be lost."""
        return any(piece.is_certain and piece.text.strip() for piece in self.pieces)

    def allows(self, text: str) -> bool:
        """Whether a text is made of these words in order, with all that are certain and no others."""
        if is_made_of(text, self.pieces):
            return True
        return not self.has_words and is_made_of(text, self.refusals)


def is_made_of(text: str, pieces: Sequence[Piece]) -> bool:
    """Whether ``text`` is the pieces in order, where those that are not certain may be missing."""
    text = _without_odd_letters(text)
    ends = {0}
    for piece in pieces:
        words = _without_odd_letters(piece.text)
        after = {end + len(words) for end in ends if text.startswith(words, end)}
        ends = after if piece.is_certain else ends | after
    return len(text) in ends


def meaning_of(protocol: str, script: Script) -> Meaning:
    """What a script certainly means."""
    reader = _READERS[protocol]
    whole, cut = list(_values(script.whole_frames)), list(_values(script.cut_frame))
    if script.cut and not script.is_stream:
        whole, cut = [], list(_values(script.frames))
    pieces = [piece for value in whole for piece in reader.words(value)]
    pieces += [Piece(piece.text, False) for value in cut for piece in reader.words(value)]
    refusals = [piece for value in (*whole, *cut) for piece in reader.refusals(value)]
    is_done = any(frame.is_done for frame in script.whole_frames)
    reasons = [reason for value in whole for reason in reader.reasons(value)]
    is_ended = not script.is_stream or is_done or any(reasons)
    has_failed = any(_has_error(value) for value in (*whole, *cut)) or any(
        str(reason).lower() in _FAILED for reason in reasons
    )
    has_failed |= any(frame.name == "error" for frame in script.frames)
    return Meaning(
        tuple(pieces),
        tuple(refusals),
        is_whole=is_ended and not has_failed and not script.cut,
        usage=_reading([reader.usage(value) for value in whole], reader.total),
    )


def _values(frames: Sequence[Frame]) -> Iterator[dict[str, Any]]:
    for frame in frames:
        if frame.raw is None:
            values = frame.value if isinstance(frame.value, list) else [frame.value]
            yield from (value for value in values if isinstance(value, dict))


def _has_error(value: dict[str, Any]) -> bool:
    """Whether a value says that something failed, or could be understood so."""
    if value.get("error") is not None or value.get("object") == "error" or value.get("type") == "error":
        return True
    choice = _first(value.get("choices"))
    return (isinstance(choice, dict) and choice.get("error") is not None) or any(
        isinstance(value.get(name), str | list) for name in _EXPLAINING
    )


# -- protocols -------------------------------------------------------------------------------------------


class _OpenAI:
    @classmethod
    def words(cls, value: dict[str, Any]) -> Iterator[Piece]:
        choice = _first(value.get("choices"))
        if not isinstance(choice, dict):
            yield from _anywhere(choice)
            return
        said = choice.get("delta") if choice.get("delta") is not None else choice.get("message")
        found = list(cls._said(said))
        if not any(piece.text for piece in found):
            found = list(_content(choice.get("text")))
        is_ours = not isinstance(choice.get("index"), int | float) or choice["index"] == 0
        yield from found if is_ours else (Piece(piece.text, False) for piece in found)

    @staticmethod
    def _said(said: Any) -> Iterator[Piece]:
        if not isinstance(said, dict):
            yield from _anywhere(said)
        elif said.get("content") is not None:
            yield from _content(said["content"])
        else:
            yield from _possible(_content(said.get("text")))

    @staticmethod
    def refusals(value: dict[str, Any]) -> Iterator[Piece]:
        choice = _first(value.get("choices"))
        for said in (choice.get("delta"), choice.get("message")) if isinstance(choice, dict) else ():
            if isinstance(said, dict):
                yield from _content(said.get("refusal"))

    @staticmethod
    def reasons(value: dict[str, Any]) -> Iterator[Any]:
        choice = _first(value.get("choices"))
        reason = choice.get("finish_reason") if isinstance(choice, dict) else None
        yield reason if isinstance(reason, str | int | float) and not isinstance(reason, bool) else None

    @staticmethod
    def usage(value: dict[str, Any]) -> dict[str, float]:
        choice = _first(value.get("choices"))
        places = [value.get("usage"), _get(value.get("x_groq"), "usage"), _get(choice, "usage")]
        return _largest([_numbers(place, _OPENAI_COUNTS) for place in places])

    @staticmethod
    def total(counts: dict[str, float]) -> float:
        return max(counts["total_tokens"], counts["prompt_tokens"] + counts["completion_tokens"])


class _Anthropic:
    @classmethod
    def words(cls, value: dict[str, Any]) -> Iterator[Piece]:
        kind = value.get("type")
        if kind in ("content_block_start", "content_block_delta"):
            yield from cls._block(value.get("content_block" if kind == "content_block_start" else "delta"))
        elif kind == "message" or (not isinstance(kind, str) and "content" in value):
            content = value.get("content")
            for block in content if isinstance(content, list) else ():
                yield from cls._block(block)
            if not isinstance(content, list):
                yield from _anywhere(content)
        else:
            yield from _anywhere(value)

    @staticmethod
    def _block(block: Any) -> Iterator[Piece]:
        kind = _get(block, "type")
        if not isinstance(block, dict) or isinstance(block.get("text"), list | dict):
            yield from _anywhere(block)
        elif kind in ("text", "text_delta", None):
            yield from _content(block.get("text"))
        elif not isinstance(kind, str):
            yield from _possible(_content(block.get("text")))

    @staticmethod
    def refusals(value: dict[str, Any]) -> Iterator[Piece]:
        yield from ()

    @staticmethod
    def reasons(value: dict[str, Any]) -> Iterator[Any]:
        yield value.get("stop_reason") if value.get("type") == "message" else None
        if value.get("type") == "message_delta":
            reason = _get(value.get("delta"), "stop_reason")
            yield reason if isinstance(reason, str) else None
        yield "message_stop" if value.get("type") == "message_stop" else None

    @staticmethod
    def usage(value: dict[str, Any]) -> dict[str, float]:
        kind = value.get("type")
        place = _get(value.get("message"), "usage") if kind == "message_start" else value.get("usage")
        is_known = kind in ("message_start", "message_delta", "message") or "content" in value
        return _numbers(place if is_known else None, _ANTHROPIC_COUNTS)

    @staticmethod
    def total(counts: dict[str, float]) -> float:
        return sum(counts.values())


class _Gemini:
    @classmethod
    def words(cls, value: dict[str, Any]) -> Iterator[Piece]:
        candidate = _first(value.get("candidates"))
        content = _get(candidate, "content")
        parts = _get(content, "parts")
        if not isinstance(parts, list):
            yield from _anywhere(parts if isinstance(content, dict) else content)
            return
        for part in parts:
            yield from cls._part(part)

    @staticmethod
    def _part(part: Any) -> Iterator[Piece]:
        if not isinstance(part, dict) or not isinstance(part.get("text"), str):
            yield from _anywhere(part)
        elif part.get("thought") in (None, False):
            yield from _content(part["text"])
        elif part["thought"] is not True:
            yield from _possible(_content(part["text"]))

    @staticmethod
    def refusals(value: dict[str, Any]) -> Iterator[Piece]:
        yield from ()

    @staticmethod
    def reasons(value: dict[str, Any]) -> Iterator[Any]:
        reason = _get(_first(value.get("candidates")), "finishReason")
        yield reason if isinstance(reason, str) else None

    @staticmethod
    def usage(value: dict[str, Any]) -> dict[str, float]:
        return _numbers(value.get("usageMetadata"), _GEMINI_COUNTS)

    @staticmethod
    def total(counts: dict[str, float]) -> float:
        return max(counts["totalTokenCount"], sum(counts.values()) - counts["totalTokenCount"])


_READERS: dict[str, type[_OpenAI | _Anthropic | _Gemini]] = {
    "openai": _OpenAI,
    "anthropic": _Anthropic,
    "gemini": _Gemini,
}
_OPENAI_COUNTS = ("prompt_tokens", "completion_tokens", "total_tokens")
_ANTHROPIC_COUNTS = (
    "input_tokens",
    "output_tokens",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
)
_GEMINI_COUNTS = (
    "promptTokenCount",
    "candidatesTokenCount",
    "thoughtsTokenCount",
    "toolUsePromptTokenCount",
    "totalTokenCount",
)


# -- words -----------------------------------------------------------------------------------------------


def _content(value: Any) -> Iterator[Piece]:
    """The words of a field that holds them: a text, a part, a list of texts or parts."""
    if isinstance(value, str):
        yield Piece(value, True)
    elif isinstance(value, list):
        for each in value:
            yield from _content(each) if isinstance(each, str) else _part(each)
    else:
        yield from _part(value)


def _part(value: Any) -> Iterator[Piece]:
    if not isinstance(value, dict):
        yield from _anywhere(value)
        return
    kind, text = value.get("type"), value.get("text")
    if isinstance(kind, str) and kind != "text":
        return
    if kind in (None, "text") and isinstance(text, str):
        yield Piece(text, True)
    else:
        yield from _anywhere(value)


def _possible(pieces: Iterator[Piece]) -> Iterator[Piece]:
    return (Piece(piece.text, False) for piece in pieces)


_OF_WORDS: frozenset[str] = frozenset(
    {"text", "value", "content", "content_block", "delta", "parts", "message", "completion", "refusal"}
)


def _anywhere(value: Any) -> Iterator[Piece]:
    """Words that could be meant: every text below names that stand for words, numbers as they are written."""
    match value:
        case str():
            yield Piece(value, False)
        case bool() | None:
            return
        case int() | float():
            yield Piece(str(value), False)
        case list():
            for each in value:
                yield from _anywhere(each)
        case dict():
            for name, each in value.items():
                if name in _OF_WORDS and not _is_thought(value):
                    yield from _anywhere(each)


def _is_thought(value: dict[str, Any]) -> bool:
    return value.get("thought") is True or any(
        word in str(value.get("type")) for word in ("thinking", "reasoning", "signature", "reference")
    )


def _without_odd_letters(text: str) -> str:
    """A text without halves of pairs, the letters that they make, and U+FFFD, which stands for either."""
    return "".join(letter for letter in text if not ("\ud800" <= letter <= "\udfff" or letter > "\ufffc"))


# -- places and numbers ----------------------------------------------------------------------------------


def _first(value: Any) -> Any:
    """The first of a list; an object as it is."""
    if isinstance(value, list):
        return value[0] if value else None
    return value if isinstance(value, dict) else None


def _get(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None


def _numbers(value: Any, names: Sequence[str]) -> dict[str, float]:
    return {name: _number(_get(value, name)) for name in names}


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return 0
    try:
        number = float(value)
    except ValueError:
        return 0
    return number if 0 <= number <= _LARGEST else 0


def _largest(counts: Sequence[dict[str, float]]) -> dict[str, float]:
    names: set[str] = {name for each in counts for name in each}
    return {name: max(each.get(name, 0) for each in counts) for name in names}


def _reading(stated: Sequence[dict[str, float]], total: Any) -> Reading:
    """Counts only grow while a reply arrives, so the largest of each hold."""
    if not stated:
        return Reading(0, 0)
    counts = _largest(stated)
    return Reading(math.floor(total(counts)), math.ceil(2 * sum(counts.values())) + len(counts))


Kind = Literal["openai", "anthropic", "gemini"]
