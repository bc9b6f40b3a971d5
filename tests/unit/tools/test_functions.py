from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest

from harlm.errors import CodeError, ConfigError
from harlm.tools.functions import FunctionTool, checked_gate, checked_timeout, passes, tool, tools_of
from harlm.types import GatedCall

CALL = GatedCall(tool="f", arguments={"x": 1}, is_early=False)


def double(x: int) -> int:
    """Twice the number."""
    return 2 * x


async def later(x: int) -> int:
    await asyncio.sleep(0)
    return 2 * x


def test_a_decorator_with_or_without_arguments_makes_a_tool_that_is_still_a_function() -> None:
    plain = tool(double)
    made = tool(pure=True, deterministic=True, timeout=5, cost_usd=0.25, name="twice")(double)
    assert plain(4) == made(4) == 8
    assert (plain.shape.name, plain.shape.is_pure, plain.shape.cost_micros) == ("double", False, 0)
    shape = made.shape
    assert (shape.name, shape.is_pure, shape.is_deterministic) == ("twice", True, True)
    assert (shape.timeout_s, shape.cost_micros) == (5.0, 250_000)
    assert shape.signature == "twice(x: int) -> int"
    assert vars(made)["__name__"] == "double"
    assert made.__doc__ == "Twice the number."


def test_a_tool_can_be_made_of_a_tool_and_keeps_its_own_options() -> None:
    again = tool(pure=True, name="again")(tool(double))
    assert again.shape.name == "again"
    assert again.shape.is_pure
    assert again(2) == 4


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: FunctionTool(3), "not callable"),  # type: ignore[arg-type] # meant
        (lambda: tool(name="llm_query")(double), "is taken"),
        (lambda: tool(gate=3)(double), "gate of the tool 'double' is not callable"),  # type: ignore[call-overload] # meant
        (lambda: tool(timeout=0)(double), "timeout"),
        (lambda: tool(timeout=float("nan"))(double), "timeout"),
        (lambda: tool(timeout=True)(double), "timeout"),
        (lambda: tool(cost_usd=-1)(double), "cost_usd"),
        (lambda: tools_of(double), "pass a list of functions"),  # type: ignore[arg-type] # meant
        (lambda: tools_of("double"), "pass a list of functions"),
        (lambda: tools_of([double, double]), "two tools have the name"),
        (lambda: tool(lambda x: x), "cannot be the name of a tool"),
    ],
)
def test_what_cannot_be_a_tool_is_refused(make: Callable[[], object], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        make()


async def a_gate(call: GatedCall) -> bool:
    return True


def test_a_gate_that_is_async_is_refused_since_its_coroutine_is_true() -> None:
    with pytest.raises(ConfigError, match="is async"):
        tool(gate=a_gate)(double)  # type: ignore[arg-type] # meant


def raising(call: GatedCall) -> bool:
    raise SystemExit


@pytest.mark.parametrize(
    ("gate", "verdict"),
    [
        (None, True),
        (lambda call: True, True),
        (lambda call: call.arguments["x"] == 1, True),
        (lambda call: call.is_early, False),
        (lambda call: None, False),
        (lambda call: call.arguments["y"], False),
        (raising, False),
        (lambda call: a_gate(call), False),
    ],
)
def test_a_gate_lets_through_what_it_says_and_nothing_if_it_fails(gate: Any, verdict: bool) -> None:
    assert passes(gate, CALL) is verdict
    assert tool(gate=gate)(double).allows(CALL) is verdict


def test_an_interruption_in_a_gate_is_not_swallowed() -> None:
    def interrupted(call: GatedCall) -> bool:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        passes(interrupted, CALL)


def test_gates_and_timeouts_are_checked_for_servers_too() -> None:
    assert checked_gate(None, "it") is None
    assert checked_timeout(3, "it") == 3.0
    with pytest.raises(ConfigError, match="timeout of it"):
        checked_timeout("3", "it")


@pytest.mark.parametrize("function", [double, later])
async def test_sync_and_async_functions_are_called_with_checked_arguments(function: Any) -> None:
    made = tool(name="f")(function)
    assert await made.call({"x": "4"}) == 8
    with pytest.raises(CodeError, match="Expected `int`"):
        await made.call({"x": "four"})


async def test_a_sync_function_runs_in_another_thread_with_the_context_of_the_caller() -> None:
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable")
    variable.set("mine")

    def where() -> list[str]:
        return [threading.current_thread().name, variable.get()]

    assert await tool(where).call({}) == ["harlm-work", "mine"]


def forgotten(x: int) -> Awaitable[int]:
    return later(x)


async def nested(x: int) -> Awaitable[int]:
    return later(x)


def generated(x: int) -> Iterator[int]:
    yield x
    yield 2 * x


async def streamed(x: int) -> AsyncIterator[int]:
    yield x
    yield 2 * x


@pytest.mark.parametrize(
    ("function", "value"), [(forgotten, 8), (nested, 8), (generated, [4, 8]), (streamed, [4, 8])]
)
async def test_coroutines_that_were_not_awaited_and_generators_give_their_values(
    function: Any, value: object
) -> None:
    assert await tool(name="f")(function).call({"x": 4}) == value


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise ValueError


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ValueError("no such city"), "^f failed: ValueError: no such city$"),
        (StopIteration(), "^f failed: (StopIteration|RuntimeError: coroutine raised StopIteration)$"),
        (SystemExit(3), "^f failed: SystemExit: 3$"),
        (asyncio.CancelledError(), "^f failed: CancelledError$"),
        (Unspeakable(), "^f failed: Unspeakable$"),
        (CodeError("in its own words"), "^in its own words$"),
        (ValueError("x" * 10_000), "^f failed: ValueError: x{500}$"),
    ],
)
@pytest.mark.parametrize("is_async", [False, True])
async def test_whatever_a_function_raises_is_an_error_in_the_cell(
    error: BaseException, words: str, is_async: bool
) -> None:
    def fails() -> None:
        raise error

    async def fails_later() -> None:
        await asyncio.sleep(0)
        raise error

    made = tool(name="f")(fails_later if is_async else fails)
    with pytest.raises(CodeError, match=words):
        await made.call({})


async def test_an_interruption_in_a_thread_is_an_error_of_the_tool_and_not_of_the_user() -> None:
    def fails() -> None:
        raise KeyboardInterrupt

    with pytest.raises(CodeError, match="f failed: KeyboardInterrupt"):
        await tool(name="f")(fails).call({})


async def test_a_generator_runs_where_the_function_does_and_may_fail_there() -> None:
    def broken() -> Iterator[str]:
        yield threading.current_thread().name
        raise ValueError("half way")

    with pytest.raises(CodeError, match="half way"):
        await tool(name="f")(broken).call({})


async def test_a_cancelled_call_is_cancelled() -> None:
    async def waits() -> None:
        await asyncio.sleep(60)

    calling = asyncio.ensure_future(tool(name="f")(waits).call({}))
    await asyncio.sleep(0)
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling


def test_plain_functions_and_tools_can_be_mixed() -> None:
    made = tools_of([double, tool(pure=True, name="other")(double)])
    assert [(each.shape.name, each.shape.is_pure) for each in made] == [("double", False), ("other", True)]
