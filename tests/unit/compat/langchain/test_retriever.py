"""Without its package, the adapter says what to install. ``tests/flows/test_compat.py`` runs it with the package."""

from __future__ import annotations

import pytest

from tests.support.absent import error_without


def test_without_the_package_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "pip install 'langchain-core>=1'" in error_without(
        "langchain_core", "harlm.compat.langchain.retriever", monkeypatch
    )
