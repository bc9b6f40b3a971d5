"""Search by meaning: only where it helps, and never in place of search by words."""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Sequence

import pytest

from harlm.embedders.hashing import HashingEmbedder
from harlm.errors import CallLimit, ModelUnavailable
from harlm.memory import InMemoryStore, Memory
from tests.support.virtual_time import in_virtual_time

pytest.importorskip("numpy")

ANIMALS = {
    "walrus": 0,
    "tusker": 0,
    "harbour": 1,
    "port": 1,
    "cellar": 2,
    "basement": 2,
    "ladder": 3,
    "steps": 3,
}


class Knowing:
    """An embedder for which some words mean the same; it ignores all others, except rows."""

    tag = "knowing"
    dimension = 8

    def __init__(self) -> None:
        self.asked = 0
        self.is_broken = False

    async def embed(self, texts: Sequence[str]) -> Sequence[bytes]:
        self.asked += len(texts)
        if self.is_broken:
            raise ModelUnavailable("gone", model="knowing")
        return [self._vector(text) for text in texts]

    def _vector(self, text: str) -> bytes:
        numbers = [0.01] * 8
        for word in text.lower().replace(".", " ").split():
            if word in ANIMALS:
                numbers[ANIMALS[word]] += 1
            elif word.startswith("row"):
                numbers[4 + int(word[3:]) % 4] += 0.5
        return array("f", numbers).tobytes()


def memory_with(embedder: object) -> Memory:
    memory = Memory(InMemoryStore(), run="R", embedder=embedder)  # type: ignore[arg-type] # an embedder
    for at, word in enumerate(("walrus", "harbour", "cellar", "ladder") * 3):
        memory.put(
            f"The {word} was seen on that long day, which no one noted, row{at} says so much.", kind="reply"
        )
    return memory


async def test_a_text_of_the_same_meaning_is_found() -> None:
    memory = memory_with(Knowing())
    found = await memory.search("tusker", 3)
    assert found
    assert all("walrus" in each.text for each in found)


async def test_without_its_embedder_search_still_finds_words() -> None:
    knowing = Knowing()
    memory = memory_with(knowing)
    knowing.is_broken = True
    assert "walrus" in (await memory.search("walrus", 1))[0].text
    asked = knowing.asked
    assert await memory.search("tusker", 3) == []
    assert knowing.asked == asked, "it is not asked again"


async def test_hashed_words_do_no_harm() -> None:
    memory = memory_with(HashingEmbedder())
    plain = memory_with(None)
    for query in ("walrus row4", "row7", "the ladder row11"):
        assert (await memory.search(query, 3))[0].text == (await plain.search(query, 3))[0].text


async def test_searches_at_the_same_time_do_not_mix_vectors() -> None:
    memory = memory_with(Knowing())
    both = await asyncio.gather(*(memory.search("tusker", 3) for _ in range(5)))
    assert all(["walrus" in each.text for each in found] == [True] * 3 for found in both)


@in_virtual_time
async def test_vectors_are_made_in_the_background() -> None:
    knowing = Knowing()
    memory = memory_with(knowing)
    assert knowing.asked == 0, "putting an entry does not wait for its vector"
    await asyncio.sleep(0.2)
    assert knowing.asked == 12
    memory.put("One more cellar.", kind="reply")
    await asyncio.sleep(0.2)
    assert knowing.asked == 13
    await memory.close()


@in_virtual_time
async def test_a_memory_that_is_closed_makes_no_more_vectors() -> None:
    knowing = Knowing()
    memory = memory_with(knowing)
    await memory.close()
    await asyncio.sleep(0.1)
    assert knowing.asked == 0
    await memory_with(None).close()


async def test_with_a_spent_budget_search_still_finds_words() -> None:
    class Poor(Knowing):
        async def embed(self, texts: Sequence[str]) -> Sequence[bytes]:
            raise CallLimit("2 of 2 calls are used", limit="calls", used=2, allowed=2)

    memory = memory_with(Poor())
    assert "walrus" in (await memory.search("walrus", 1))[0].text
    assert memory.without_meaning == "2 of 2 calls are used"
    await memory.close()


async def test_a_failed_embedder_is_not_asked_again() -> None:
    knowing = Knowing()
    knowing.is_broken = True
    memory = memory_with(knowing)
    await memory.search("walrus", 1)
    asked = knowing.asked
    memory.put("One more cellar.", kind="reply")
    await asyncio.sleep(0.2)
    assert knowing.asked == asked
    await memory.close()


@in_virtual_time
async def test_an_unexpected_error_in_the_background_is_reported() -> None:
    class Odd(Knowing):
        async def embed(self, texts: Sequence[str]) -> Sequence[bytes]:
            raise KeyError("no such thing")

    memory = memory_with(Odd())
    await asyncio.sleep(0.2)
    assert "no such thing" in str(memory.without_meaning)
    await memory.close()
