from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from harlm.context.readers.mail_lines import MailSource, MailText, lines_of_quoted


def test_bodies_are_found_one_after_another() -> None:
    source = MailSource(b"A: b\nSubject: x\n\n--B\n\nsame\n--B\n\nsame\n--B--\n", 10)
    assert source.header_lines({"subject"}) == {"subject": 11}
    assert [source.find("same"), source.find("same"), source.find("same"), source.find("same")] == [
        15,
        18,
        None,
        None,
    ]
    assert source.line == 18


def test_soft_line_ends_are_no_lines() -> None:
    assert lines_of_quoted("a=\nb\nc= \nd\ne") == [0, 2, 4]


def test_lines_keep_their_places() -> None:
    text = MailText()
    text.add("Subject: x\n", 4)
    text.end_block()
    text.add_lines("a\nb\nc", [7, 8])
    document = text.document("m.eml")
    assert document.text == "Subject: x\n\na\nb\nc"
    assert [document.place(document.text.rindex(letter)).line for letter in "Sabc"] == [4, 7, 8, 8]


@given(st.binary(max_size=200), st.text("ab\n", max_size=4), st.integers(1, 9))
def test_a_found_body_stands_on_its_line(data: bytes, body: str, first: int) -> None:
    source = MailSource(data, first)
    source.header_lines({"a"})
    line = source.find(body)
    if line is not None:
        rows = data.decode("ascii", "surrogateescape").split("\n")
        assert "\n".join(rows[line - first :]).startswith(body)
