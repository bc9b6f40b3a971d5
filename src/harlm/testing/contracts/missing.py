"""The error of a contract whose fixture was not given."""

from __future__ import annotations

import pytest


def missing(contract: object, fixture: str) -> pytest.UsageError:
    """The error.

    Args:
        contract: the instance of the suite.
        fixture: what the subclass must define.
    """
    return pytest.UsageError(
        f"{type(contract).__name__} has no part to test; define its fixture {fixture!r}, which returns it"
    )
