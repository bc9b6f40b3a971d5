from __future__ import annotations

from array import array

from harlm.retrieval.passages import ALONE, LONGEST, Passages, split_passages

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


def test_the_passage_at_an_offset() -> None:
    spans = array("Q", [0, 0, 5, 0, 5, 9, 1, 0, 4])
    passages = Passages(spans)
    assert [passages.passage_at(0, at) for at in (0, 4, 5, 8)] == [0, 0, 1, 1]
    assert passages.passage_at(1, 3) == 2


def test_a_block_without_sentences_is_cut_between_words() -> None:
    text = "computeInvoiceTotal(a,b);" * 200
    assert all(text[end - 1] in ";(,)" for _, end in split_passages(text))
    chinese = "保修期限为一年。" * 400
    assert all(chinese[end - 1] == "。" for _, end in split_passages(chinese))
