"""What a call of a server's tool returned, as data for a cell."""

from __future__ import annotations

import json
from typing import Any

from harlm.errors import CodeError
from harlm.tools.results import as_data

_SHOWN = 1_000  # characters of an error
_MOST_BLOCKS = 10_000


def data_of(result: Any, name: str) -> object:
    """The data of a result: its structured content, else the texts in it, joined. What is neither is named and left out.

    Args:
        result: of the SDK.
        name: of the tool.

    Raises:
        CodeError: the server says that the call failed, or the data are too large.
    """
    text = "\n".join(map(_part, result.content[:_MOST_BLOCKS]))
    if result.is_error:
        raise CodeError(f"{name} failed: {text[:_SHOWN] or 'the server does not say why'}")
    structured = result.structured_content
    if structured is None:
        return as_data(text, name)
    if isinstance(structured, dict) and structured.keys() == {"result"} and not _says(text, structured):
        structured = structured["result"]
    return as_data(structured, name)


def _says(text: str, structured: object) -> bool:
    """Whether the text of a result is its structured content. It is not where the SDK of servers has wrapped a value that is no
    object into one: the text is the value then.
    """
    try:
        return bool(json.loads(text) == structured)
    except (ValueError, RecursionError):
        return False


def _part(block: Any) -> str:
    """A block of content: its text, or what it is."""
    match block.type:
        case "text":
            return str(block.text)
        case "resource":
            inside = block.resource
            held = getattr(inside, "text", None)
            return str(held) if isinstance(held, str) else _left_out("a resource", block.resource)
        case "resource_link":
            return f"[a link to a resource: {str(block.uri)[:_SHOWN]}]"
        case "image" | "audio":
            return _left_out(f"{'an' if block.type[0] in 'aei' else 'a'} {block.type}", block)
    return f"[content of type {str(block.type)[:40]!r} was left out]"


def _left_out(what: str, holding: Any) -> str:
    kind = getattr(holding, "mime_type", None)
    return f"[{what}{f' ({str(kind)[:80]})' if kind else ''} was left out: cells get texts and data only]"
