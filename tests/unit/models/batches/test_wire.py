"""Lines of results and names, which come from outside."""

from __future__ import annotations

import pytest

from harlm.models.batches.wire import BatchResult, ResultLines, is_id


@pytest.mark.parametrize(
    ("value", "holds"),
    [("batch_1-a", True), ("", False), ("a/b", False), ("..", False), ("a?b", False), ("é", False), (7, False), (None, False)],
)  # fmt: skip
def test_what_may_be_part_of_a_path(value: object, holds: bool) -> None:
    assert is_id(value) is holds


def test_lines_that_cannot_be_read_are_missing_and_spoil_no_others() -> None:
    lines = ResultLines(lambda line: (line.get("id"), BatchResult(why=str(line.get("why")))))
    lines.take(b'{"id": "a", "why": "x"}\nnot json\n[1]\n\n{"id": 7}\n')
    lines.take(b'{"id": "b", "why": "y"}')
    assert {name: result.why for name, result in lines.found.items()} == {"a": "x", "b": "y"}
    assert not lines.is_whole
