from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.retrieval.sentences import Layout, split_sentences


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in split_sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        (
            "Dr. Smith met Mr. Jones in St. Louis. They spoke.",
            ["Dr. Smith met Mr. Jones in St. Louis.", "They spoke."],
        ),
        ("It cost 3.5 million. Then it rose.", ["It cost 3.5 million.", "Then it rose."]),
        ("See e.g. the U.S. case. Done.", ["See e.g. the U.S. case.", "Done."]),
        ("J. S. Bach wrote it. He was 30.", ["J. S. Bach wrote it.", "He was 30."]),
        ('He said "Stop." She stopped.', ['He said "Stop."', "She stopped."]),
        ("first line\nsecond line\n", ["first line", "second line"]),
        ("def f(x):\n    return x.y\n", ["def f(x):", "return x.y"]),
        ("", []),
        ("   \n  ", []),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


def test_wrapped_lines_are_one_sentence() -> None:
    text = (
        "This sentence is wrapped at a width that mail programs like\nand ends in the next line. Another one."
    )
    assert sentences(text) == [
        "This sentence is wrapped at a width that mail programs like\nand ends in the next line.",
        "Another one.",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("今天天气好。我们去公园！你来吗？好的。", ["今天天气好。", "我们去公园！", "你来吗？", "好的。"]),
        ("पहला वाक्य है। दूसरा वाक्य है।", ["पहला वाक्य है।", "दूसरा वाक्य है।"]),
        ("هل تريد هذا؟ نعم.", ["هل تريد هذا؟", "نعم."]),
        ("ร้านนี้เปิดทุกวันตั้งแต่เช้าถึงเย็น ปิดเฉพาะวันหยุด", ["ร้านนี้เปิดทุกวันตั้งแต่เช้าถึงเย็น", "ปิดเฉพาะวันหยุด"]),
    ],
)
def test_sentence_ends_of_other_scripts(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "2024-03-01T10:00:00 INFO worker-1 accepted a job from the queue.\n2024-03-01T10:00:09 ERROR worker-2 has a full disk on the volume",
        "[INFO] the service has been started by the operator on one\n[ERROR] the service has been stopped by the operator on two",
        "Lindqvist,Long Harbour Street 12,Gothenburg,gold member,2019\nMoreau,Rue de la Vieille Fontaine 7,Marseille,silver,2020",
        "DEFAULT_CONNECTION_FOR_ALL_TESTS = 'memory-database-of-the-suite'\nRETRY_BUDGET = 12",
        "insert into people values ('a', 'b') and nothing more than this\ninsert into animals values ('a', 'b') and nothing more at all",
        "Anna Lindqvist moved to the town of Gothenburg in Sweden\nChidi Okafor moved to the village of Enugu in Nigeria",
        "the disk of the first host is full, so it has been stopped.\nthe disk of the second host is empty, so it runs on again.",
        "name: the name of the person who asked for the thing; state=open\nname: the name of the person who sent the thing; state=shut",
        "- buy the long ladder that the caretaker of the house asked for\n- bring the old ladder of the house to the shop. pay there",
    ],
)
def test_lines_of_data_are_sentences_of_their_own(text: str) -> None:
    assert sentences(text)[0] in text.split("\n")[0]


@pytest.mark.parametrize(
    "text",
    [
        "The old bridge over the river was designed by the engineer\nAda Lovett in 1851, and it was opened by the king two years\nlater than planned.",
        "See https://example.org/a for all of it, which is more than\nyou can read in one evening.",
        "we request the accommo-\ndation of all guests.",
        "la réunion a été reportée à la semaine prochaine parce que\nle président est malade.",
    ],
)
def test_wrapped_prose_is_joined(text: str) -> None:
    assert sentences(text) == [text]


def test_no_sentence_crosses_the_start_of_a_part() -> None:
    text = "This sentence is wrapped at a width that mail programs like\nand ends in the next line."
    at = text.index("\n") + 1
    for layout in (Layout(starts=[0, at]), Layout(has_prose=False)):
        assert split_sentences(text, 0, None, layout) == [(0, at - 1), (at, len(text))]


@given(st.text(st.sampled_from("ab A.\n,-。 ก1=\t")), st.lists(st.integers(0, 40), max_size=3), st.booleans())
def test_sentences_are_in_order_apart_and_hold_all_that_is_not_blank(
    text: str, starts: list[int], has_prose: bool
) -> None:
    spans = split_sentences(text, 0, None, Layout(has_prose, sorted(starts)))
    assert all(a < b for a, b in spans)
    assert all(one[1] <= other[0] for one, other in pairwise(spans))
    assert "".join("".join(text[a:b].split()) for a, b in spans) == "".join(text.split())


@pytest.mark.parametrize(
    "unit", ["a, b;", "\n", "word word word word word\n", "a-\n", "x=", ". ", "。", "  "]
)
def test_hostile_texts_take_linear_time(unit: str) -> None:
    before = time.process_time()
    split_sentences(unit * (300_000 // len(unit)))
    assert time.process_time() - before < 10
