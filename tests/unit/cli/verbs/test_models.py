"""``harlm models``: providers, keys and prices."""

from __future__ import annotations

import json
from pathlib import Path

from harlm.models.local.known import KNOWN
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
        "local",
        "offline",
    }


def test_the_known_files_are_listed_with_their_hashes(clean_environment: Path) -> None:
    folder = clean_environment / "models"
    folder.mkdir()
    (folder / "mine.gguf").write_bytes(b"GGUF")
    with (folder / KNOWN["smollm2-135m"].file).open("wb") as out:
        out.truncate(KNOWN["smollm2-135m"].size)
    ran = harlm("models", "--local")
    assert ran.code == 0, ran.err
    for known in KNOWN.values():
        assert known.sha256 in ran.out
    assert "not here: harlm local fetch qwen2.5-coder-0.5b" in ran.out
    assert "local/mine\n" in ran.out
    listed = json.loads(harlm("models", "--local", "--format", "json").out)
    assert {row["name"]: row["here"] for row in listed["known"]} == {
        "qwen2.5-coder-0.5b": False,
        "qwen2.5-coder-1.5b": False,
        "smollm2-135m": True,
    }
    assert (listed["folder"], listed["others"]) == (str(folder), ["mine.gguf"])
