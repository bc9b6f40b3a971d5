"""The entries of logs."""

from __future__ import annotations

import pytest

from harlm.guest.tables.logs import log_rows


@pytest.mark.parametrize(
    ("line", "cells"),
    [
        ("2024-03-01T10:00:00 INFO started", ["2024-03-01T10:00:00", "INFO", "started"]),
        ("2024-03-01 10:00:00,123 [ERROR] failed", ["2024-03-01 10:00:00,123", "ERROR", "failed"]),
        ("[2024-03-01 10:00:00] warning: slow", ["2024-03-01 10:00:00", "WARN", "slow"]),
        ("10:02 ERR auth timeout", ["10:02", "ERROR", "auth timeout"]),
        ("2024-03-01T10:00:00Z app.web INFO up", ["2024-03-01T10:00:00Z", "INFO", "app.web", "up"]),
        ("Mar  1 10:00:00 host1 ERROR disk", ["Mar  1 10:00:00", "ERROR", "host1", "disk"]),
    ],
)
def test_the_parts_of_an_entry(line: str, cells: list[str]) -> None:
    raw = log_rows(f"{line}\n{line}\n")
    assert raw is not None
    assert raw.is_log
    assert [row.cells for row in raw.rows] == [cells, cells]


def test_lines_of_a_stack_trace_belong_to_the_entry_above() -> None:
    raw = log_rows("10:00 INFO a\n  at x\n  at y\n10:01 ERROR b\n")
    assert raw is not None
    assert [row.line for row in raw.rows] == [1, 4]


def test_other_texts_are_no_logs() -> None:
    assert log_rows("10:00 INFO a\nprose\nprose\nprose\n") is None
    assert log_rows("some words\n" * 100) is None
