"""Turns a template of the bank into code for one scaffold. Templates are Python with a few forms in place of names:

``$text`` the text's variable; ``$single(instruction, text)`` one call; ``$batched(instruction, parts)`` a list of replies;
``$recursive(instruction, text)`` a child, or a call where there are none; ``$search(query, blocks, k)`` the best blocks;
``$name`` the value ``name`` as a literal.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from harlm_bench.simulator.roots.scaffold import Scaffold


class Code(str):
    """A value that is code, such as a condition, and is written as it is."""

    __slots__ = ()


Value = str | int | tuple[str, ...] | None
"""A value of a template: written as a literal, unless it is ``Code``."""

_CALL: Final = re.compile(r"\$(single|batched|recursive|search)\(([\w.\[\]]+), ([\w.\[\]]+)(?:, (\w+))?\)")
_NAME: Final = re.compile(r"\$([a-z_]+)")


def rendered(template: str, scaffold: Scaffold, values: Mapping[str, Value], *, text: str) -> str:
    """The code of a template.

    Args:
        template: as in the module's docstring.
        scaffold: whose names are written.
        values: what a model knows from the question and chooses itself, by name.
        text: the variable that holds the text.

    Raises:
        KeyError: the template names a value that is not given.
    """
    code = _CALL.sub(lambda call: _call(call, scaffold, text), template.strip("\n"))
    return _NAME.sub(lambda name: text if name[1] == "text" else _literal(values[name[1]]), code)


def _call(call: re.Match[str], scaffold: Scaffold, text: str) -> str:
    kind, first, second, third = call[1], call[2], call[3], call[4]
    if kind == "search":
        return _search(scaffold, text, first, second, third)
    if kind == "recursive":
        return _recursive(scaffold, first, second)
    if kind == "single":
        return _single(scaffold, first, second)
    if scaffold.batched is None:
        return f"[{_single(scaffold, first, 'each')} for each in {second}]"
    one = f"({first}, each)" if scaffold.takes_pairs else _joined(first, "each")
    return f"{scaffold.batched}([{one} for each in {second}])"


def _single(scaffold: Scaffold, instruction: str, text: str) -> str:
    arguments = f"{instruction}, {text}" if scaffold.takes_pairs else _joined(instruction, text)
    return f"{scaffold.single or 'llm_query'}({arguments})"


def _recursive(scaffold: Scaffold, instruction: str, text: str) -> str:
    if scaffold.recursive is None:
        return _single(scaffold, instruction, text)
    arguments = f"{instruction}, {text}" if scaffold.recurses_over else _joined(instruction, text)
    return f"{scaffold.recursive}({arguments})"


def _joined(instruction: str, text: str) -> str:
    return f'f"{{{instruction}}}\\n\\n{{{text}}}"'


def _search(scaffold: Scaffold, text: str, query: str, blocks: str, k: str) -> str:
    if scaffold.search == "method":
        return f"[hit.text for hit in {text}.search({query}, k={k})]"
    return f"sorted({blocks}, key=lambda block: -sum(word in block.lower() for word in words))[:{k}]"


def _literal(value: Value) -> str:
    if isinstance(value, Code):
        return str(value)
    return repr(list(value)) if isinstance(value, tuple) else repr(value)
