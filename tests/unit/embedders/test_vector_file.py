"""Vectors in the file of indexes."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from harlm.embedders.vector_file import VectorFile


def test_vectors_come_back_and_make_room_for_others(tmp_path: Path) -> None:
    keys = [at.to_bytes(16, "little") for at in range(6_000)]
    with closing(VectorFile(tmp_path / "index.db", max_bytes=400_000)) as vectors:
        for at in range(0, 6_000, 100):
            vectors.put({key: bytes(128) for key in keys[at : at + 100]})
        assert vectors.is_kept
        found = sum(len(vectors.get(keys[at : at + 500])) for at in range(0, 6_000, 500))
        assert 1_000 < found < 6_000
        assert vectors.get(keys[-1:]) == {keys[-1]: bytes(128)}
        assert vectors.get([]) == {}


def test_a_file_that_cannot_be_written_keeps_nothing(tmp_path: Path) -> None:
    vectors = VectorFile(tmp_path / "missing" / "index.db")
    vectors.put({b"k": b"1234"})
    assert (vectors.get([b"k"]), vectors.is_kept) == ({}, False)
