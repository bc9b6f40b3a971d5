"""Messages of LlamaIndex as a question and its context."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from harlm.compat.llama_index.messages import asked_by
from harlm.errors import ConfigError


def message(role: str, content: str, kind: str = "text") -> SimpleNamespace:
    """A message as LlamaIndex makes it."""
    return SimpleNamespace(
        role=SimpleNamespace(value=role), content=content, blocks=[SimpleNamespace(block_type=kind)]
    )


def test_the_last_message_is_the_question() -> None:
    assert asked_by([message("user", "a text"), message("user", "Who?")], {}) == (
        "Who?",
        {"message-1-user": "a text"},
    )


def test_a_prompt_holds_its_question_and_its_data() -> None:
    prompt = "Context information is below.\n" + "A line.\n" * 400 + "Query: Who is it?\nAnswer: "
    assert asked_by(prompt, {}) == ("Who is it?", {"message-1-user": prompt})


def test_what_cannot_be_read_or_set_is_refused() -> None:
    with pytest.raises(ConfigError, match="of the role user holds image; HARLM reads text"):
        asked_by([message("user", "", "image")], {})
    with pytest.raises(ConfigError, match="HarlmLLM has no temperature"):
        asked_by("Who?", {"temperature": 1})
