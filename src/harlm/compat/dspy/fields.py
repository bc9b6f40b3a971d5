"""What DSPy's adapters write into messages, read back: the fields of a signature."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from harlm.conversations import ChatTurn

_FIELD = re.compile(r"^\[\[ ## (\w+) ## \]\][ \t]*$", re.MULTILINE)
_TAIL = re.compile(r"\n\nRespond with (?:the corresponding output fields|a JSON object)[^\n]*\Z")
_OUTPUT = re.compile(r"`\[\[ ## (\w+) ## \]\]`")
_LAYOUT = re.compile(r"All interactions will be structured in .*?In adhering to this structure, y", re.DOTALL)
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
    question = ChatTurn(
        "user",
        "\n\n".join([first.strip(), *lines]).strip()
        or f"Find what is asked for in {', '.join(each.name for each in long)}.",
    )
    rules = [ChatTurn(each.role, _LAYOUT.sub("Y", each.text), each.name) for each in before]
    return AskedFields([*rules, *long, question], outputs)


def _fields(parts: Sequence[str]) -> dict[str, str]:
    """The texts by name; a mark that comes a second time is part of a text."""
    fields: dict[str, str] = {}
    current = ""
    for name, text in zip(parts[::2], parts[1::2], strict=True):
        if name in fields:
            fields[current] += f"\n\n[[ ## {name} ## ]]\n{text.strip()}"
        else:
            current, fields[name] = name, text.strip()
    return fields
