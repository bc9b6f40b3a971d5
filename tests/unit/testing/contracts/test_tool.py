"""The suite finds what is wrong with a tool."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import replace

import pytest

from harlm.testing.contracts import ToolCase, ToolContract
from harlm.tools import FunctionTool, tool
from harlm.types import GatedCall

SUITE = ToolContract()
_NUMBERS = itertools.count()


def shout(text: str) -> str:
    """The text in capital letters."""
    return text.upper()


def numbered(text: str) -> str:
    """Another text each time."""
    return f"{text}{next(_NUMBERS)}"


def case_of(made: FunctionTool, **more: object) -> ToolCase:
    case = ToolCase(made=made, right=({"text": "a"}, "A"), wrong={"text": 3})
    return replace(case, **more)  # type: ignore[arg-type] # by name


class TakesAnything(FunctionTool):
    async def call(self, arguments: Mapping[str, object]) -> object:
        return "A"


class LetsAllPass(FunctionTool):
    def allows(self, call: GatedCall) -> bool:
        return True


async def test_a_good_one_passes() -> None:
    good = case_of(tool(pure=True)(shout))
    await SUITE.test_others_are_told_of_it_in_one_line_and_at_length(good)
    await SUITE.test_it_returns_data_also_for_many_calls_at_once(good)
    await SUITE.test_wrong_arguments_and_failures_are_errors_in_the_cell(good)


async def test_faults_are_found() -> None:
    with pytest.raises(AssertionError):
        await SUITE.test_others_are_told_of_it_in_one_line_and_at_length(case_of(tool(shout)))
    with pytest.raises(AssertionError):
        await SUITE.test_it_returns_data_also_for_many_calls_at_once(case_of(tool(pure=True)(numbered)))
    with pytest.raises(pytest.fail.Exception):
        await SUITE.test_wrong_arguments_and_failures_are_errors_in_the_cell(case_of(TakesAnything(shout)))
    with pytest.raises(AssertionError):
        await SUITE.test_its_gate_decides(case_of(LetsAllPass(shout), refused={"text": "secret"}))
    with pytest.raises(AssertionError):
        await SUITE.test_a_cancelled_call_ends_soon_and_the_next_one_is_made(case_of(tool(numbered)))
