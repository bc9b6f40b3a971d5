"""The contract of an embedder, run over each."""

from __future__ import annotations

import importlib.util
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from harlm.config import ModelSettings
from harlm.embedders.hashing import HashingEmbedder
from harlm.embedders.minilm import PACKAGE, MiniLmEmbedder
from harlm.embedders.openai import OpenAIEmbedder
from harlm.embedders.remembering import RememberingEmbedder
from harlm.embedders.vector_file import VectorFile
from harlm.models.access import Endpoint
from harlm.models.http import Transport
from harlm.protocols import Embedder
from harlm.testing.contracts import EmbedderContract
from harlm.testing.contracts.embedder import cosine
from tests.support.embedding_server import embedding_server

HAS_MINILM = (
    importlib.util.find_spec(PACKAGE) is not None and importlib.util.find_spec("tokenizers") is not None
)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with embedding_server() as url:
        yield url


class TestEmbedders(EmbedderContract):
    @pytest.fixture(params=["hashing", "remembering", "remembering in a file", "openai", "minilm"])
    async def embedder(
        self, request: pytest.FixtureRequest, tmp_path: Path, address: str
    ) -> AsyncIterator[Embedder]:
        async with AsyncExitStack() as stack:
            match request.param:
                case "hashing":
                    yield HashingEmbedder()
                case "remembering":
                    yield RememberingEmbedder(HashingEmbedder())
                case "remembering in a file":
                    made = RememberingEmbedder(HashingEmbedder(), VectorFile(tmp_path / "index.db"))
                    stack.callback(made.close)
                    yield made
                case "openai":
                    transport = await stack.enter_async_context(Transport(ModelSettings()))
                    yield OpenAIEmbedder(
                        Endpoint(
                            name="openai/embed",
                            model="embed",
                            base_url=address,
                            key=None,
                            key_hint="",
                            transport=transport,
                        )
                    )
                case _:
                    if not HAS_MINILM:
                        pytest.skip("the weights of MiniLM are not installed")
                    yield MiniLmEmbedder()


@pytest.mark.skipif(not HAS_MINILM, reason="the weights of MiniLM are not installed")
async def test_minilm_gives_the_similarities_that_its_authors_publish() -> None:
    """From the model's page: 0.7553 for the first pair (sentence-transformers, in torch)."""
    one, two, three = await MiniLmEmbedder().embed(
        ["A man is eating food.", "A man is eating a piece of bread.", "The girl is carrying a baby."]
    )
    assert cosine(one, two) == pytest.approx(0.7553, abs=2e-3)
    assert cosine(one, three) < 0.05
