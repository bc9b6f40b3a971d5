"""The cache of vectors: each text is embedded once, and a file that cannot be used costs time only."""

from __future__ import annotations

import asyncio
import sqlite3
from array import array
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.embedders.hashing import HashingEmbedder
from harlm.embedders.remembering import RememberingEmbedder
from harlm.embedders.vector_file import VectorFile
from harlm.errors import BadCompletion, ModelUnavailable


def moved_aside(folder: Path) -> list[Path]:
    return list(folder.glob("index.db.broken-*"))


class Counted:
    """Makes hashed vectors, and keeps the texts that it was asked for."""

    tag = "counted"

    def __init__(self, dimension: int = 16) -> None:
        self.asked: list[str] = []
        self.sizes: list[int] = []
        self._behind = HashingEmbedder(dimension)

    @property
    def dimension(self) -> int | None:
        return None

    async def embed(self, texts: Sequence[str]) -> Sequence[bytes]:
        self.asked += texts
        self.sizes.append(len(texts))
        await asyncio.sleep(0.01)
        return await self._behind.embed(texts)


async def test_a_text_is_embedded_once_for_all_tasks_and_runs(tmp_path: Path) -> None:
    file = tmp_path / "index.db"
    counted = Counted()
    embedder = RememberingEmbedder(counted, VectorFile(file))
    await asyncio.gather(*(embedder.embed([f"t{at}" for at in range(300)]) for _ in range(4)))
    assert sorted(counted.asked) == sorted(f"t{at}" for at in range(300))
    embedder.close()
    again = RememberingEmbedder(other := Counted(), VectorFile(file))
    await again.embed(["t7", "new"])
    assert other.asked == ["new"]
    again.close()


async def test_a_cancelled_task_leaves_the_work_to_those_that_wait() -> None:
    embedder = RememberingEmbedder(Counted())
    first = asyncio.create_task(embedder.embed(["a"]))
    await asyncio.sleep(0)
    second = asyncio.create_task(embedder.embed(["a"]))
    await asyncio.sleep(0)
    first.cancel()
    assert len(await second) == 1


async def test_a_model_whose_dimension_changes_is_an_error(tmp_path: Path) -> None:
    embedder = RememberingEmbedder(Counted(8), VectorFile(tmp_path / "index.db"))
    await embedder.embed(["a"])
    embedder._behind = Counted(16)
    with pytest.raises(BadCompletion, match="made a vector of 16 numbers after vectors of 8"):
        await embedder.embed(["b"])
    embedder.close()


async def test_a_damaged_cache_is_moved_aside(tmp_path: Path) -> None:
    file = tmp_path / "index.db"
    file.write_bytes(b"no database " * 900)
    embedder = RememberingEmbedder(Counted(), VectorFile(file))
    assert len(await embedder.embed(["a"])) == 1
    assert len(await embedder.embed(["b"])) == 1
    embedder.close()
    assert moved_aside(tmp_path)


async def test_many_texts_are_sent_in_requests_of_128() -> None:
    counted = Counted()
    await RememberingEmbedder(counted).embed([f"t{at}" for at in range(300)])
    assert counted.sizes == [128, 128, 44]


@given(st.lists(st.sampled_from(["a", "b", "c d", "", "\ud800"]), max_size=8))
def test_vectors_are_those_of_the_embedder_behind_it(texts: list[str]) -> None:
    async def check() -> None:
        embedder = RememberingEmbedder(Counted())
        expected = await HashingEmbedder(16).embed(texts)
        assert await embedder.embed(texts) == expected
        assert await embedder.embed(texts) == expected
        assert embedder.made == len(set(texts))

    asyncio.run(check())


async def test_a_failure_is_raised_and_the_next_task_tries_again() -> None:
    class Failing(Counted):
        async def embed(self, texts: Sequence[str]) -> Sequence[bytes]:
            if not self.asked:
                self.asked += texts
                raise ModelUnavailable("no server", model="counted")
            return await super().embed(texts)

    embedder = RememberingEmbedder(Failing())
    first, second = (asyncio.create_task(embedder.embed(["a"])) for _ in range(2))
    with pytest.raises(ModelUnavailable):
        await first
    assert len(await second) == 1


async def test_too_few_vectors_are_an_error() -> None:
    class Short(Counted):
        async def embed(self, texts: Sequence[str]) -> Sequence[bytes]:
            return (await super().embed(texts))[1:]

    with pytest.raises(BadCompletion, match="2 texts came back as 1 vectors"):
        await RememberingEmbedder(Short()).embed(["a", "b"])


async def test_the_dimension_is_that_of_the_first_vector_known() -> None:
    assert RememberingEmbedder(Counted(8)).dimension is None
    embedder = RememberingEmbedder(Counted(8))
    await embedder.embed(["a"])
    assert embedder.dimension == 8
    assert embedder.tag == "counted"


async def test_a_vector_of_another_size_in_the_file_is_made_again(tmp_path: Path) -> None:
    file = tmp_path / "index.db"
    old = RememberingEmbedder(Counted(8), VectorFile(file))
    await old.embed(["a"])
    old.close()
    embedder = RememberingEmbedder(counted := Counted(16), VectorFile(file))
    await embedder.embed(["b"])
    (vector,) = await embedder.embed(["a"])
    assert len(array("f", vector)) == 16
    assert counted.asked == ["b", "a"]
    embedder.close()


async def test_a_file_that_is_locked_is_replaced_by_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harlm.embedders.vector_file._PATIENCE_S", 0)
    file = tmp_path / "index.db"
    other = sqlite3.connect(file)
    other.execute("BEGIN EXCLUSIVE")
    embedder = RememberingEmbedder(counted := Counted(), VectorFile(file))
    for _ in range(2):
        assert len(await embedder.embed(["a"])) == 1
    assert counted.asked == ["a"]
    assert not moved_aside(tmp_path)
    other.close()
    embedder.close()
