from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from harlm.context.readers.page_text import PageText

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("words"), st.text("a \n\t", max_size=8)),
        st.tuples(st.just("verbatim"), st.text("a \n", max_size=8)),
        st.tuples(
            st.sampled_from(
                "space end_block start_table end_table start_row end_row start_cell start_verbatim".split()
            ),
            st.none(),
        ),
    ),
    max_size=40,
)


def test_blanks_collapse_and_lines_are_noted() -> None:
    page = PageText()
    page.words("  one\n  two ", 1)
    page.words(" three", 3)
    page.end_block()
    page.words("four", 7)
    document = page.document("p", "html")
    assert document.text == "one two three\nfour"
    assert [document.place(document.text.index(word)).line for word in ("one", "two", "three", "four")] == [
        1,
        2,
        3,
        7,
    ]


def test_blocks_in_a_long_row_are_lines() -> None:
    page = PageText()
    page.start_row()
    page.start_cell()
    page.words("x" * 400, 1)
    page.end_block()
    page.words("y", 2)
    assert page.document("p", "html").text == "x" * 400 + "\ny"


def test_an_aside_stands_before_the_blank() -> None:
    page = PageText()
    page.words("one ", 1)
    page.aside("(1)", 1)
    page.words("two", 1)
    assert page.document("p", "html").text == "one (1) two"


def test_a_page_without_text_has_no_marks() -> None:
    page = PageText()
    page.start_cell()
    page.words(" \n ", 1)
    assert page.is_empty
    assert page.document("p", "html").marks is None


@given(STEPS)
def test_marks_ascend_and_all_letters_are_kept(steps: list[tuple[str, str | None]]) -> None:
    page = PageText()
    for line, (step, text) in enumerate(steps, start=1):
        if text is None:
            getattr(page, step)()
        else:
            getattr(page, step)(text, line * 10)
    document = page.document("p", "html")
    assert document.text.count("a") == sum(text.count("a") for _, text in steps if text)
    if document.marks is not None:
        starts, numbers = list(document.marks.starts), list(document.marks.numbers)
        assert starts[0] == 0
        assert starts == sorted(starts)
        assert numbers == sorted(set(numbers))
        assert starts[-1] <= len(document.text)
