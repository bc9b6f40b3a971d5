"""Embedders of installed packages: how they are chosen, refused and paid for."""

from __future__ import annotations

from pathlib import Path

import pytest

from harlm import config
from harlm.assembly import open_embedder
from harlm.budget import Account, Billing, PriceList
from harlm.budget.embedding import EmbeddingMeter
from harlm.config import ModelSettings
from harlm.embedders.brought import PaidEmbedder, brought_embedder
from harlm.embedders.hashing import HashingEmbedder
from harlm.errors import ConfigError
from harlm.types import Price
from tests.support.installed import install, site

__all__ = ["site"]

CODE = """\
from harlm.embedders.hashing import HashingEmbedder

class Remote(HashingEmbedder):
    needs_network = True

class Local(HashingEmbedder):
    needs_network = False

def make(name, settings):
    return Local(64) if name == "local" else Remote(32)

def make_text(name, settings):
    return "an embedder"
"""


@pytest.fixture(autouse=True)
def acme(site: Path) -> None:
    points = {"acme": "make", "text": "make_text", "hashing": "make_text", "openai": "make_text"}
    install(site, "brings_embedders", CODE, {"embedders": points})


async def test_it_is_chosen_by_its_name_with_or_without_one_behind_it() -> None:
    for named, dimension in (("acme", 32), ("acme/local", 64)):
        chosen = config.overridden(config.Config(), {"memory.embedder": named})
        async with open_embedder(chosen) as embedder:
            rows = await embedder.embed(["a text"])
            assert len(rows[0]) == 4 * dimension


def test_built_in_names_stay_built_in() -> None:
    for named in ("hashing", "openai/text-embedding-3-small", "nothing-brings-this"):
        assert brought_embedder(named, ModelSettings()) is None


def test_what_is_no_embedder_or_needs_a_network_offline_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"'text' of the package brings_embedders .*made a str"):
        brought_embedder("text", ModelSettings())
    with pytest.raises(ConfigError, match="acme needs a network"):
        brought_embedder("acme", ModelSettings(offline=True))
    assert brought_embedder("acme/local", ModelSettings(offline=True)) is not None


async def test_one_that_has_a_price_is_paid_for() -> None:
    account = Account()
    billing = Billing(PriceList(own={"acme/large": Price(input=1_000.0, output=0.0)}))
    paid = PaidEmbedder(HashingEmbedder(32), EmbeddingMeter("acme/large", account, billing))
    assert len(await paid.embed(["one", "two"])) == 2
    assert (paid.tag, paid.dimension) == (HashingEmbedder(32).tag, 32)
    spent = account.usage
    assert await paid.embed([]) == []
    assert account.usage == spent
    assert spent.calls == 1
    assert spent.cost_micros
