"""The REPL of a test, on each tier."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from harlm.sandbox.process.repl import ProcessRepl
from tests.support.sandboxes import TIERS, repl_on


@pytest.fixture(params=TIERS)
def tier(request: pytest.FixtureRequest) -> str:
    """One of the tiers of processes."""
    return str(request.param)


@pytest.fixture
async def repl(tier: str) -> AsyncIterator[ProcessRepl]:
    """A REPL whose cells may run for one second."""
    async with repl_on(tier, cell_seconds=1.0) as repl:
        yield repl
