"""A tool of a run that is replayed has the run's values only."""

from __future__ import annotations

import pytest

from harlm.errors import CodeError
from harlm.tools.recorded import RecordedTool
from harlm.types import GatedCall, ToolShape

SHAPE = ToolShape(name="look", parameters=("at",), signature="look(at: str)", summary="")


async def test_it_allows_every_call_and_returns_nothing() -> None:
    tool = RecordedTool(SHAPE)
    assert tool.shape is SHAPE
    assert tool.allows(GatedCall(tool="look", arguments={"at": "x"}, is_early=True))
    with pytest.raises(CodeError, match="no value of look"):
        await tool.call({"at": "x"})
