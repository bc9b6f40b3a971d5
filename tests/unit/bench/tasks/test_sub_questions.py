"""Questions that programs ask on the way to an answer."""

from __future__ import annotations

import pytest

from harlm_bench.items import Fact
from harlm_bench.tasks import family

_TOLD = Fact(
    text="It was Otto Amhurst who taught Ada Balman the craft.",
    kind="relation",
    attributes={"subject": "Ada Balman", "relation": "mentor", "object": "Otto Amhurst"},
)
_NEEDLE = Fact(
    text="The registered number of amber-falcon-27 is 7392841.",
    kind="needle",
    attributes={"key": "amber-falcon-27", "kind": "number", "value": "7392841"},
)
_MESSAGES = tuple(
    Fact(text=label, kind="line", attributes={"label": label, "user": user, "date": "2023-01-05"})
    for label, user in (("praise", "11111"), ("praise", "22222"), ("plan", "11111"))
)
_LINES = tuple(
    Fact(text=f"{at}", kind="line", attributes={"label": label})
    for at, label in enumerate(("food", "food", "money"))
)


@pytest.mark.parametrize(
    ("name", "question", "facts", "answer"),
    [
        ("multihop-long", "What is the mentor of Ada Balman?", (_TOLD,), "Otto Amhurst"),
        (
            "multihop-long",
            "Read the page. Who is the mentor of Ada Balman?\nBe brief.",
            (_TOLD,),
            "Otto Amhurst",
        ),
        ("multihop-long", "Find the mentor of Ada Balman.", (_TOLD,), "Otto Amhurst"),
        ("multihop-long", "Who is Ada Balman's mentor?", (_TOLD,), "Otto Amhurst"),
        ("multihop-long", "Who is the heir of Ada Balman?", (_TOLD,), "unknown"),
        ("multihop-long", "Who is the heir of Ada Balman?", (), None),
        ("s-niah", "Give the number for amber-falcon-27, please.", (_NEEDLE,), "7392841"),
        ("s-niah", "What is the registered number of amber-falcon-72?", (_NEEDLE,), None),
        ("s-niah", "What is the registered uuid of amber-falcon-27?", (_NEEDLE,), None),
        ("oolong", "How many of these messages have the label praise?", _MESSAGES, "2"),
        ("oolong", "How many lines with label 'offer' are there?", _MESSAGES, "0"),
        (
            "oolong",
            "For this question, only consider the messages of the users with these IDs: 22222, 33333. Among these "
            "messages, how many messages should be classified as label 'praise'?",
            _MESSAGES,
            "1",
        ),
        ("counting", "How many of the following lines are about food? Say a number.", _LINES, "2"),
        ("counting", "Which topic are most lines about?", _LINES, "food"),
    ],
)
def test_they_are_understood(name: str, question: str, facts: tuple[Fact, ...], answer: str | None) -> None:
    query = family(name).understand(question)
    assert query is not None
    assert query.answer(facts) == answer
