"""The model that a server says has answered, beside the one that was asked."""

from __future__ import annotations

import pytest

from harlm import events
from harlm.engine.served import is_another
from tests.support.completions import SayingModel, completion
from tests.support.nodes import ask_model, node_with


@pytest.mark.parametrize(
    ("asked", "served"),
    [
        ("openai/gpt-5", "gpt-5"),
        ("openai/gpt-5", "gpt-5-2025-08-07"),
        ("openai/gpt-4o-latest", "gpt-4o-2024-11-20"),
        ("openrouter/anthropic/claude-sonnet-4", "anthropic/claude-4-sonnet-20250522"),
        ("openrouter/openrouter/auto", "qwen/qwen3-coder"),
        ("ollama/qwen3:8b", "qwen3:8b"),
        ("openai/local", "/models/qwen2.5-0.5b.gguf"),
        ("openai/local", "C:\\models\\qwen.gguf"),
        ("openai/Qwen2.5-0.5B", "qwen2.5-0.5b-instruct-q4_k_m"),
        ("gemini/gemini-2.5-flash", "models/gemini-2.5-flash"),
        ("openai/m", ""),
        ("openai/m", "…"),
    ],
)
def test_variants_dates_paths_and_aliases_are_the_same_model(asked: str, served: str) -> None:
    assert not is_another(asked, served)


@pytest.mark.parametrize(
    ("asked", "served"),
    [("openai/nosuch", "qwen05"), ("openai/gpt-5", "gpt-4o"), ("ollama/qwen3:8b", "llama3.2:1b")],
)
def test_another_model_is_another(asked: str, served: str) -> None:
    assert is_another(asked, served)


async def test_it_is_noted_once_a_run() -> None:
    node, log = node_with(SayingModel([completion("4711", served_by="qwen05")], name="openai/nosuch"))
    for _ in range(3):
        await ask_model(node)
    await ask_model(node.child())
    (note,) = log.of(events.Noted)
    assert "'nosuch'" in note.message
    assert "'qwen05' answered" in note.message


async def test_a_long_name_is_cut() -> None:
    node, log = node_with(SayingModel([completion("4711", served_by="q" * 100_000)]))
    await ask_model(node)
    assert len(log.of(events.Noted)[0].message) < 600
