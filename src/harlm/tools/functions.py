"""Functions of Python as tools.

>>> @tool(pure=True)
... def population(city: str) -> int:
...     \"\"\"The population of a city.\"\"\"
"""

from __future__ import annotations

import asyncio
import builtins
import functools
import inspect
import keyword
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, get_type_hints, overload

import msgspec

from harlm.errors import CodeError, ConfigError
from harlm.guest.vocabulary import VOCABULARY
from harlm.threads import alone
from harlm.tools.results import as_result
from harlm.types import GatedCall, ToolShape

Gate = Callable[[GatedCall], bool]
"""Says whether a call may be made with these arguments."""

_TAKEN = frozenset(row.name for row in VOCABULARY) | {"context", "answer", "print", "help"}
_LONGEST_NAME = 60
_LONGEST_SUMMARY = 300  # characters of the line in the prompt
_LONGEST_TIMEOUT_S = 86_400.0
_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


class FunctionTool:
    """A function as a tool. Calling it calls the function itself.

    Args:
        function: sync or async. Its docstring and its annotations are told to the model, and arguments are checked against
            the annotations.
        pure, gate, deterministic, timeout, name, cost_usd: see ``tool``.

    Attributes:
        shape: what others know of it.

    Raises:
        ConfigError: it cannot be a tool.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        *,
        pure: bool = False,
        gate: Gate | None = None,
        deterministic: bool = False,
        timeout: float = 60.0,
        name: str | None = None,
        cost_usd: float = 0.0,
    ) -> None:
        if not callable(function):
            raise ConfigError(f"the tool {function!r} is not callable; pass a function")
        self._function = function
        self._gate = gate
        named = str(name or getattr(function, "__name__", type(function).__name__))
        check_name(named)
        if gate is not None and not callable(gate):
            raise ConfigError(
                f"the gate of the tool {named!r} is not callable; pass a function of a GatedCall"
            )
        self._arguments = _arguments_of(function, named)
        self.shape = replace(
            _shape_of(function, named),
            is_pure=pure,
            is_deterministic=deterministic,
            timeout_s=_checked_number(timeout, f"timeout of the tool {named!r}", _LONGEST_TIMEOUT_S),
            cost_micros=round(
                1e6 * _checked_number(cost_usd, f"cost_usd of the tool {named!r}", 1e6, least=0.0)
            ),
        )
        functools.update_wrapper(self, function)

    def __call__(self, *values: Any, **named: Any) -> Any:
        """What the function returns."""
        return self._function(*values, **named)

    def allows(self, call: GatedCall) -> bool:
        """Whether the gate lets a call through. A gate that fails lets nothing through."""
        try:
            return self._gate is None or bool(self._gate(call))
        except Exception:  # noqa: BLE001 - the user's own code, whose failure must not open the gate
            return False

    async def call(self, arguments: Mapping[str, object]) -> object:
        """What the function returns, as JSON-like data.

        Raises:
            CodeError: the arguments are wrong, or the function fails or returns what a cell cannot get.
        """
        name = self.shape.name
        try:
            checked = msgspec.convert(dict(arguments), self._arguments, strict=False, dec_hook=_decoded)
        except (msgspec.ValidationError, ValueError) as error:
            raise CodeError(f"{name}: {error}; its signature is {self.shape.signature}") from error
        given = {each: getattr(checked, each) for each in arguments}
        try:
            value = await self._value(given)
            return await as_result(value, name)
        except (CodeError, asyncio.CancelledError):
            raise
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt | GeneratorExit):
                raise
            raise CodeError(f"{name} failed: {type(error).__name__}: {str(error)[:500]}") from error

    async def _value(self, given: Mapping[str, Any]) -> object:
        """The value of the function. What is not async runs in a thread of its own, which nobody can end."""
        parameters = inspect.signature(self._function).parameters
        first = [each for each in parameters if parameters[each].kind is inspect.Parameter.POSITIONAL_ONLY]
        values = [given[each] for each in first if each in given]
        named = {each: value for each, value in given.items() if each not in first}
        if inspect.iscoroutinefunction(self._function):
            value = await self._function(*values, **named)
        else:
            has_returned, value = await alone(lambda: _outcome(self._function, values, named))
            if not has_returned:
                raise value
        while inspect.isawaitable(value):  # a function that returns a coroutine which nobody has awaited
            value = await _finished(value)
        return value


@overload
def tool(function: Callable[..., Any], /) -> FunctionTool: ...
@overload
def tool(
    function: None = None,
    /,
    *,
    pure: bool = False,
    gate: Gate | None = None,
    deterministic: bool = False,
    timeout: float = 60.0,
    name: str | None = None,
    cost_usd: float = 0.0,
) -> Callable[[Callable[..., Any]], FunctionTool]: ...
def tool(
    function: Callable[..., Any] | None = None, /, **options: Any
) -> FunctionTool | Callable[[Callable[..., Any]], FunctionTool]:
    """Make a tool of a function, as a decorator with or without arguments.

    Args:
        function: the function.
        pure: whether calling it changes nothing. Only pure tools are called early, before a cell reaches the call, or in vain;
            others are called exactly once, in the order of the cell.
        gate: asked before each call with a ``GatedCall``; false refuses it. What a tool may be given from documents is
            decided here.
        deterministic: whether one call serves all equal ones of a run.
        timeout: seconds that a call may take.
        name: by which cells call it; the function's own by default.
        cost_usd: dollars that each call takes out of the budget.

    Raises:
        ConfigError: it cannot be a tool.
    """
    if function is not None:
        return FunctionTool(function, **options)
    return lambda wrapped: FunctionTool(wrapped, **options)


def tools_of(given: Iterable[object]) -> list[FunctionTool]:
    """Tools, of which some may be plain functions.

    Raises:
        ConfigError: one cannot be a tool, or two have one name.
    """
    if isinstance(given, str | bytes) or not hasattr(given, "__iter__"):
        raise ConfigError(f"tools is of type {type(given).__name__}; pass a list of functions")
    made = [each if isinstance(each, FunctionTool) else FunctionTool(each) for each in given]  # type: ignore[arg-type] # checked there
    refuse_equal_names([each.shape for each in made])
    return made


def refuse_equal_names(shapes: Iterable[ToolShape]) -> None:
    """Check that the names of tools differ.

    Raises:
        ConfigError: two have one name.
    """
    seen: set[str] = set()
    for shape in shapes:
        if shape.name in seen:
            raise ConfigError(
                f"two tools have the name {shape.name!r}; give one of them another with tool(name=…)"
            )
        seen.add(shape.name)


def check_name(name: str) -> None:
    """Check that a cell can call a tool by a name, and that the name is free.

    Raises:
        ConfigError: it cannot, or the name is taken.
    """
    if (
        not name.isidentifier()
        or keyword.iskeyword(name)
        or name.startswith("_")
        or len(name) > _LONGEST_NAME
    ):
        raise ConfigError(
            f"{name[: 2 * _LONGEST_NAME]!r} cannot be the name of a tool: cells call it by a name of Python, of at most "
            f"{_LONGEST_NAME} characters, without a leading underscore; pass tool(name=…)"
        )
    if name in _TAKEN or hasattr(builtins, name):
        raise ConfigError(f"the name {name!r} is taken in cells; give the tool another with tool(name=…)")


def _outcome(function: Callable[..., Any], values: list[Any], named: Mapping[str, Any]) -> tuple[bool, Any]:
    """Whether a function has returned, and its value or what it raised. A future takes no ``StopIteration``."""
    try:
        return True, function(*values, **named)
    except BaseException as error:  # noqa: BLE001 - the user's own code; raised in the waiting task
        return False, error


async def _finished(value: Awaitable[Any]) -> Any:
    return await value


def _checked_number(value: object, what: str, most: float, least: float = 1e-3) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise ConfigError(f"{what} is {value!r}; pass a number from {least:g} to {most:g}")
    return float(value)


def _signature(function: Callable[..., Any], name: str) -> inspect.Signature:
    try:
        signature = inspect.signature(function)
        with suppress(Exception):  # an annotation that names what is not there is shown as it is written
            signature = inspect.signature(function, eval_str=True)
    except (TypeError, ValueError) as error:
        raise ConfigError(
            f"the parameters of the tool {name!r} are not known: {error}; wrap it in a function"
        ) from error
    for each in signature.parameters.values():
        if each.kind in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD):
            raise ConfigError(
                f"the tool {name!r} takes any number of arguments (*{each.name}); wrap it in a function that names them"
            )
        if each.name.startswith("_"):
            raise ConfigError(
                f"the parameter {each.name!r} of the tool {name!r} begins with an underscore; rename it"
            )
    return signature


def _arguments_of(function: Callable[..., Any], name: str) -> type[msgspec.Struct]:
    """A type of the arguments, by which they are checked."""
    try:
        hints = get_type_hints(function)
    except Exception:  # noqa: BLE001 - an annotation that names what is not there says nothing
        hints = {}
    fields: list[Any] = []
    for each in _signature(function, name).parameters.values():
        kind = hints.get(each.name, Any)
        fields.append(
            (each.name, kind) if each.default is inspect.Parameter.empty else (each.name, kind, msgspec.UNSET)
        )
    fields.sort(key=len)
    made = msgspec.defstruct(name, fields, forbid_unknown_fields=True)
    try:
        msgspec.convert({}, made, dec_hook=_decoded)
    except msgspec.ValidationError:
        pass
    except TypeError as error:
        raise ConfigError(f"an annotation of the tool {name!r} cannot be checked: {error}") from error
    return made


def _decoded(kind: type, value: object) -> object:
    """A value of a type that msgspec does not know: a pydantic model, or an object of a class that takes the value."""
    if hasattr(kind, "model_validate"):
        return kind.model_validate(value)
    if isinstance(value, kind):
        return value
    raise ValueError(f"a value of type {getattr(kind, '__name__', kind)} cannot be made of what a cell sends")


def _shape_of(function: Callable[..., Any], name: str) -> ToolShape:
    signature = _signature(function, name)
    said = inspect.getdoc(function) or ""
    summary = " ".join(said.partition("\n\n")[0].split())
    shown = f"{name}{signature}".replace("typing.", "")
    return ToolShape(
        name=name,
        parameters=tuple(each.name for each in signature.parameters.values() if each.kind in _POSITIONAL),
        signature=shown,
        summary=summary[:_LONGEST_SUMMARY] + ("…" if len(summary) > _LONGEST_SUMMARY else ""),
        help=f"{shown}\n\n{said}".strip(),
    )
