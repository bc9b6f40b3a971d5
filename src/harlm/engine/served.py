"""Compares the model that a provider says has answered with the one that was asked. A server may take any name."""

from __future__ import annotations

from harlm import events
from harlm.engine.node import Node
from harlm.patterns import lazy_pattern
from harlm.types import Completion

_PARTS = lazy_pattern(r"[a-z]++|\d++")
_LONGEST = 300  # characters of a name that are compared
_FILES = (".gguf", ".bin", ".safetensors", ".onnx")
_VAGUE = frozenset({"latest", "default", "auto"})


def note_another(node: Node, completion: Completion) -> None:
    """Note, once a run for each model, that another model answered than the one that was asked."""
    asked, served = completion.model, completion.served_by
    if served is None or asked in node.run.told_served or not is_another(asked, served):
        return
    node.run.told_served.add(asked)
    name = asked.partition("/")[2] or asked
    node.emit(
        events.Noted(
            message=f"the server was asked for {name!r} and says that {served[:_LONGEST]!r} answered"
        )
    )


def is_another(asked: str, served: str) -> bool:
    """Whether ``served`` plainly names another model: not a variant, a date or a file of the one that was asked.

    Args:
        asked: the full name, such as ``openai/gpt-5``.
        served: the name in the reply.
    """
    name = served[:_LONGEST].lower()
    if not name.strip() or name.endswith(_FILES) or name.startswith(("/", ".")) or "\\" in name:
        return False
    ours = set(_PARTS.findall(asked[:_LONGEST].lower().rpartition("/")[2])) - _VAGUE
    theirs = set(_PARTS.findall(name.rpartition("/")[2])) - _VAGUE
    return bool(ours and theirs) and not (ours <= theirs or theirs <= ours)
