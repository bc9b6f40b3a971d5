"""What callers pass is checked before anything is read or paid for."""

from __future__ import annotations

import pytest

from harlm.checks import check_kind, check_models, checked_mode, checked_question, question_in, request_in
from harlm.errors import ConfigError
from harlm.testing import ScriptedModel
from harlm.types import MODES


@pytest.mark.parametrize(
    ("prompt", "request_"),
    [
        ("a long text\n\nQuestion: who is it?", "who is it?"),
        ("Task: add the numbers\n1\n2", "add the numbers"),
        ("Who is it?\nthe text", "Who is it?"),
        ("the text\n谁？", "谁？"),
        ("QUERY:   count   \nx", "count"),
        ("a text\nwithout a request", None),
        ("Question:\nx", None),
        ("x" * 3_000 + "?", None),
        ("", None),
        (["Who?"], None),
    ],
)
def test_the_request_stands_in_the_last_or_the_first_line(prompt: object, request_: str | None) -> None:
    assert request_in(prompt) == request_


def test_a_prompt_without_a_request_says_itself_what_is_asked_for() -> None:
    assert question_in("Who is it?\nthe text") == "Who is it?"
    assert question_in({"a": "Who?"}).startswith("Do what is asked for in the context")


def test_an_argument_is_of_its_type_or_none() -> None:
    check_kind("home", None, str, "str")
    check_kind("home", "x", (str, bytes), "str")
    with pytest.raises(ConfigError, match="home is of type int; pass a str or Path"):
        check_kind("home", 5, (str,), "str or Path")


def test_a_model_is_a_name_a_callable_or_one_with_complete() -> None:
    for chosen in (None, "openai/x", len, ScriptedModel([])):
        check_models(model=chosen)
    with pytest.raises(ConfigError, match="sub_model is of type int; pass a name such as"):
        check_models(sub_model=5)


def test_a_question_is_text_with_words_in_it() -> None:
    assert checked_question("  Who? \n") == "Who?"
    assert checked_question("half \ud800?") == "half \ufffd?"
    with pytest.raises(ConfigError, match="the question is of type bytes; pass a str"):
        checked_question(b"Who?")
    with pytest.raises(ConfigError, match="the question is empty"):
        checked_question(" \n")


def test_a_mode_exists() -> None:
    assert [checked_mode(each) for each in (*MODES, "auto")] == [*MODES, "auto"]
    with pytest.raises(ConfigError, match="mode 'quick' does not exist; use auto, direct"):
        checked_mode("quick")
