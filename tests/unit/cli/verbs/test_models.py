"""``harlm models``: providers, keys and prices."""

from __future__ import annotations

import json

from tests.support.cli import harlm


def test_models_never_show_a_key() -> None:
    ran = harlm("models", environment={"OPENAI_API_KEY": "sk-very-secret", "HARLM_MODEL": "openai/gpt-5"})
    assert "root model: openai/gpt-5" in ran.out
    assert "OPENAI_API_KEY is set" in ran.out
    assert "sk-very-secret" not in ran.out + ran.err
    rows = json.loads(harlm("models", "--format", "json").out)["providers"]
    assert {row["provider"] for row in rows} == {
        "openai",
        "anthropic",
        "gemini",
        "openrouter",
        "ollama",
        "offline",
    }
