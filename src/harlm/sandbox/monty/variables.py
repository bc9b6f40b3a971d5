"""The variables of a REPL in Monty: a function that is defined in the interpreter before the first cell and
lists them, and the check of its result. The result is not trusted, since a cell may have replaced the
function.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

import msgspec

from harlm.guest.vocabulary import GIVEN
from harlm.sandbox.monty.functions import ALWAYS

_SHORT = 60  # characters of a string that are shown
_OUR_NAMES = {*ALWAYS, *GIVEN, "context", "answer"}

LOOK = "_harlm_look(_harlm_locals())"
"""The expression that lists the variables."""

ECHOED = """\
if "_" not in _harlm_locals() or _ is _harlm_echoed:
    _ = _harlm_echoed = _harlm_sent
_harlm_sent = None
"""
"""The code that makes ``_harlm_sent`` the value of ``_``, unless a cell has assigned to it."""

HOLDING = (
    "len([1 for name, value in _harlm_locals().items() if name != '_harlm_sent' and value == _harlm_sent])"
)
"""The expression that counts the variables with the value of ``_harlm_sent``, a text."""

PRELUDE = f"""
answer = {{"content": None, "ready": False}}
_harlm_locals = locals
_harlm_echoed = None
def _harlm_look(names, type=type, id=id, len=len):
    global context
    context = _harlm_context
    seen = []
    for name, value in names.items():
        if name[:1] != "_" and len(seen) < 1000:
            kind = type(value).__name__
            short = size = None
            if kind in ("float", "bool") or kind == "int" and -10**18 < value < 10**18:
                short = value
            elif kind == "str":
                short, size = value[:{_SHORT}], len(value)
            elif kind in ("list", "tuple", "dict", "set", "frozenset", "bytes"):
                size = len(value)
            seen.append((name, id(value), kind, short, size))
    given = names.get("answer")
    said = None
    if type(given) is dict and given.get("ready"):
        given["ready"] = False
        content = given.get("content")
        if content is None:
            others = {{}}
            for key, value in given.items():
                if key != "content" and key != "ready" and value is not None:
                    others[key] = content = value
            if len(others) > 1:
                content = others
        said = (content,)
    return seen, said
"""
"""The code that runs before the first cell."""


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable.

    Attributes:
        identity: changes when the variable is assigned another object.
        description: its type and value or size, in a few words.
    """

    identity: object
    description: str


@dataclass(frozen=True, slots=True)
class Look:
    """The variables at one moment.

    Attributes:
        variables: by name.
        said: the value of ``answer`` in a tuple if the cell has marked it as ready; else empty.
    """

    variables: dict[str, Variable] = field(default_factory=dict)
    said: tuple[object, ...] = ()

    def shown(self, before: Look | None = None) -> list[tuple[str, str]]:
        """Names and descriptions. With ``before``, only of variables that are new or changed since then."""
        known = {} if before is None else before.variables
        return [
            (name, variable.description)
            for name, variable in self.variables.items()
            if name not in known or known[name].identity != variable.identity
        ]


class _Seen(msgspec.Struct, frozen=True, array_like=True):
    name: str
    identity: object
    kind: str
    short: str | float | int | bool | None
    size: int | None


class _Looked(msgspec.Struct, frozen=True, array_like=True):
    seen: list[_Seen]
    said: tuple[object] | None


def looked(value: object, functions: Collection[str] = ()) -> Look:
    """The checked result of ``LOOK``; empty if it does not have the expected shape.

    Args:
        value: the result.
        functions: the names of the REPL's own functions, which are no variables.
    """
    try:
        given = msgspec.convert(value, _Looked)
    except msgspec.ValidationError:
        return Look()
    variables = {
        each.name: Variable(each.identity, _description(each))
        for each in given.seen
        if each.name not in _OUR_NAMES and each.name not in functions
    }
    return Look(variables, given.said or ())


def _description(seen: _Seen) -> str:
    if seen.kind == "NoneType":
        text = "NoneType None"
    elif seen.kind == "str" and seen.size is not None:
        text = f"str {seen.short!r}" if seen.size <= _SHORT else f"str of {seen.size:,} characters"
    elif seen.short is not None:
        text = f"{seen.kind} {seen.short!r}"
    else:
        text = seen.kind if seen.size is None else f"{seen.kind} of {seen.size:,}"
    return text[:200]
