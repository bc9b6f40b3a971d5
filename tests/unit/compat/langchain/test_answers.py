"""Answers as the fields of messages of LangChain."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some

from harlm.compat.langchain.answers import KEPT, fields_of, pieces_of
from harlm.types import Answer, Citation, Usage

CITED = Citation(source="a.txt", start=0, end=2, line=1, page=None, place="a.txt:1", quote="by")


def test_usage_and_citations_come_with_the_text() -> None:
    usage = Usage(calls=1, input_tokens=9, output_tokens=2, cached_tokens=4, reasoning_tokens=1)
    fields = fields_of(Answer(text="Ann [a.txt:1]", citations=(CITED,), usage=usage), None)
    assert fields.keys() == KEPT
    assert fields["additional_kwargs"]["citations"][0]["quote"] == "by"
    assert fields["usage_metadata"]["total_tokens"] == 11
    assert fields["usage_metadata"]["input_token_details"]["cache_read"] == 4


def test_a_text_ends_before_a_stop() -> None:
    assert fields_of(Answer(text="one\ntwo\nthree"), ["three", "two"])["content"] == "one\n"


@given(some.text())
def test_the_pieces_are_the_whole(text: str) -> None:
    *lines, last = pieces_of(fields_of(Answer(text=text), None))
    assert "".join(each["content"] for each in [*lines, last]) == text
    assert last.keys() == KEPT
