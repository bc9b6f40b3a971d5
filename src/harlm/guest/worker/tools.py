"""The user's tools as functions of a REPL. The host runs them; what a cell passes is sent as plain data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..vocabulary import PURE_TOOL, TOOL
from .values import plain

Call = Callable[[str, dict[str, Any]], Any]

_MARK = "harlm_tool"  # the attribute of a function that is a tool: its shape


def functions_of(shapes: Sequence[Mapping[str, Any]], call: Call) -> dict[str, Any]:
    """A function for each tool, by name.

    Args:
        shapes: of the tools, as the host sent them (``harlm.types.ToolShape``).
        call: calls a host function.
    """
    return {str(shape["name"]): _function(shape, call) for shape in shapes}


def shape_of(value: object) -> Mapping[str, Any] | None:
    """The shape of a tool; ``None`` if a value is something else."""
    found = getattr(value, "__dict__", {}).get(_MARK) if type(value).__name__ == "function" else None
    return found if isinstance(found, dict) else None


def pure_among(names: Mapping[str, object]) -> list[Mapping[str, Any]]:
    """The shapes of the pure tools among variables."""
    shapes = [shape_of(value) for value in list(names.values())]
    return [shape for shape in shapes if shape is not None and shape["is_pure"]]


def _function(shape: Mapping[str, Any], call: Call) -> Any:
    name, parameters = str(shape["name"]), list(shape["parameters"])
    function = PURE_TOOL if shape["is_pure"] else TOOL

    def tool(*values: Any, **named: Any) -> Any:
        return call(function, {"name": name, "arguments": bound(name, parameters, values, named)})

    tool.__name__ = tool.__qualname__ = name
    tool.__doc__ = str(shape["help"])
    tool.__dict__[_MARK] = dict(shape)
    return tool


def bound(
    name: str, parameters: Sequence[str], values: Sequence[Any], named: Mapping[str, Any]
) -> dict[str, Any]:
    """The arguments of a call by name, as plain data.

    Args:
        name: of the tool.
        parameters: the names of those that may be passed by position.
        values, named: as the cell passed them.

    Raises:
        TypeError: there are too many, or one is passed twice.
        NotSent: a value cannot be sent.
    """
    if len(values) > len(parameters):
        raise TypeError(f"{name}() takes {len(parameters)} positional arguments, not {len(values)}")
    arguments = dict(zip(parameters, values, strict=False))
    for each, value in named.items():
        if each in arguments:
            raise TypeError(f"{name}() got multiple values for argument {each!r}")
        arguments[each] = value
    return {each: plain(value) for each, value in arguments.items()}
