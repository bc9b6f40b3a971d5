"""Counting by code, and the map over records and chunks that feeds it."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from harlm.testing import ChatServer, ModelReply, Request
from harlm.testing.exchange import Fault
from harlm.testing.faults import refusal
from harlm_bench.items import Question
from harlm_bench.systems import Limits, Model
from harlm_bench.systems.completions import Reply
from harlm_bench.systems.counting import day_in, records_in, understood
from harlm_bench.systems.mapped import Mapped, _label, _logprob
from tests.support.bench_reader import QUESTION, window_of

_LABELS = "Each note has one of these labels, which must be judged: joy, fear, wish."
_ROWS = (
    ("Jan 05, 2023", "11", "joy", "What a fine day."),
    ("Jan 09, 2023", "22", "fear", "The ice may break."),
    ("Feb 01, 2024", "11", "joy", "We won again."),
    ("Feb 02, 2024", "33", "wish", "If only it snowed."),
    ("Jan 09, 2023", "22", "joy", "The soup is good."),
)
_TRUE = {text: label for _, _, label, text in _ROWS}
TEXT = "\n".join(
    [
        "Notes. " + _LABELS,
        "- joy: glad",
        *(f"Date: {day} || User: {user} || Note: {text}" for day, user, _, text in _ROWS),
    ]
)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (f"In the data above, how many notes should be classified as label 'joy'? {_LABELS}", "Answer: 3"),
        (f"Only consider the notes of the users with these IDs: 11, 33. How many notes should have label 'joy'? {_LABELS}", "Answer: 2"),
        (f"Only consider those written in January of any year. how many notes are of label 'joy'? {_LABELS}", "Answer: 2"),
        (f"Written between January 9, 2023 and February 1, 2024, inclusive. How many notes have label 'joy'? {_LABELS}", "Answer: 2"),
        (f"which of the labels is the most common? {_LABELS}", "Label: joy"),
        (f"which of the labels is the least common? {_LABELS}", "Label: fear"),
        (f"is label 'fear' more common, less common, or the same frequency as label 'joy'? {_LABELS}", "Answer: fear is less common than joy"),
        (f"is label 'fear' more common, less common, or the same frequency as label 'wish'? {_LABELS}", "Answer: fear is same frequency as wish"),
        (f"which user has the most notes with the label 'wish'? {_LABELS}", "User: 33"),
        ("which user is represented most often?", "User: 11"),
        ("which user is represented the second most often?", "User: 22"),
        ("which date is represented most often?", "Date: 01/09/2023"),
        ("how many dates are represented exactly 1 times?", "Answer: 3"),
    ],
)  # fmt: skip
def test_what_can_be_counted_is_counted(question: str, answer: str) -> None:
    count = understood(question)
    assert count is not None
    held = [record for record in records_in(TEXT) if count.holds(record)]
    assert count.solve([(record, _TRUE[record.text]) for record in held]) == answer
    assert bool(count.labels) == ("label" in question)


@pytest.mark.parametrize(
    "question",
    [
        "What is the colour of box 77?",
        f"for how many months does the label 'joy' occur more often than the label 'fear'? {_LABELS}",
        "which of the labels is the most common?",  # it names none
    ],
)
def test_what_is_not_understood_is_left(question: str) -> None:
    assert understood(question) is None


def test_records_are_lines_with_fields_or_all_lines_if_none_has() -> None:
    assert [record.text for record in records_in(TEXT)] == list(_TRUE)
    assert [record.text for record in records_in("prose: a record\n\n| a | b |")] == [
        "prose: a record",
        "| a | b |",
    ]


def test_days_are_read_in_the_usual_forms() -> None:
    assert day_in("Jan 05, 2023") == day_in("January 5, 2023") == day_in("2023-01-05")
    assert day_in("soon") is None


def test_each_different_record_is_labelled_once() -> None:
    window = replace(window_of(), documents={"notes": f"{TEXT}\n{TEXT.splitlines()[-1]}"})
    question = Question(
        id="1", text=f"How many notes have label 'joy'? {_LABELS}", kind="count", gold="4", scorer="exact"
    )

    def reply(request: Request) -> str:
        found = re.search(r"^Message: (.*)$", request.prompt, re.MULTILINE)
        assert found is not None
        assert "- joy: glad" in request.prompt
        return f" {_TRUE.get(found[1], 'wish')}."

    with ChatServer(reply) as server:
        model = Model(base_url=server.base_url, root="root", sub="sub", window=4_000)
        outcome = Mapped().answer(window, question, model, Limits())
        assert server.arrived == len(_TRUE) + 1  # and one for no text at all
        assert {request.model for request in server.requests} == {"sub"}
    assert outcome.text == "Answer: 4"
    assert outcome.notes["plan"] == "label records"


def test_labels_are_judged_against_what_the_model_says_of_nothing() -> None:
    labels = ("joy", "fear")
    prior = {"joy": -0.1, "fear": -3.0}
    reply = Reply(text="joy", first={" jo": -0.4, " f": -1.2})
    assert _label(reply, labels, prior) == "fear"
    assert _label(Reply(text="It is FEAR, not joy"), labels, {}) == "fear"
    assert _label(Reply(text="no idea"), labels, {}) == "joy"
    assert _logprob(reply, "sorrow") < -10


def test_a_server_without_logprobs_is_asked_without_them() -> None:
    def reply(request: Request) -> str | Fault | ModelReply:
        if "logprobs" in request.body:
            return refusal(400, "unknown field: top_logprobs")
        found = re.search(r"colour of box 77 is (\w+)", request.prompt)
        return ("Yes" if "Yes or No" in request.prompt else found[1]) if found else "No"

    with ChatServer(reply) as server:
        model = Model(base_url=server.base_url, root="root", sub="sub", window=4_000)
        outcome = Mapped().answer(window_of(), QUESTION, model, Limits())
        asked = server.requests
    assert outcome.text == QUESTION.gold
    assert sum("logprobs" in request.body for request in asked) == 1
    assert outcome.notes["plan"] == "judge chunks"


def test_lines_without_fields_are_counted_by_what_they_are_about() -> None:
    question = (
        "How many lines are about food? Each line is about one of these topics: food, sport. Give a number."
    )
    count, records = understood(question), records_in("Ann baked bread.\n\nBen ran far.\nCem ate soup.")
    assert count is not None
    assert count.labels == ("food", "sport")
    assert count.solve(list(zip(records, ("food", "sport", "food"), strict=True))) == "Answer: 2"
