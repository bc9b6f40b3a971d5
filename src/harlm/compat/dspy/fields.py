"""What DSPy's adapters write into messages, read back: the fields of a signature."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from harlm.conversations import ChatTurn
from harlm.patterns import lazy_pattern

_FIELD = lazy_pattern(r"^\[\[ ## (\w+) ## \]\][ \t]*$", re.MULTILINE)
_TAIL = lazy_pattern(r"\n\nRespond with (?:the corresponding output fields|a JSON object)[^\n]*\Z")
_OUTPUT = lazy_pattern(r"`\[\[ ## (\w+) ## \]\]`")
_LAYOUT = ("All interactions will be structured in ", "In adhering to this structure, ")
_LONG = 2_000  # characters; a longer field is a document


@dataclass(frozen=True, slots=True)
class AskedFields:
    """The turns of a conversation in which long fields of its last message are documents, and the output fields that are to be marked."""

    turns: Sequence[ChatTurn]
    outputs: Sequence[str]


def read_fields(turns: Sequence[ChatTurn]) -> AskedFields:
    """Read what an adapter has written. A conversation that none has written stays as it is."""
    *before, last = turns
    asked = _TAIL.sub("", last.text)
    first, *parts = _FIELD.split(asked)
    if not parts or last.role != "user":
        return AskedFields(turns, ())
    outputs = [name for name in _OUTPUT.findall(last.text[len(asked) :]) if name != "completed"]
    fields = _fields(parts)
    long = [ChatTurn("user", text, name) for name, text in fields.items() if len(text) > _LONG]
    short = {name: text for name, text in fields.items() if len(text) <= _LONG and text}
    lines = list(short.values()) if len(short) == 1 else [f"{name}: {text}" for name, text in short.items()]
    words = "\n\n".join([first.strip(), *lines]).strip()
    words = words or f"Find what is asked for in {', '.join(each.name for each in long)}."
    return AskedFields([*map(_without_layout, before), *long, ChatTurn("user", words)], outputs)


def _fields(parts: Sequence[str]) -> dict[str, str]:
    """The texts by name; a mark that comes a second time is part of a text."""
    fields: dict[str, list[str]] = {}
    current: list[str] = []
    for name, text in zip(parts[::2], parts[1::2], strict=True):
        if name in fields:
            current += [f"[[ ## {name} ## ]]\n{text.strip()}"]
        else:
            current = fields[name] = [text.strip()]
    return {name: "\n\n".join(texts) for name, texts in fields.items()}


def _without_layout(turn: ChatTurn) -> ChatTurn:
    """Rules of the system without the part that says how fields are marked."""
    head, _, layout = turn.text.partition(_LAYOUT[0])
    _, found, rest = layout.partition(_LAYOUT[1])
    return replace(turn, text=head + rest[:1].upper() + rest[1:]) if found and turn.role == "system" else turn
