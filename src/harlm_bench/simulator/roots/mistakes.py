"""The slips that models make in code: what is wrong with a block, not when. The block it returns fails or finishes wrongly.

Rates and their sources stand in ``policy``.
"""

from __future__ import annotations

import ast
import re
from typing import Final, Literal

from harlm.syntax import parsed
from harlm_bench.simulator.draw import Draw

Slip = Literal["syntax", "name", "import", "index"]

SLIPS: Final[tuple[Slip, ...]] = ("syntax", "name", "name", "import", "index")
"""As often as they stand here: a misspelt name is the most common."""

_ASSIGNED: Final = re.compile(r"^ *([a-z_]{4,}) = ", re.MULTILINE)
_IMPORT: Final = re.compile(r"^(?:import|from) .*\n", re.MULTILINE)


def spoiled(code: str, draw: Draw) -> str:
    """``code`` with one slip, so that running it raises an exception sooner or later."""
    slip = draw.choice("slip", SLIPS)
    if slip == "import" and _IMPORT.search(code) is not None:
        return _without_import(code)
    if slip == "name" and (worse := _misspelt(code, draw)) is not None:
        return worse
    if slip == "index":
        return (
            f"{code}\nprint(result[0][0][1])"
            if re.search(r"^result = ", code, re.MULTILINE)
            else f"{code}\nprint(items[0])"
        )
    return _unclosed(code)


def _without_import(code: str) -> str:
    """Without its imports; where those were made before, the names are there and the slip does no harm, as in life."""
    return _IMPORT.sub("", code)


def _misspelt(code: str, draw: Draw) -> str | None:
    """With one use of a name misspelt: at once, or at the end of the work, when its calls are made and paid."""
    names = sorted(set(_ASSIGNED.findall(code)))
    loads = [
        node
        for node in ast.walk(parsed(code))
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in names
    ]
    if not loads:
        return None
    loads.sort(key=lambda node: (node.lineno, node.col_offset))
    wrong = loads[0] if draw.happens("early", 0.5) else loads[-1]
    lines = code.split("\n")
    line = lines[wrong.lineno - 1]
    at = len(line.encode()[: wrong.col_offset].decode())
    end = at + len(wrong.id)
    if line[at:end] != wrong.id:  # inside an f-string, where old interpreters tell no columns
        return None
    lines[wrong.lineno - 1] = f"{line[:at]}{_slipped(wrong.id)}{line[end:]}"
    return "\n".join(lines)


def _slipped(name: str) -> str:
    return name[:-1] if name.endswith("s") else f"{name}s"


def _unclosed(code: str) -> str:
    """With the last closing bracket of a line missing."""
    at = code.rfind(")")
    return f"{code[:at]}{code[at + 1 :]}" if at >= 0 else f"{code}\nprint("
