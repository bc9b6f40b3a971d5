"""Programs whose calls go partly to tools of the user's: one that is pure, and one that changes something."""

from __future__ import annotations

import random
import re

from harlm.types import ToolShape

TOOLS = (
    ToolShape(
        name="lookup", parameters=("what", "limit"), signature="lookup(what)", summary="", is_pure=True
    ),
    ToolShape(name="record", parameters=("what",), signature="record(what)", summary=""),
)
"""The tools, as a REPL is told of them."""

_CALL = re.compile(r"\bllm_query\(")
_SHARES = (0.4, 0.15)  # of the calls, that go to the first tool and to the second


def with_tools(code: str, seed: int) -> str:
    """A program with some of its calls of models made to tools. The same seed is the same program."""
    chosen = random.Random(seed)

    def called(match: re.Match[str]) -> str:
        drawn = chosen.random()
        if drawn < _SHARES[0]:
            return "lookup("
        return "record(" if drawn < sum(_SHARES) else match[0]

    return _CALL.sub(called, code)
