from __future__ import annotations

import pytest

from harlm.retrieval.sentences import split_sentences


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
