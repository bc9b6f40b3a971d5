"""What is kept from one question of a session to the next."""

from __future__ import annotations

from harlm.engine.conversation import AnsweredQuestion, Conversation


class Workspace:
    def __init__(self) -> None:
        self.closed = 0

    async def close(self) -> None:
        self.closed += 1


def test_the_first_question_is_told_nothing() -> None:
    assert Conversation().told == ""


def test_later_questions_are_told_what_was_said_in_order_and_shortened() -> None:
    conversation = Conversation()
    for number in range(20):
        conversation.add(AnsweredQuestion(f"question {number}?", f"answer {number}\n" + "long " * 1_000))
    told = conversation.told
    assert "question 7?" not in told
    assert told.index("question 8?") < told.index("answer 8 long") < told.index("question 19?")
    assert len(told) < 20_000


async def test_its_workspace_is_closed_once() -> None:
    conversation, workspace = Conversation(), Workspace()
    conversation.kept = workspace
    await conversation.close()
    await conversation.close()
    assert workspace.closed == 1
    assert conversation.kept is None
