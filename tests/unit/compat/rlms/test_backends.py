"""Models that are named by a backend."""

from __future__ import annotations

import pytest

from harlm.compat.rlms.backends import backend_model
from harlm.errors import ConfigError


@pytest.mark.parametrize(
    ("backend", "arguments", "name"),
    [
        ("openai", {"model_name": "gpt-5"}, "openai/gpt-5"),
        ("openai", {"model_name": "a/b", "base_url": "http://h:1/v1"}, "openai/a/b@http://h:1/v1"),
        ("vllm", {"model_name": "m", "base_url": "http://h:1/v1"}, "openai/m@http://h:1/v1"),
        ("openrouter", {"model_name": "qwen/qwen3"}, "openrouter/qwen/qwen3"),
        ("anthropic", {"model_name": "claude"}, "anthropic/claude"),
        ("gemini", None, "gemini/gemini-2.5-flash"),
        ("vercel", {"model_name": "x/y"}, "openai/x/y@https://ai-gateway.vercel.sh/v1"),
    ],
)
def test_a_backend_becomes_a_name(backend: str, arguments: dict[str, str] | None, name: str) -> None:
    model = backend_model(backend, arguments, "backend_kwargs")
    assert model.name == name
    assert name.split("@")[0].endswith(model.own_name)


def test_what_holds_for_requests_becomes_settings() -> None:
    arguments = {
        "model_name": "m",
        "api_key": "sk-1",
        "timeout": 30,
        "max_retries": None,
        "sampling_args": {"temperature": 0.5, "seed": 7, "top_p": None},
    }
    model = backend_model("openai", arguments, "backend_kwargs")
    assert model.settings == {"models.timeout_s": 30, "models.temperature": 0.5, "engine.seed": 7}
    assert model.api_key == "sk-1"
    assert "sk-1" not in repr(model)


def test_the_key_of_the_gateway_comes_from_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AI_GATEWAY_API_KEY", "sk-2")
    assert backend_model("vercel", {"model_name": "m"}, "backend_kwargs").api_key == "sk-2"


@pytest.mark.parametrize(
    ("backend", "arguments", "said"),
    [
        (
            "portkey",
            {"model_name": "m"},
            "backend 'portkey' cannot be used with HARLM; use openai, openrouter",
        ),
        ("openai", {}, "backend_kwargs of backend 'openai' has no model_name; add it"),
        ("vllm", {"model_name": "m"}, "has no base_url; add it"),
        (
            "openai",
            {"model_name": "m", "default_headers": {"a": "b"}},
            "backend_kwargs: HARLM has no default_headers",
        ),
        (
            "openai",
            {"model_name": "m", "sampling_args": {"top_p": 0.5}},
            "sampling_args in backend_kwargs: HARLM has no top_p",
        ),
    ],
)
def test_what_harlm_does_not_have_is_refused_by_name(
    backend: str, arguments: dict[str, object], said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        backend_model(backend, arguments, "backend_kwargs")
