"""Vectors in Postgres, in front of which an embedder remembers."""

from __future__ import annotations

from harlm.embedders.hashing import HashingEmbedder
from harlm.embedders.remembering import RememberingEmbedder
from harlm.stores.postgres import PostgresStores
from tests.support.postgres import own_server, shared_server


async def test_what_one_machine_has_embedded_another_need_not() -> None:
    url = shared_server().database()
    first, second = (
        RememberingEmbedder(HashingEmbedder(), PostgresStores(url, "").vectors()) for _ in range(2)
    )
    texts = [f"text {at}" for at in range(300)]
    made = await first.embed(texts)
    assert await second.embed(texts) == made
    assert (first.made, second.made) == (300, 0)
    first.close()
    second.close()


def test_the_oldest_vectors_make_room() -> None:
    vectors = PostgresStores(shared_server().database(), "", vector_bytes=100_000).vectors()
    keys = [at.to_bytes(16, "little") for at in range(4_000)]
    for at in range(0, 4_000, 500):
        vectors.put({key: bytes(100) for key in keys[at : at + 500]})
    assert 500 <= len(vectors.get(keys)) < 4_000
    assert vectors.get(keys[-1:])
    vectors.close()


async def test_without_its_server_vectors_are_made_anew() -> None:
    with own_server() as server:
        embedder = RememberingEmbedder(HashingEmbedder(), PostgresStores(server.database(), "").vectors())
        before = await embedder.embed(["a"])
        server.stop()
        assert (await embedder.embed(["a", "b"]))[:1] == before
        embedder.close()
