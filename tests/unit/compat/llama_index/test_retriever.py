"""Without its package, the adapter says what to install. ``tests/flows/test_compat.py`` runs it with the package."""

from __future__ import annotations

import pytest

from tests.support.absent import error_without


def test_without_the_package_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "pip install 'llama-index-core>=0.14'" in error_without(
        "llama_index", "harlm.compat.llama_index.retriever", monkeypatch
    )
