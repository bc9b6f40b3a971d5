from __future__ import annotations

import pytest
from harlm_ngrams import NgramEmbedder, make

from harlm.config import ModelSettings
from harlm.errors import ConfigError
from harlm.testing.contracts import EmbedderContract
from harlm.testing.contracts.embedder import cosine


class TestNgramEmbedder(EmbedderContract):
    @pytest.fixture
    def embedder(self) -> NgramEmbedder:
        return make("", ModelSettings())


@pytest.mark.asyncio
async def test_words_that_are_spelled_alike_are_near_each_other() -> None:
    one, like, other = await make("4", ModelSettings()).embed(["organisation", "organization", "harbour"])
    assert cosine(one, like) > 0.4 > cosine(one, other)


def test_a_size_that_does_not_exist_is_an_error_of_settings() -> None:
    with pytest.raises(ConfigError, match="from 1 to 9"):
        make("large", ModelSettings())
