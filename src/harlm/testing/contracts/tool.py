"""What every tool must do."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import FrozenInstanceError, dataclass, field

import msgspec
import pytest

from harlm.errors import CodeError
from harlm.protocols import Tool
from harlm.testing.contracts.missing import missing
from harlm.tools.names import check_name
from harlm.tools.results import LARGEST
from harlm.types import GatedCall


@dataclass(frozen=True, kw_only=True)
class ToolCase:
    """A tool, and what it can be asked.

    Attributes:
        made: the tool; ``harlm.tool`` makes one of a function.
        right: arguments that it takes, and what it returns for them.
        wrong: arguments that it does not take.
        failing: arguments for which it fails; ``None`` if it cannot.
        unknown: arguments of names that it does not know.
        is_pure: whether it says that it changes nothing.
        refused: arguments that its gate refuses; ``None`` if it has no gate.
    """

    made: Tool
    right: tuple[Mapping[str, object], object]
    wrong: Mapping[str, object]
    failing: Mapping[str, object] | None = None
    unknown: Mapping[str, object] = field(default_factory=lambda: {"unknown_argument": 1})
    is_pure: bool = True
    refused: Mapping[str, object] | None = None


class ToolContract:
    """The laws of ``harlm.protocols.Tool``."""

    @pytest.fixture
    def case(self) -> ToolCase:
        """The tool to test, with arguments; override it."""
        raise missing(self, "case")

    @pytest.mark.asyncio
    async def test_others_are_told_of_it_in_one_line_and_at_length(self, case: ToolCase) -> None:
        shape = case.made.shape
        check_name(shape.name)
        assert shape.signature.startswith(f"{shape.name}(")
        assert "\n" not in shape.summary
        assert shape.help.startswith(shape.signature)
        assert shape.is_pure == case.is_pure
        assert set(case.right[0]) <= set(shape.parameters)
        assert shape.timeout_s > 0
        with pytest.raises(FrozenInstanceError):
            shape.name = "other"  # type: ignore[misc] # meant

    @pytest.mark.asyncio
    async def test_it_returns_data_also_for_many_calls_at_once(self, case: ToolCase) -> None:
        right, value = case.right
        found = await asyncio.gather(*(case.made.call(right) for _ in range(8)))
        assert found == [value] * 8
        assert len(msgspec.msgpack.encode(found[0])) <= LARGEST

    @pytest.mark.asyncio
    async def test_wrong_arguments_and_failures_are_errors_in_the_cell(self, case: ToolCase) -> None:
        with pytest.raises(CodeError, match=r"(Expected|Invalid|wrong|not one of)"):
            await case.made.call(case.wrong)
        with pytest.raises(CodeError):
            await case.made.call({})
        with pytest.raises(CodeError):
            await case.made.call(case.unknown)
        if case.failing is not None:
            with pytest.raises(CodeError, match="fail"):
                await case.made.call(case.failing)
        right, value = case.right
        assert await case.made.call(right) == value

    @pytest.mark.asyncio
    async def test_its_gate_decides(self, case: ToolCase) -> None:
        name = case.made.shape.name
        assert case.made.allows(GatedCall(tool=name, arguments=case.right[0], is_early=True)) is True
        if case.refused is not None:
            refused = GatedCall(tool=name, arguments=case.refused, is_early=True)
            assert case.made.allows(refused) is False

    @pytest.mark.asyncio
    async def test_a_cancelled_call_ends_soon_and_the_next_one_is_made(self, case: ToolCase) -> None:
        right, value = case.right
        calling = asyncio.ensure_future(case.made.call(right))
        await asyncio.sleep(0)
        calling.cancel()
        done, _ = await asyncio.wait([calling], timeout=10)
        assert done
        assert await case.made.call(right) == value
