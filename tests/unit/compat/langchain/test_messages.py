"""Messages of LangChain as a question and its context."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from harlm.compat.langchain.messages import asked_by
from harlm.errors import ConfigError
from harlm.types import Context


def message(kind: str, content: Any, **more: Any) -> SimpleNamespace:
    """A message as LangChain makes it."""
    text = content if isinstance(content, str) else "".join(each.get("text", "") for each in content)
    return SimpleNamespace(type=kind, content=content, text=text, **more)


def test_the_last_message_is_the_question() -> None:
    given = [
        message("system", "Be brief."),
        message("human", "a text"),
        message("ai", "", tool_calls=[{"name": "look", "args": {"at": 1}}]),
        message("chat", "a note", role="narrator"),
        message("human", [{"type": "text", "text": "Who?"}]),
    ]
    question, context = asked_by(given, {}, None)
    assert question.startswith("Who?")
    assert "Be brief." in question
    assert isinstance(context, dict)
    assert list(context) == ["message-2-user", "message-3-assistant", "message-4-narrator"]
    assert '"look"' in context["message-3-assistant"]


def test_documents_are_the_context_and_what_was_said_before_goes_with_the_question() -> None:
    Path("a.txt").write_text("by Ann", encoding="utf-8")
    assert asked_by([message("human", "Who?")], {}, Path("a.txt")) == ("Who?", Path("a.txt"))
    question, context = asked_by([message("human", "a text"), message("human", "Who?")], {}, Path("a.txt"))
    assert "User: a text" in question
    assert context == Path("a.txt")
    _, both = asked_by([message("human", "a long text\n" * 500)], {}, Path("a.txt"))
    assert isinstance(both, Context)
    assert [Path(each.name).name for each in both.documents] == ["a.txt", "message-1-user"]


def test_what_cannot_be_read_or_set_is_refused() -> None:
    with pytest.raises(ConfigError, match="of the role user holds image_url; HARLM reads text"):
        asked_by([message("human", [{"type": "image_url", "image_url": "x"}])], {}, None)
    with pytest.raises(ConfigError, match="ChatHarlm has no tools"):
        asked_by([message("human", "Who?")], {"tools": []}, None)
