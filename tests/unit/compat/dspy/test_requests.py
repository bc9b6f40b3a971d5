"""Requests of DSPy as questions."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest

from harlm.compat.dspy.requests import AskedRequest, asked_by
from harlm.errors import ConfigError
from harlm.types import Answer, Citation

LONG = "An entry of the diary.\n" * 200
CITED = Citation(source="context", start=0, end=2, line=1, page=None, place="context:1", quote="An")


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a request, as far as they matter here."""

    temperature: float | None = None
    response_format: Any = None


def request(text: str, kind: str = "text", **settings: Any) -> SimpleNamespace:
    """A request as DSPy makes it."""
    message = SimpleNamespace(role="user", parts=(SimpleNamespace(type=kind, text=text),))
    return SimpleNamespace(system="Be brief.", messages=(message,), tools=(), config=Settings(**settings))


def test_a_request_is_a_question_over_its_long_fields() -> None:
    text = (
        f"[[ ## context ## ]]\n{LONG}\n\n[[ ## question ## ]]\nWho?\n\nRespond with the corresponding output fields, "
        "starting with the field `[[ ## answer ## ]]`, and then ending with the marker for `[[ ## completed ## ]]`."
    )
    asked = asked_by(request(text), {"answer": str})
    assert asked.question.startswith("Who?")
    assert "Be brief." in asked.question
    assert asked.context == {"context": LONG.strip()}
    assert (asked.schema, asked.outputs) == (None, ["answer"])
    shown = asked.shown(Answer(text="Ann [context:1]", citations=(CITED,)))
    assert shown == "[[ ## answer ## ]]\nAnn\n\n[[ ## completed ## ]]"


def test_values_of_a_schema_are_marked_or_written_as_json() -> None:
    answer = Answer(text="", data={"why": "so [context:1]", "n": 3}, citations=(CITED,))
    assert (
        AskedRequest("Who?", {}, {}, ["why", "n"])
        .shown(answer)
        .startswith("[[ ## why ## ]]\nso\n\n[[ ## n ## ]]\n3")
    )
    assert AskedRequest("Who?", {}, {}, []).shown(answer) == '{"why": "so", "n": 3}'


def test_plain_prompts_are_answered_in_plain_text() -> None:
    asked = asked_by(request("Who?", response_format=None), {})
    assert asked.shown(Answer(text="Ann")) == "Ann"


def test_what_cannot_be_read_or_set_is_refused() -> None:
    with pytest.raises(ConfigError, match="a message holds image; HARLM reads text"):
        asked_by(request("Who?", "image"), {})
    with pytest.raises(ConfigError, match="HarlmLM has no temperature"):
        asked_by(request("Who?", temperature=1.0), {})
