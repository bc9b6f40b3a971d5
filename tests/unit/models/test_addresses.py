from __future__ import annotations

import pytest

from harlm.models.addresses import base_of, is_azure, is_near, joined


@pytest.mark.parametrize(
    ("protocol", "pasted", "base"),
    [
        ("openai", "http://h:1/v1", "http://h:1/v1"),
        ("openai", "http://h:1/v1/", "http://h:1/v1"),
        ("openai", "http://h:1/v1/chat/completions", "http://h:1/v1"),
        ("openai", "http://h:1/v1/chat/completions/", "http://h:1/v1"),
        ("openai", "http://h:1/v1/completions", "http://h:1/v1"),
        ("openai", "http://h:1", "http://h:1"),
        (
            "openai",
            "https://r.openai.azure.com/openai/deployments/d/chat/completions?api-version=1",
            "https://r.openai.azure.com/openai/deployments/d?api-version=1",
        ),
        ("anthropic", "http://h/v1/messages", "http://h"),
        ("anthropic", "http://h/anthropic/v1", "http://h/anthropic"),
        ("anthropic", "http://h", "http://h"),
        ("gemini", "http://h/v1beta/models/g:generateContent", "http://h/v1beta"),
        ("gemini", "http://h/v1", "http://h/v1"),
        ("gemini", "http://h", "http://h"),
    ],
)
def test_an_address_is_understood_as_it_is_pasted(protocol: str, pasted: str, base: str) -> None:
    assert base_of(pasted, protocol) == base


def test_a_path_stands_before_the_query() -> None:
    assert joined("http://h/v1", "/models") == "http://h/v1/models"
    assert (
        joined("http://h/d?api-version=1", "/chat/completions") == "http://h/d/chat/completions?api-version=1"
    )
    assert joined("http://h?key=1", "/m:stream?alt=sse") == "http://h/m:stream?key=1&alt=sse"


def test_azure_is_known_by_its_host_or_its_version() -> None:
    assert is_azure("https://r.openai.azure.com/openai/v1")
    assert is_azure("http://127.0.0.1:1/openai/deployments/d?api-version=2024-10-21")
    assert not is_azure("https://api.openai.com/v1")
    assert not is_azure("https://openai.azure.com.example.org/v1")


@pytest.mark.parametrize(
    ("address", "near"),
    [
        ("http://127.0.0.1:8000/v1", True),
        ("http://localhost:8000/v1", True),
        ("http://[::1]:8000/v1", True),
        ("http://192.168.0.7/v1", True),
        ("http://vllm:8000/v1", True),
        ("http://gpu.local/v1", True),
        ("https://api.openai.com/v1", False),
        ("http://8.8.8.8/v1", False),
        ("", False),
    ],
)
def test_servers_of_ones_own_are_near(address: str, near: bool) -> None:
    assert is_near(address) == near
