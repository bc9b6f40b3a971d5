"""Each test has exporters of its own, and what is left of them is not sent at the end of the process."""

from __future__ import annotations

import pytest

from harlm.tracing.otel import exporting


@pytest.fixture(autouse=True)
def own_exporters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "_known", {})
