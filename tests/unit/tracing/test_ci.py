from __future__ import annotations

import pytest

from harlm.tracing.ci import in_ci


@pytest.mark.parametrize(
    ("value", "expected"),
    [("1", True), ("true", True), ("woodpecker", True), ("", False), ("false", False), ("0", False)],
)
def test_a_build_is_known_by_its_variable(
    monkeypatch: pytest.MonkeyPatch, value: str, expected: bool
) -> None:
    monkeypatch.setenv("CI", value)
    assert in_ci() == expected


def test_without_the_variable_it_is_no_build(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    assert not in_ci()
