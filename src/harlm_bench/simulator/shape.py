"""Brings a reply into the shape that a request asks for: a JSON schema, JSON, or text with checked quotes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from harlm_bench.simulator.prompt import Prompt
from harlm_bench.simulator.reading import Reply

_CITES = re.compile(
    r"\bcitations?\b[^.]{0,40}\bsquare brackets\b|\bcite\b[^.]{0,60}\b(?:quotes?|source|place|document)\b",
    re.IGNORECASE,
)
_WANTS_JSON = re.compile(
    r"\b(?:reply|answer|respond|return|output|write)\b[^.\n]{0,40}\bjson\b(?! strings?)|\bjson (?:object|only)\b",
    re.IGNORECASE,
)
_KEYS = re.compile(r"[\"'](\w+)[\"']\s*:")
_NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?")
_CITED = 3  # quotes of one answer
_DEEPEST = 6  # levels of a schema
_QUOTES = frozenset({"quote", "evidence", "source", "sentence", "support", "citation", "quotes", "sources"})
_REASONS = frozenset({"reason", "reasoning", "explanation", "rationale", "thought", "thoughts", "analysis"})
_FOUND = frozenset({"found", "is_found", "answerable", "has_answer", "relevant", "is_relevant"})


def shaped(reply: Reply, prompt: Prompt, body: Mapping[str, Any]) -> str:
    """The words of a reply as the request wants them."""
    form = body.get("response_format")
    kind = form.get("type") if isinstance(form, dict) else None
    if isinstance(form, dict) and kind == "json_schema":
        named = form.get("json_schema")
        schema = named.get("schema") if isinstance(named, dict) else None
        return _dumped(_Filler(reply).value(schema or {}, "answer", _DEEPEST))
    if reply.intent == "label" or (reply.intent == "pick" and kind is None):
        return reply.text
    if kind is None and _CITES.search(prompt.rules):
        return _cited(reply, prompt)
    words = f"{prompt.rules}\n{prompt.asked}"
    if kind == "json_object" or _WANTS_JSON.search(words):
        return _dumped(_object(reply, words))
    return reply.text


def _object(reply: Reply, words: str) -> dict[str, object]:
    keys = list(dict.fromkeys(_KEYS.findall(words))) or ["answer"]
    properties: dict[str, object] = {key: {} for key in keys}
    value = _Filler(reply).value({"type": "object", "properties": properties}, "answer", _DEEPEST)
    assert isinstance(value, dict)
    return value


def _dumped(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _cited(reply: Reply, prompt: Prompt) -> str:
    if not reply.is_found:
        return f"{reply.text}: the documents do not say it." if reply.not_found.isupper() else reply.text
    quotes = []
    for each in reply.used[:_CITED]:
        quote = json.dumps(prompt.text[each.start : each.end], ensure_ascii=False)
        name = prompt.document_at(each.start)
        quotes.append(f"[{name} {quote}]" if name else f"[{quote}]")
    return " ".join([reply.text, *quotes])


class _Filler:
    """Fills a schema with a reply, by the names and types of its fields."""

    def __init__(self, reply: Reply) -> None:
        self._reply = reply

    def value(self, schema: Mapping[str, Any], name: str, deep: int) -> object:
        options = schema.get("enum")
        if isinstance(options, list) and options:
            return self._option(options, name)
        for several in ("anyOf", "oneOf"):
            if isinstance(schema.get(several), list) and schema[several]:
                return self.value(schema[several][0], name, deep - 1)
        kind = schema.get("type")
        kind = kind[0] if isinstance(kind, list) and kind else kind
        if deep <= 0:
            return None
        if kind == "object" or "properties" in schema:
            parts = schema.get("properties") or {}
            return {
                key: self.value(part if isinstance(part, dict) else {}, key, deep - 1)
                for key, part in parts.items()
            }
        if kind == "array":
            return self._list(schema, name, deep)
        return self._scalar(kind, name, schema)

    def _list(self, schema: Mapping[str, Any], name: str, deep: int) -> list[object]:
        within = schema.get("items") if isinstance(schema.get("items"), dict) else {}
        assert isinstance(within, dict)
        if self._reply.rows:
            return [_row(within, number, label) for number, label in self._reply.rows]
        if name in _QUOTES:
            return [each.fact.text for each in self._reply.used[:_CITED]]
        if not self._reply.is_found:
            return []
        return [_Filler(part).value(within, name, deep - 1) for part in _parts(self._reply)]

    def _scalar(self, kind: object, name: str, schema: Mapping[str, Any]) -> object:
        reply, lowered = self._reply, name.lower()
        if kind == "boolean":
            return reply.is_found if lowered in _FOUND else reply.text.strip().lower() in ("yes", "true")
        if kind in ("integer", "number"):
            found = _NUMBER.search(reply.text)
            value = float(found[0].replace(",", "")) if found else 0.0
            return int(value) if kind == "integer" else value
        text = self._words(lowered)
        longest = schema.get("maxLength")
        return text[:longest] if isinstance(longest, int) else text

    def _words(self, name: str) -> str:
        reply = self._reply
        if name in _QUOTES:
            return reply.used[0].fact.text if reply.used else ""
        if name in _REASONS:
            return (
                f"It follows from: {reply.used[0].fact.text}" if reply.used else "The text does not say it."
            )
        return reply.text if reply.is_found else ""

    def _option(self, options: Sequence[object], name: str) -> object:
        """The option that a reply means; of quotes, the one with the item."""
        reply = self._reply
        wanted = [each.fact.text for each in reply.used] if name.lower() in _QUOTES else [reply.text]
        for text in wanted:
            plain = text.strip().lower()
            for option in options:
                if str(option).strip().lower() == plain:
                    return option
        for text in wanted:
            for option in options:
                if str(option).lower() in text.lower() or text.lower() in str(option).lower():
                    return option
        return options[0]


def _row(schema: Mapping[str, Any], number: str, label: str) -> object:
    parts = schema.get("properties")
    if not isinstance(parts, dict):
        return label
    filled: dict[str, object] = {}
    for name, part in parts.items():
        is_number = isinstance(part, dict) and part.get("type") in ("integer", "number")
        filled[name] = (int(number) if number.isdecimal() else 0) if is_number else label
        if not is_number and name.lower() in ("id", "number", "line", "index"):
            filled[name] = number
    return filled


def _parts(reply: Reply) -> list[Reply]:
    lines = [each.strip() for each in re.split(r"[\n;]", reply.text) if each.strip()]
    return [Reply(intent=reply.intent, text=line, used=reply.used) for line in lines]
