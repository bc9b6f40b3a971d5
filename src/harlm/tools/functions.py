"""Functions of Python as tools.

>>> @tool(pure=True)
... def population(city: str) -> int:
...     \"\"\"The population of a city.\"\"\"
"""

from __future__ import annotations

import asyncio
import contextvars
import functools
import inspect
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple, overload

from harlm.errors import CodeError, ConfigError
from harlm.extensions import extension, names, wrong
from harlm.threads import alone
from harlm.tools.names import check_name, refuse_equal_names
from harlm.tools.results import as_data, drawn
from harlm.tools.signatures import Parameters
from harlm.types import GatedCall

Gate = Callable[[GatedCall], bool]
"""Says whether a call may be made with these arguments."""

_LONGEST_TIMEOUT_S = 86_400.0
_SHOWN = 500  # characters of an error
_AWAITED = 8  # awaitables that return awaitables


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
        named = str(name or getattr(function, "__name__", type(function).__name__))
        check_name(named)
        self._function = function
        self._gate = checked_gate(gate, f"the tool {named!r}")
        self._parameters = Parameters(function, named)
        self._is_async = inspect.iscoroutinefunction(function)
        self.shape = replace(
            self._parameters.shape,
            is_pure=bool(pure),
            is_deterministic=bool(deterministic),
            timeout_s=checked_timeout(timeout, f"the tool {named!r}"),
            cost_micros=round(
                1e6 * _checked_number(cost_usd, f"cost_usd of the tool {named!r}", 1e6, least=0.0)
            ),
        )
        functools.update_wrapper(self, function, updated=())

    def __call__(self, *values: Any, **named: Any) -> Any:
        """What the function returns."""
        return self._function(*values, **named)

    def allows(self, call: GatedCall) -> bool:
        """Whether the gate lets a call through. A gate that fails lets nothing through."""
        return passes(self._gate, call)

    async def call(self, arguments: Mapping[str, object]) -> object:
        """What the function returns, as JSON-like data.

        Raises:
            CodeError: the arguments are wrong, or the function fails or returns what a cell cannot get.
        """
        values, named = self._parameters.bound(arguments)
        if self._is_async:
            return await self._finished(self._function(*values, **named))
        context = contextvars.copy_context()
        outcome = await alone(lambda: context.run(self._outcome, values, named))
        if outcome.error is not None:
            raise self._failure(outcome.error)
        return await self._finished(outcome.value) if outcome.is_awaited else outcome.value

    def _outcome(self, values: list[Any], named: Mapping[str, Any]) -> _Outcome:
        """Run the function, in a thread of its own, which cannot be ended. A future would not take a ``StopIteration``."""
        try:
            value = self._function(*values, **named)
            if inspect.isawaitable(value) or isinstance(value, AsyncIterator):
                return _Outcome(value, is_awaited=True)
            return _Outcome(as_data(value, self.shape.name))
        except BaseException as error:  # noqa: BLE001 - the user's own code; raised in the waiting task
            return _Outcome(None, error)

    async def _finished(self, value: Any) -> object:
        """The value of a coroutine, or of a function that returned one, as data."""
        try:
            for _ in range(_AWAITED):
                if not inspect.isawaitable(value):
                    break
                value = await value
            return as_data(await drawn(value), self.shape.name)
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            raise self._failure(error) from error  # it has raised this itself
        except (KeyboardInterrupt, GeneratorExit):
            raise
        except BaseException as error:
            raise self._failure(error) from error

    def _failure(self, error: BaseException) -> CodeError:
        if isinstance(error, CodeError):
            return error
        try:
            words = str(error)[:_SHOWN]
        except Exception:  # noqa: BLE001 - the error is of the user's own class
            words = ""
        made = CodeError(
            f"{self.shape.name} failed: {type(error).__name__}" + (f": {words}" if words else "")
        )
        made.__cause__ = error
        return made


class _Outcome(NamedTuple):
    """The outcome of a function.

    Attributes:
        value: what it returned, as data; something to await if ``is_awaited``.
        error: what it raised; ``None`` if it returned.
        is_awaited: whether the value must be awaited first.
    """

    value: Any
    error: BaseException | None = None
    is_awaited: bool = False


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
        gate: asked before each call with a ``GatedCall``; false refuses it. It must return at once: the run waits for it. What
            a tool may be given from documents is decided here.
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
    """Tools, of which some may be plain functions, and some names of tools that installed packages bring.

    Raises:
        ConfigError: one cannot be a tool, no package brings it, or two have one name.
    """
    if isinstance(given, str | bytes) or not hasattr(given, "__iter__"):
        raise ConfigError(f"tools is of type {type(given).__name__}; pass a list of functions")
    given = [brought_tool(each) if isinstance(each, str) else each for each in given]
    made = [each if isinstance(each, FunctionTool) else FunctionTool(each) for each in given]  # type: ignore[arg-type] # checked there
    refuse_equal_names([each.shape for each in made])
    return made


def brought_tool(name: str) -> object:
    """The tool, or function, that an installed package brings.

    Raises:
        ConfigError: none does, or it cannot be imported.
    """
    found = extension("tools", name)
    if found is None:
        known = ", ".join(names("tools")) or "none"
        raise ConfigError(
            f"no installed package brings the tool {name!r} (entry point harlm.tools); installed: {known}"
        )
    if not callable(found):
        raise wrong("tools", name, f"is a {type(found).__name__}, and must be a function")
    return found


def passes(gate: Gate | None, call: GatedCall) -> bool:
    """Whether a gate lets a call through. One that fails lets nothing through; without a gate everything passes."""
    if gate is None:
        return True
    try:
        verdict: Any = gate(call)
        if inspect.iscoroutine(verdict):  # which is true as it is
            verdict.close()
            return False
        return bool(verdict)
    except KeyboardInterrupt:
        raise
    except BaseException:  # noqa: BLE001 - the user's own code, whose failure must not open the gate
        return False


def checked_gate(gate: Any, what: str) -> Gate | None:
    """A gate, or ``None``.

    Raises:
        ConfigError: it is neither.
    """
    if inspect.iscoroutinefunction(gate):
        raise ConfigError(
            f"the gate of {what} is async; pass a plain function of a GatedCall, which returns at once"
        )
    if gate is None or callable(gate):
        return gate  # type: ignore[no-any-return] # any callable may be a gate
    raise ConfigError(f"the gate of {what} is not callable; pass a function of a GatedCall")


def checked_timeout(seconds: object, what: str) -> float:
    """The seconds that a call may take.

    Raises:
        ConfigError: it is no number of seconds that a call can take.
    """
    return _checked_number(seconds, f"timeout of {what}", _LONGEST_TIMEOUT_S)


def _checked_number(value: object, what: str, most: float, least: float = 1e-3) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise ConfigError(f"{what} is {value!r}; pass a number from {least:g} to {most:g}")
    return float(value)
