"""Python's parser for threads."""

from __future__ import annotations

import ast
from typing import Any

import pytest

from harlm.syntax import parsed


def _disturbed(monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    parse, left = ast.parse, [SystemError("AST constructor recursion depth mismatch")] * times

    def disturbed(*given: Any, **named: Any) -> Any:
        if left:
            raise left.pop()
        return parse(*given, **named)

    monkeypatch.setattr(ast, "parse", disturbed)


def test_an_attempt_that_another_thread_disturbs_is_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    _disturbed(monkeypatch, 4)
    assert len(parsed("a = 1").body) == 1


def test_what_is_disturbed_every_time_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    _disturbed(monkeypatch, 5)
    with pytest.raises(SystemError, match="recursion depth"):
        parsed("a = 1")


@pytest.mark.parametrize(
    ("code", "error"),
    [("a =", SyntaxError), ("(" * 300 + ")" * 300, (SyntaxError, MemoryError, RecursionError))],
)
def test_faults_of_the_code_are_raised_at_once(code: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        parsed(code)
