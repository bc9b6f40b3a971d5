"""What a conversation asks, and of which texts; nothing that was said is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from harlm.conversations import AskedOf, ChatTurn, over, spoken, task_of, task_over
from harlm.errors import ConfigError
from harlm.types import Context

LONG = "An entry of the diary.\n" * 250
TURNS = some.lists(
    some.builds(
        ChatTurn,
        some.sampled_from(["system", "developer", "user", "assistant", "tool", "", "??"]),
        some.one_of(
            some.text(max_size=60),
            some.sampled_from([LONG, LONG + "Who wrote it?", "Task: count\n" + LONG, LONG * 3]),
        ),
        some.sampled_from(["", "", "report", "message-2-user", "report-2"]),
    ),
    min_size=1,
    max_size=8,
)


@given(TURNS)
def test_nothing_of_a_conversation_is_lost(turns: list[ChatTurn]) -> None:
    if not any(turn.text.strip() for turn in turns):
        with pytest.raises(ConfigError, match="hold no text"):
            task_of(turns)
        return
    asked = task_of(turns)
    held = list(asked.context.values())
    assert asked.question.strip()
    assert any(text.strip() for text in held)
    for turn in turns:
        assert turn.text.strip() in asked.question or turn.text in held


@given(TURNS)
def test_documents_are_in_the_order_of_the_conversation(turns: list[ChatTurn]) -> None:
    if any(turn.text.strip() for turn in turns):
        places = iter([turn.text for turn in turns])
        assert all(text in places for text in task_of(turns).context.values())


def test_the_last_message_is_the_question_and_those_before_it_the_context() -> None:
    asked = task_of([ChatTurn("user", LONG), ChatTurn("user", " Who wrote it? ")])
    assert asked == AskedOf("Who wrote it?", {"message-1-user": LONG})


def test_a_long_message_holds_its_request_and_its_data() -> None:
    text = f"{LONG}\nWho wrote it?"
    assert task_of([ChatTurn("user", text)]) == AskedOf("Who wrote it?", {"message-1-user": text})


def test_the_request_may_stand_before_the_place_of_the_answer() -> None:
    assert task_of([ChatTurn("user", f"{LONG}\nQuery: Who wrote it?\nAnswer: ")]).question == "Who wrote it?"


def test_a_long_message_without_a_request_says_itself_what_is_asked_for() -> None:
    asked = task_of([ChatTurn("user", LONG)])
    assert asked.question == "Do what is asked for in message-1-user; it holds the request and its data."
    assert asked.context == {"message-1-user": LONG}


def test_messages_of_the_system_are_instructions() -> None:
    asked = task_of(
        [ChatTurn("system", "Answer in French."), ChatTurn("user", LONG), ChatTurn("user", "Who?")]
    )
    assert asked.question == "Who?\n\nInstructions for the answer:\n\nAnswer in French."
    assert list(asked.context) == ["message-2-user"]


def test_very_long_instructions_are_a_document_that_the_question_names() -> None:
    asked = task_of([ChatTurn("system", LONG * 3), ChatTurn("user", "Who?")])
    assert asked.question.endswith("Follow message-1-system.")
    assert asked.context == {"message-1-system": LONG * 3}


def test_a_question_after_others_is_asked_of_the_conversation() -> None:
    turns = [
        ChatTurn("user", "Who?"),
        ChatTurn("assistant", "Ann."),
        ChatTurn("tool", "a result"),
        ChatTurn("user", "Why?"),
    ]
    asked = task_of(turns)
    assert asked.question.startswith("Why?\n\nThe documents named message-… are the conversation until now")
    assert asked.context == {
        "message-1-user": "Who?",
        "message-2-assistant": "Ann.",
        "message-3-tool": "a result",
    }


def test_results_of_tools_after_the_question_are_context() -> None:
    asked = task_of(
        [ChatTurn("user", "Who?"), ChatTurn("assistant", "I look it up."), ChatTurn("tool", "Ann")]
    )
    assert asked.question.startswith("Who?")
    assert list(asked.context) == ["message-2-assistant", "message-3-tool"]


def test_a_lone_question_is_its_own_context() -> None:
    assert task_of([ChatTurn("user", "Who?")]) == AskedOf("Who?", {"message-1-user": "Who?"}, is_alone=True)


def test_a_system_message_alone_is_the_question() -> None:
    assert task_of([ChatTurn("system", "Who?")]).question == "Who?"


def test_documents_have_the_names_that_were_given() -> None:
    turns = [ChatTurn("user", "one", "a"), ChatTurn("user", "two", "a"), ChatTurn("user", "Who?")]
    assert task_of(turns).context == {"a": "one", "a-2": "two"}


def test_a_question_over_documents_brings_what_was_said_before_it() -> None:
    turns = [
        ChatTurn("user", "Who?"),
        ChatTurn("assistant", "Ann."),
        ChatTurn("tool", "x"),
        ChatTurn("user", "Why?"),
    ]
    asked = task_over([ChatTurn("system", "Be brief."), *turns])
    before = "The conversation before this question, which it may refer to:\nUser: Who?\nAssistant: Ann."
    assert asked.question == f"Why?\n\n{before}\n\nInstructions for the answer:\n\nBe brief."
    documents = Context.of_text("a text", name="a.txt")
    assert over(asked, documents) is documents


def test_of_many_long_turns_before_a_question_over_documents_the_last_are_told_and_cut() -> None:
    turns = [ChatTurn(("user", "assistant")[at % 2], f"turn {at} {LONG}") for at in range(40)]
    asked = task_over([*turns, ChatTurn("user", "and then?")])
    assert len(asked.question) < 15_000
    assert "turn 39" in asked.question
    assert "turn 3 " not in asked.question
    assert asked.is_alone


def test_a_long_question_over_documents_is_read_beside_them() -> None:
    asked = task_over([ChatTurn("user", f"{LONG}\ud800\nWho wrote it?")])
    assert asked.question == "Who wrote it?"
    both = over(asked, Context.of_text("a text", name="a.txt"))
    assert [each.name for each in both.documents] == ["a.txt", "message-1-user"]
    assert both.documents[1].text == spoken(asked).documents[0].text == f"{LONG}\ufffd\nWho wrote it?"


def test_the_request_in_a_lone_message_is_its_question() -> None:
    asked = task_of([ChatTurn("user", "The sky is green.\nWhich colour?")])
    assert (asked.question, asked.is_alone) == ("Which colour?", True)
