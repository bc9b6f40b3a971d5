"""The documents of a batch are told from others, and do not include its own files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harlm import HARLM, ContextError
from harlm.batch.documents import documents_digest, without_own
from harlm.loading import load


@pytest.mark.parametrize(
    "change", [lambda: {"a": "x", "b": "z"}, lambda: {"a": "x", "c": "y"}, lambda: {"a": "x"}]
)
def test_documents_are_told_apart_by_name_and_text(change: Callable[[], dict[str, str]]) -> None:
    known = documents_digest(load({"a": "x", "b": "y"}))
    assert known == documents_digest(load({"a": "x", "b": "y"}))
    assert known != documents_digest(load(change()))


def test_the_files_of_a_batch_are_not_among_its_documents(tmp_path: Path) -> None:
    questions, results = tmp_path / "docs" / "q.jsonl", tmp_path / "docs" / "r.jsonl"
    questions.parent.mkdir()
    (questions.parent / "tls.md").write_text("Only billing still uses TLS 1.1.", "utf-8")
    questions.write_text('"Which services still use TLS 1.1?"\n', "utf-8")
    asked = [list(HARLM(mode="direct").batch(questions, questions.parent, results=results)) for _ in range(2)]
    assert [[row.citations[0].quote for row in rows] for rows in asked] == [
        ["Only billing still uses TLS 1.1."],
        [],
    ]


def test_links_to_the_files_of_a_batch_are_left_out_too_and_told(tmp_path: Path) -> None:
    for name in ("a.md", "b.md", "q.jsonl"):
        (tmp_path / name).write_text(name, "utf-8")
    (tmp_path / "here").symlink_to(tmp_path)
    left = without_own(load(tmp_path), (tmp_path / "here" / "q.jsonl", None))
    assert [each.name for each in left.documents] == ["a.md", "b.md"]
    assert [each.name for each in left.skipped if each.reason == "is a file of this batch"] == ["q.jsonl"]


def test_a_batch_over_nothing_but_its_own_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "q.jsonl").write_text('"Who?"\n', "utf-8")
    with pytest.raises(ContextError, match=r"no document but 'q\.jsonl'"):
        list(HARLM().batch(tmp_path / "q.jsonl", tmp_path))
