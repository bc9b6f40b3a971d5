"""The texts of a run as attributes: left out unless the user wants them, without secrets, and of bounded length."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from harlm.events import CallFinished
from harlm.redact import Redactor
from harlm.tracing.otel import names
from harlm.types import Message

AttributeValue = str | bool | int | float | tuple[str, ...]

_LONGEST = 32_768  # characters of one text; collectors refuse requests of a few megabytes
_encode = msgspec.json.Encoder().encode


class Content:
    """Makes attributes of texts.

    Args:
        redactor: applied to every text.
        is_wanted: whether the user wants prompts, replies and code in spans. Otherwise every method but ``clean`` returns nothing.
    """

    def __init__(self, redactor: Redactor, *, is_wanted: bool = False) -> None:
        self._redactor = redactor
        self._is_wanted = is_wanted

    def clean(self, attributes: Mapping[str, AttributeValue | None]) -> dict[str, AttributeValue]:
        """Attributes without secrets, and without those that have no value."""
        return {
            name: self._redactor.clean_text(value) if isinstance(value, str) else value
            for name, value in attributes.items()
            if value is not None
        }

    def text(self, name: str, text: str) -> dict[str, AttributeValue]:
        """One text as it is."""
        return {name: self._cut(text)} if self._is_wanted and text else {}

    def sent(self, messages: Iterable[Message]) -> dict[str, AttributeValue]:
        """The messages that went to a model."""
        if not self._is_wanted:
            return {}
        told = [
            {"role": each.role, "parts": [{"type": "text", "content": self._cut(each.content)}]}
            for each in messages
        ]
        return {names.INPUT_MESSAGES: self._json(told)}

    def received(self, event: CallFinished) -> dict[str, AttributeValue]:
        """The reply of a model, with its reasoning."""
        if not self._is_wanted:
            return {}
        parts = [{"type": "text", "content": self._cut(event.text)}]
        if event.thoughts:
            parts.insert(0, {"type": "reasoning", "content": self._cut(event.thoughts)})
        told = [{"role": "assistant", "parts": parts, "finish_reason": event.stop}]
        return {names.OUTPUT_MESSAGES: self._json(told)}

    def said(self, name: str, role: str, text: str) -> dict[str, AttributeValue]:
        """A text as the only message of a role."""
        if not self._is_wanted:
            return {}
        return {name: self._json([{"role": role, "parts": [{"type": "text", "content": self._cut(text)}]}])}

    def _cut(self, text: str) -> str:
        if len(text) > _LONGEST:
            text = text[: self._redactor.end_outside(text, _LONGEST)] + "…"
        return self._redactor.clean_text(text)

    def _json(self, value: object) -> str:
        return self._redactor.clean(_encode(value)).decode("utf-8", "replace")
