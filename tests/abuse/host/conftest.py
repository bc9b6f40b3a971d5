"""One host for the cases of a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.host import Host
from tests.support.host import host as started


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    """A child process that makes runs."""
    with started() as one:
        yield one
