from __future__ import annotations

from harlm.retrieval.passages import ALONE, LONGEST, split_passages

PARAGRAPH = "A sentence of some length stands here. " * 12


def test_paragraphs_that_are_long_enough_stand_alone() -> None:
    text = "\n\n".join([PARAGRAPH.strip()] * 3)
    assert len(split_passages(text)) == 3


def test_short_blocks_are_joined() -> None:
    text = "\n\n".join(["short"] * 40)
    spans = split_passages(text)
    assert 1 <= len(spans) < 5
    assert all(end - start >= ALONE for start, end in spans[:-1])


def test_a_paragraph_a_line_is_cut_at_its_lines() -> None:
    text = "\n".join([PARAGRAPH.strip()] * 4)
    assert [text[start:end].strip() for start, end in split_passages(text)] == [PARAGRAPH.strip()] * 4


def test_a_text_without_any_break_is_cut_all_the_same() -> None:
    spans = split_passages("x" * 10_000)
    assert all(end - start <= LONGEST for start, end in spans)


def test_nothing_has_no_passages() -> None:
    assert split_passages("") == []
