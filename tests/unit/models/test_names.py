from __future__ import annotations

import pytest

from harlm.errors import ConfigError
from harlm.models.names import PROVIDERS, parse_model_name


@pytest.mark.parametrize(
    ("text", "full", "provider", "name", "base_url"),
    [
        ("openai/gpt-5", "openai/gpt-5", "openai", "gpt-5", None),
        ("openrouter/qwen/qwen3", "openrouter/qwen/qwen3", "openrouter", "qwen/qwen3", None),
        ("ollama/qwen3:8b", "ollama/qwen3:8b", "ollama", "qwen3:8b", None),
        ("openai/x@http://127.0.0.1:8000/v1/", "openai/x", "openai", "x", "http://127.0.0.1:8000/v1"),
        ("anthropic/c@https://proxy.example", "anthropic/c", "anthropic", "c", "https://proxy.example"),
        ("http://host:8000/v1#my model", "openai/my model", "openai", "my model", "http://host:8000/v1"),
        ("openai/name@with-at", "openai/name@with-at", "openai", "name@with-at", None),
        ("local/~/a@b.gguf", "local/~/a@b.gguf", "local", "~/a@b.gguf", None),
        (
            "local//models/a.gguf@http://x",
            "local//models/a.gguf@http://x",
            "local",
            "/models/a.gguf@http://x",
            None,
        ),
        ("offline/extractive", "offline/extractive", "offline", "extractive", None),
    ],
)
def test_a_name_is_split_into_its_parts(
    text: str, full: str, provider: str, name: str, base_url: str | None
) -> None:
    parsed = parse_model_name(text)
    assert (parsed.full, parsed.provider, parsed.name, parsed.base_url) == (full, provider, name, base_url)


@pytest.mark.parametrize(
    "text",
    [
        "gpt-5",
        "unknown/x",
        "openai/",
        "local/",
        "/x",
        "",
        "offline/other",
        "http://host/v1",
        "http://#x",
        "openai/x@http://:99999999/v1",
    ],
)
def test_an_invalid_name_is_quoted_in_the_error(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_model_name(text)
    assert repr(text) in str(caught.value)


def test_the_example_of_every_provider_is_valid() -> None:
    for name, provider in PROVIDERS.items():
        assert parse_model_name(provider.example).provider == name
