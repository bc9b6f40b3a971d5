"""BatchDesk without long waits."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.batched import in_a_hurry


@pytest.fixture(autouse=True)
def quick() -> Iterator[None]:
    with in_a_hurry():
        yield
