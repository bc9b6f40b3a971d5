from __future__ import annotations

import pytest

from harlm.context.readers.reading import Parts, shown_error
from harlm.errors import ContextError


def test_parts_are_joined_and_each_is_a_place() -> None:
    parts = Parts("page", separator="\n\n")
    for text in ("First.", "", "Third."):
        parts.add(text)
    document = parts.document("a.pdf", "pdf")
    assert (document.name, document.kind, document.text) == ("a.pdf", "pdf", "First.\n\n\n\nThird.")
    assert [document.place(document.text.index(text)).label for text in ("First", "Third")] == ["p1", "p3"]


def test_parts_can_have_their_own_numbers_and_labels() -> None:
    numbered = Parts("row", separator="\n")
    numbered.add("a", number=3)
    numbered.add("b", number=7)
    assert numbered.document("x", "xlsx").place(2).label == "row 7"
    labelled = Parts("row", separator="\n")
    labelled.add("a", number=3, label="Prices row 3")
    assert labelled.document("x", "xlsx").place(0).label == "Prices row 3"


def test_parts_are_blank_until_one_has_text() -> None:
    parts = Parts("slide")
    assert parts.is_blank
    parts.add(" \n")
    assert parts.is_blank
    parts.add("x")
    assert not parts.is_blank


def test_a_text_that_grows_beyond_its_limit_is_an_error() -> None:
    parts = Parts("slide", separator="\n\n", longest=10)
    parts.add("1234")
    parts.add("5678")
    with pytest.raises(
        ContextError, match=r"contains more than 10 characters or .* slides of text; save the part"
    ):
        parts.add("")


def test_the_number_of_parts_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harlm.context.readers.reading.MOST_PARTS", 2)
    parts = Parts("row")
    parts.add("")
    parts.add("")
    with pytest.raises(ContextError, match="or 2 rows of text"):
        parts.add("")


def test_a_format_without_a_limit_may_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harlm.context.readers.reading.MOST_PARTS", 1)
    parts = Parts("line", separator="\n", longest=None)
    for _ in range(3):
        parts.add("x" * 100)
    assert len(parts.document("a", "html").text) == 302


def test_an_error_is_shown_on_one_short_line() -> None:
    assert shown_error(ValueError("two\nlines \x1b[31m")) == "ValueError: two lines %1B[31m"
    assert shown_error(KeyError()) == "KeyError"
    assert shown_error(ValueError("x" * 5_000)) == "ValueError: " + "x" * 200
