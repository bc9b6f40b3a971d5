"""Which question a conversation asks, and over which text."""

from __future__ import annotations

import pytest

from harlm.server.bodies import ContentPart
from harlm.server.failures import RequestRefused
from harlm.server.questions import Utterance, about_corpus, about_itself, utterance

LONG = "A line of data that is read and not asked.\n" * 300


def said(*turns: tuple[str, str]) -> list[Utterance]:
    return [Utterance(role, (text,)) for role, text in turns]


def test_over_a_corpus_the_last_message_of_the_user_is_the_question() -> None:
    posed = about_corpus(said(("user", "Which services are there?")))
    assert (posed.question, posed.is_alone) == ("Which services are there?", True)


def test_earlier_turns_go_with_a_question_over_a_corpus() -> None:
    posed = about_corpus(
        said(("user", "What are the first two?"), ("assistant", "A and B."), ("user", "and the second one?"))
    )
    assert posed.question.startswith("and the second one?\n")
    assert "User: What are the first two?\nAssistant: A and B." in posed.question
    assert posed.is_alone


def test_long_and_many_earlier_turns_are_cut() -> None:
    turns = [(("user", "assistant")[at % 2], f"turn {at} {LONG}") for at in range(40)]
    posed = about_corpus(said(*turns, ("user", "and then?")))
    assert len(posed.question) < 15_000
    assert "turn 39" in posed.question
    assert "turn 3 " not in posed.question


def test_instructions_go_with_the_question() -> None:
    rules = ("system", "Answer in French.")
    for pose in (about_corpus, about_itself):
        posed = pose(said(rules, ("user", "Which?")))
        assert posed.question.startswith("Which?\n")
        assert "Answer in French." in posed.question


def test_long_instructions_become_a_document() -> None:
    for pose in (about_corpus, about_itself):
        posed = pose(said(("developer", LONG), ("user", "Which?")))
        assert posed.context == {"message-1-developer": LONG}
        assert "Follow message-1-developer." in posed.question
        assert len(posed.question) < 1_000


def test_a_long_question_over_a_corpus_is_read_beside_it() -> None:
    posed = about_corpus(said(("user", f"{LONG}\nWhat is asked?")))
    assert posed.question == "What is asked?"
    assert posed.context == {"message-1-user": f"{LONG}\nWhat is asked?"}
    assert not posed.is_alone


def test_a_conversation_is_the_context_of_its_last_question() -> None:
    posed = about_itself(
        said(("user", "The sky is green."), ("assistant", "Noted."), ("user", "Which colour?"))
    )
    assert posed.question.startswith("Which colour?")
    assert posed.context == {"message-1-user": "The sky is green.", "message-2-assistant": "Noted."}


def test_one_message_holds_its_question_and_its_data() -> None:
    posed = about_itself(said(("user", f"{LONG}\nQuestion: what is read?")))
    assert posed.question == "what is read?"
    assert posed.context["message-1-user"].startswith(LONG)
    short = about_itself(said(("user", "The sky is green.\nWhich colour?")))
    assert short.question == "Which colour?"
    assert short.context == {"message-1-user": "The sky is green.\nWhich colour?"}


def test_a_part_of_its_own_is_the_request_of_a_long_message() -> None:
    posed = about_itself([Utterance("user", (LONG, "Summarise this."))])
    assert posed.question == "Summarise this."
    first = about_itself([Utterance("user", ("Summarise this.", LONG))])
    assert first.question == "Summarise this."


def test_a_long_message_without_a_request_is_asked_as_it_is() -> None:
    posed = about_itself(said(("user", LONG)))
    assert "holds the request" in posed.question


def test_messages_after_the_question_are_read_too() -> None:
    posed = about_itself(said(("user", "Which colour?"), ("assistant", "The sky is"), ("tool", "green")))
    assert list(posed.context) == ["message-2-assistant", "message-3-tool"]


@pytest.mark.parametrize("turns", [[], [("system", "Be brief.")], [("user", "  ")]])
def test_a_conversation_without_a_question_is_refused(turns: list[tuple[str, str]]) -> None:
    for pose in (about_corpus, about_itself):
        with pytest.raises(RequestRefused, match="no message of the user"):
            pose(said(*turns))


def test_content_is_text_or_parts_of_text() -> None:
    assert utterance("user", "a", "messages[0]").parts == ("a",)
    assert utterance("assistant", None, "messages[0]").parts == ()
    parts = (
        ContentPart(type="text", text="a"),
        ContentPart(type="input_text", text="b"),
        ContentPart(text=""),
    )
    assert utterance("user", parts, "messages[0]").text == "a\n\nb"
    assert utterance("user", "half \ud800 sign", "messages[0]").text == "half \ufffd sign"


@pytest.mark.parametrize("kind", ["image_url", "input_image", "input_audio", "file", ""])
def test_other_content_is_refused_by_its_place(kind: str) -> None:
    with pytest.raises(RequestRefused, match=r"only text can be read") as refused:
        utterance("user", (ContentPart(text="a"), ContentPart(type=kind)), "messages[3]")
    assert (refused.value.status, refused.value.param) == (400, "messages[3].content[1].type")


def test_a_role_that_is_not_known_is_refused() -> None:
    with pytest.raises(RequestRefused, match=r"messages\[0\].role is 'wizard'"):
        utterance("wizard", "a", "messages[0]")
