"""A reply of a model as it arrives, whole or in pieces, whatever its protocol. Only the words are required."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from harlm.models.usage import Counts
from harlm.patterns import lazy_pattern
from harlm.redact import Redactor
from harlm.types import LONGEST_REPLY, TokenLogprob, ToolCall, without_surrogates

_LONGEST_REFUSAL = 10_000  # characters
_LONGEST_CALL = 100_000  # characters of the arguments of a tool call
_LONGEST_NAME = 80  # characters of the name of a tool
_MOST_CALLS = 64
_MOST_LOGPROBS = 10_000
_PAIR = lazy_pattern("[\ud800-\udbff][\udc00-\udfff]")


@dataclass(slots=True)
class _Call:
    """A tool call so far."""

    name: str = ""
    pieces: list[str] = field(default_factory=list)
    size: int = 0


class ReplyReader(ABC):
    """Puts a reply together. A subclass knows one protocol.

    Args:
        on_text: called with all of the text so far when more arrives: with each piece of a short text, with each
            256th part of a long one, so that copying it takes time that is linear in its length.
        keys: hides the keys of the request, which may come in pieces too.
        asked_if_enough: asked with the same text after that; see ``harlm.types.Sampling.is_enough``.

    Attributes:
        counts: the usage that was reported.
        reason: why the model stopped, in the provider's own word.
        explanation: the provider's words about that reason.
        refusal: what the model said instead of a reply.
        error: an error object that came instead of a reply, or in the middle of one.
        served_by: the model that the server names.
        logprobs: of the tokens so far.
        blocks_prompt: whether the provider refused to read the prompt.
        is_reply: whether anything of a reply was seen, and not just any JSON.
        is_ended: whether the server has said that the reply is whole.
        is_enough: whether the caller has no use for the rest of the reply.
        pieces: how many pieces of words and thoughts have come; each has at least one token.
    """

    def __init__(
        self,
        on_text: Callable[[str], None] | None = None,
        keys: Redactor | None = None,
        asked_if_enough: Callable[[str], bool] | None = None,
    ) -> None:
        self._on_text = on_text
        self._keys = keys
        self._asked_if_enough = asked_if_enough
        self._said: list[str] = []
        self._thought: list[str] = []
        self._size = self._thought_size = 0
        self._heard = 0  # characters with which ``on_text`` was last called
        self._half = ""  # of a surrogate pair, at the end of what came so far
        self._calls: dict[object, _Call] = {}
        self.counts = Counts()
        self.reason: str | None = None
        self.refusal = self.explanation = ""
        self.error: Any = None
        self.served_by: str | None = None
        self.logprobs: list[TokenLogprob] = []
        self.blocks_prompt = False
        self.is_reply = False
        self.is_ended = False
        self.is_enough = False
        self.pieces = 0

    @abstractmethod
    def read(self, value: Mapping[str, Any]) -> None:
        """Take one JSON object: a whole reply, or an event of a stream."""

    @property
    def text(self) -> str:
        """The words so far."""
        return without_surrogates("".join([*self._said, self._half]))

    @property
    def thoughts(self) -> str:
        """The thoughts so far."""
        return without_surrogates(_paired("".join(self._thought)))

    @property
    def calls(self) -> tuple[ToolCall, ...]:
        """The tools that the model called."""
        return tuple(
            ToolCall(name=call.name, arguments=without_surrogates("".join(call.pieces)))
            for call in self._calls.values()
        )

    @property
    def has_words(self) -> bool:
        """Whether anything has come that the provider may charge for."""
        return bool(self._said or self._thought or self._calls or self.refusal)

    def hear(self) -> None:
        """Pass on the text so far, if enough of it is new."""
        if self._on_text is not None and self._size - self._heard > self._size >> 8:
            self._heard = self._size
            said = "".join(self._said)
            text = said if self._keys is None else self._keys.settled(said)
            self._on_text(text)
            has_more = self.reason is None and not self.is_ended
            if has_more and self._asked_if_enough is not None:
                self.is_enough = self._asked_if_enough(text)

    # -- for subclasses ------------------------------------------------------------------------------------

    def say(self, text: str) -> None:
        """Add words."""
        text = _paired(self._half + text)
        self._half = ""
        if text and "\ud800" <= text[-1] <= "\udbff":
            text, self._half = text[:-1], text[-1]
        text = without_surrogates(text[: LONGEST_REPLY + 1 - self._size])
        if text:
            self._said.append(text)
            self._size += len(text)
            self.pieces += 1

    def think(self, text: str) -> None:
        """Add thoughts."""
        text = text[: LONGEST_REPLY - self._thought_size]
        if text:
            self._thought.append(text)
            self._thought_size += len(text)
            self.pieces += 1

    def refuse(self, text: str) -> None:
        """Add words of a refusal."""
        self.refusal = (self.refusal + without_surrogates(text))[:_LONGEST_REFUSAL]

    def call(self, key: object, name: object, arguments: object) -> None:
        """Add a tool call, or more of the one with this key."""
        if key not in self._calls and len(self._calls) >= _MOST_CALLS:
            return
        call = self._calls.setdefault(key, _Call())
        if isinstance(name, str) and name:
            call.name = without_surrogates(name[:_LONGEST_NAME])
        if isinstance(arguments, dict | list):
            arguments = json.dumps(arguments, ensure_ascii=False)
        if isinstance(arguments, str) and (piece := arguments[: _LONGEST_CALL - call.size]):
            call.pieces.append(piece)
            call.size += len(piece)

    def likely(self, token: TokenLogprob) -> None:
        """Add the log probability of a token."""
        if len(self.logprobs) < _MOST_LOGPROBS:
            self.logprobs.append(token)


def _paired(text: str) -> str:
    """``text`` with the two halves of each character put together."""
    if text.isascii():
        return text
    return _PAIR.sub(lambda match: match[0].encode("utf-16", "surrogatepass").decode("utf-16"), text)
