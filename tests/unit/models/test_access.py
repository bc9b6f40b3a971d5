"""The address and the key of a named model, and that no key is sent to a second address."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack

import pytest

from harlm.config import ModelSettings
from harlm.errors import ConfigError
from harlm.models.access import Access, Endpoint
from harlm.models.names import parse_model_name

KEYS = {
    "OPENAI_API_KEY": "openai-key",
    "ANTHROPIC_API_KEY": "anthropic-key",
    "GEMINI_API_KEY": "gemini-key",
    "OPENROUTER_API_KEY": "openrouter-key",
}
OPENAI = "https://api.openai.com/v1"


async def endpoints(
    *names: str, variables: Mapping[str, str] = KEYS, **settings: str | bool | None
) -> list[Endpoint]:
    """The endpoints of models that a run reaches one after another."""
    async with AsyncExitStack() as cleanup:
        access = Access(ModelSettings(**settings), variables, cleanup)  # type: ignore[arg-type] # of the test
        return [await access.endpoint(parse_model_name(name)) for name in names]


@pytest.mark.parametrize(
    ("name", "address", "key"),
    [
        ("openai/gpt-5", OPENAI, "openai-key"),
        ("anthropic/claude", "https://api.anthropic.com", "anthropic-key"),
        ("gemini/flash", "https://generativelanguage.googleapis.com", "gemini-key"),
        ("openrouter/qwen/qwen3", "https://openrouter.ai/api/v1", "openrouter-key"),
        ("ollama/qwen3", "http://127.0.0.1:11434/v1", None),
    ],
)
async def test_a_provider_s_model_is_at_its_address_with_its_key(
    name: str, address: str, key: str | None
) -> None:
    (endpoint,) = await endpoints(name)
    assert (endpoint.base_url, endpoint.key, endpoint.is_custom) == (address, key, False)
    assert endpoint.name == name
    assert endpoint.model == name.partition("/")[2]


async def test_the_second_variable_of_a_provider_is_used_if_the_first_is_empty() -> None:
    (endpoint,) = await endpoints("gemini/f", variables={"GEMINI_API_KEY": " ", "GOOGLE_API_KEY": "google"})
    assert (endpoint.key, endpoint.key_hint) == ("google", "GOOGLE_API_KEY")


async def test_a_missing_key_is_an_error_that_names_its_variable() -> None:
    with pytest.raises(ConfigError) as caught:
        await endpoints("anthropic/claude", variables={})
    assert str(caught.value) == (
        "anthropic/claude needs a key: set ANTHROPIC_API_KEY (or HARLM_API_KEY), "
        "or use another model (`harlm models` lists them)"
    )


@pytest.mark.parametrize("name", ["openai/x@http://box:8000/v1/", "http://box:8000/v1#x"])
async def test_an_address_in_the_name_gets_no_provider_s_key(name: str) -> None:
    (endpoint,) = await endpoints(name)
    assert (endpoint.base_url, endpoint.key, endpoint.is_custom) == ("http://box:8000/v1", None, True)


async def test_base_url_holds_for_openai_names_only() -> None:
    own, other = await endpoints("openai/x", "anthropic/c", base_url="http://box/v1/")
    assert (own.base_url, own.key, own.is_custom) == ("http://box/v1", None, True)
    assert (other.base_url, other.key) == ("https://api.anthropic.com", "anthropic-key")


async def test_harlm_s_key_goes_to_base_url_and_nowhere_else() -> None:
    elsewhere, own = await endpoints(
        "openai/y@http://other/v1", "openai/x", api_key="harlm-key", base_url="http://box/v1"
    )
    assert elsewhere.key is None
    assert (own.key, own.key_hint) == ("harlm-key", "HARLM_API_KEY (models.api_key)")


async def test_without_base_url_harlm_s_key_goes_to_the_address_of_the_first_model() -> None:
    first, second, third = await endpoints(
        "anthropic/c", "anthropic/d", "gemini/f", api_key="harlm-key", variables=KEYS
    )
    assert (first.key, second.key, third.key) == ("harlm-key", "harlm-key", "gemini-key")


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("box:1234", "http://box:1234/v1"),
        ("http://box:1234/", "http://box:1234/v1"),
        ("https://box/v1", "https://box/v1"),
        ("  ", "http://127.0.0.1:11434/v1"),
    ],
)
async def test_ollama_s_variable_gives_its_address_with_or_without_a_scheme(value: str, address: str) -> None:
    (endpoint,) = await endpoints("ollama/x", variables={"OLLAMA_HOST": value})
    assert (endpoint.base_url, endpoint.is_custom) == (address, bool(value.strip()))


async def test_openai_s_variable_moves_its_models_and_their_key() -> None:
    (endpoint,) = await endpoints("openai/x", variables={**KEYS, "OPENAI_BASE_URL": "http://proxy/v1"})
    assert (endpoint.base_url, endpoint.key) == ("http://proxy/v1", "openai-key")


async def test_an_address_in_the_name_does_not_get_the_key_that_its_variable_s_address_gets() -> None:
    variables = {**KEYS, "OPENAI_BASE_URL": "http://proxy/v1"}
    (endpoint,) = await endpoints("openai/x@http://box/v1", variables=variables)
    assert (endpoint.base_url, endpoint.key) == ("http://box/v1", None)


async def test_an_invalid_address_in_a_variable_is_an_error_that_quotes_it() -> None:
    with pytest.raises(ConfigError) as caught:
        await endpoints("ollama/x", variables={"OLLAMA_HOST": "box:99999999"})
    assert (
        str(caught.value)
        == "OLLAMA_HOST = 'http://box:99999999' is not a valid address: use http://host:port"
    )


async def test_models_share_their_connections() -> None:
    first, second = await endpoints("openai/x", "anthropic/c")
    assert first.transport is second.transport


async def test_all_keys_that_are_set_are_secrets() -> None:
    async with AsyncExitStack() as cleanup:
        secrets = Access(ModelSettings(api_key="harlm-key"), KEYS, cleanup).secrets
    assert {each for each in secrets if each} == {"harlm-key", *KEYS.values()}


async def test_what_a_model_holds_is_closed_at_the_end() -> None:
    closed: list[str] = []
    async with AsyncExitStack() as cleanup:
        Access(ModelSettings(), {}, cleanup).at_the_end(lambda: closed.append("model"))
        assert closed == []
    assert closed == ["model"]
