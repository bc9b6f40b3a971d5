"""Statements: sentences, rows and lines, with their headings."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from harlm.models.offline.statements import plain_text, statements


def shown(text: str, name: str) -> list[tuple[str, str]]:
    return [
        (text[each.start : each.end], each.heading) for each in statements(text, name) if not each.is_heading
    ]


def test_sentences_stand_under_their_title_and_section() -> None:
    text = "# Rules\n\n## Dogs\n\nDogs are welcome. Cats are not.\n"
    assert shown(text, "a.md") == [("Dogs are welcome.", "Rules Dogs"), ("Cats are not.", "Rules Dogs")]


def test_a_question_is_the_heading_of_its_answer() -> None:
    assert shown("**Is a helmet included?**\nHelmets are free.\n", "faq.md") == [
        ("Helmets are free.", "Is a helmet included?")
    ]


def test_every_line_of_a_log_stands_for_itself() -> None:
    text = "2024-03-01T10:00:00 INFO worker-1 accepted a job from the queue\n2024-03-01T10:00:05 INFO worker-1 ended the job\n"
    assert [line for line, _ in shown(text, "server.log")] == text.splitlines()


def test_rows_know_the_first_line_of_their_table() -> None:
    rows = [each.header for each in statements("a,b\n1,2\n", "t.csv") if not each.is_heading]
    assert rows == ["a,b"]
    rows = [
        each.header for each in statements("| a | b |\n|---|---|\n| 1 | 2 |\n", "t.md") if not each.is_heading
    ]
    assert rows == ["| a | b |"]


def test_chinese_sentences_end_at_their_own_full_stop() -> None:
    assert [line for line, _ in shown("第一句。第二句。", "a.txt")] == ["第一句。", "第二句。"]


def test_marks_of_lists_and_headings_are_not_shown() -> None:
    assert plain_text("- **Rent**:  EUR 5\n") == "Rent: EUR 5"


@given(st.text(alphabet="ab1 #*|\n.?。-:", max_size=200))
def test_statements_lie_in_order_in_the_text(text: str) -> None:
    spans = [(each.start, each.end) for each in statements(text, "a.md")]
    assert all(0 <= start <= end <= len(text) for start, end in spans)
    assert spans == sorted(spans)
