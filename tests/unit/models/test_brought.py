"""Models of installed packages: how they are named, made, kept and closed."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from harlm import HARLM
from harlm.config import ModelSettings
from harlm.errors import ConfigError
from harlm.models.access import Access
from harlm.models.brought import brought_model
from harlm.models.choosing import ModelMaker
from harlm.models.names import parse_model_name
from harlm.models.wrappers import Layers
from harlm.types import Price
from tests.support.installed import install, site

__all__ = ["site"]

CODE = """\
from harlm.types import Completion, Usage

CLOSED = []

class Model:
    window = 9_000

    def __init__(self, name):
        self.name = f"acme/{name}"

    async def complete(self, messages, sampling):
        usage = Usage(calls=1, input_tokens=100, output_tokens=10, cost_micros=None)
        return Completion(text="It opened in 1883.", model=self.name, usage=usage)

    async def close(self):
        CLOSED.append(self.name)

class Kept(Model):
    identity = "this machine"
    needs_network = False

def make(name, settings):
    assert settings.api_key is None
    return Kept(name) if name == "kept" else Model("other" if name == "misnamed" else name)

def make_text(name, settings):
    return "a model"
"""


@pytest.fixture(autouse=True)
def acme(site: Path) -> None:
    install(
        site, "brings_models", CODE, {"models": {"acme": "make", "text": "make_text", "openai": "make_text"}}
    )


def test_a_name_is_that_of_the_extension_and_all_behind_it() -> None:
    name = parse_model_name("acme/large/v2 @ home")
    assert (name.provider, name.name, name.full, name.is_brought) == (
        "acme",
        "large/v2 @ home",
        "acme/large/v2 @ home",
        True,
    )
    assert not parse_model_name("openai/gpt-5").is_brought


def test_an_address_in_the_name_is_refused_and_not_shown() -> None:
    with pytest.raises(ConfigError, match="takes no address") as caught:
        parse_model_name("acme/large@http://user:secret@host/v1")
    assert "secret" not in str(caught.value)


def test_a_provider_that_nothing_brings_is_refused_with_all_names() -> None:
    with pytest.raises(ConfigError, match=r"offline, acme, text, local/PATH"):
        parse_model_name("acne/large")


async def test_it_is_made_and_closed_with_the_run() -> None:
    import brings_models  # type: ignore[import-not-found] # made by this test

    settings = ModelSettings(api_key="sk-of-harlm")
    async with AsyncExitStack() as stack:
        maker = ModelMaker(settings, Access(settings, {}, stack), Layers(), lambda _: None)
        model, kept = await maker.make("acme/large"), await maker.make("acme/kept")
        assert (model.name, model.window, maker.named) == ("acme/large", 9_000, ["acme/large", "acme/kept"])
        assert maker.identity_of(model) is None
        assert maker.identity_of(kept) == "acme/kept at this machine"
    assert brings_models.CLOSED[-2:] == ["acme/kept", "acme/large"]


def test_what_is_no_model_or_has_another_name_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"'text' of the package brings_models .*made a str"):
        brought_model(parse_model_name("text/x"), ModelSettings())
    with pytest.raises(ConfigError, match=r"made a model with the name 'acme/other', .* 'acme/misnamed'"):
        brought_model(parse_model_name("acme/misnamed"), ModelSettings())


def test_offline_refuses_what_does_not_say_that_it_needs_no_network() -> None:
    with pytest.raises(ConfigError, match="acme/large needs a network, and the run is offline"):
        brought_model(parse_model_name("acme/large"), ModelSettings(offline=True))
    assert brought_model(parse_model_name("acme/kept"), ModelSettings(offline=True)).model.window == 9_000


def test_it_is_metered_and_priced_by_its_full_name() -> None:
    client = HARLM("acme/large", mode="direct", prices={"acme/large": Price(input=1_000.0, output=1_000.0)})
    estimate = client.estimate("When did the bridge open?", "The bridge opened in 1883.")
    assert (estimate.root.name, estimate.root.window) == ("acme/large", 9_000)
    answer = client.ask("When did the bridge open?", "The bridge opened in 1883.")
    assert (answer.text, answer.usage.calls, answer.usage.cost_micros) == ("It opened in 1883.", 1, 110_000)
