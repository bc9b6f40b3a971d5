"""Waits of runs against failing providers."""

from __future__ import annotations

import pytest


@pytest.fixture
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jitter may draw anything up to its bound; here it draws little."""
    monkeypatch.setattr("harlm.models.wrappers.retrying.random.uniform", lambda low, high: low + high / 50)


@pytest.fixture
def real_waits(monkeypatch: pytest.MonkeyPatch, short_waits: None) -> None:
    monkeypatch.setattr("harlm.models.wrappers.retrying.random.uniform", lambda low, high: (low + high) / 2)
