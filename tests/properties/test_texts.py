"""Laws of texts: lines, passages, sentences, terms, decoding and tokens."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from harlm.context.decode import decode
from harlm.retrieval.passages import split_passages
from harlm.retrieval.sentences import split_sentences
from harlm.retrieval.terms import terms
from harlm.tokens import estimate_tokens
from harlm.tokens.estimate import _pieces, _pieces_of_ascii
from harlm.types import Context, Document, pieces

TEXTS = st.text(
    st.sampled_from("ab .\n\t!?Zé汉\"'-#1") | st.characters(exclude_categories=["Cs"]), max_size=400
)
LONG = st.builds(
    lambda parts, n: "".join(parts) * n,
    st.lists(st.sampled_from(["word ", "A sentence. ", "\n", "\n\n", "x" * 300]), max_size=20),
    st.integers(1, 6),
)


@given(TEXTS, st.integers(0, 500))
def test_lines_are_those_that_newlines_make(text: str, offset: int) -> None:
    document = Document(name="x", text=text)
    offset = min(offset, len(text))
    line = document.line_of(offset)
    assert line == text.count("\n", 0, offset) + 1
    start, end = document.extent(line) or (0, 0)
    assert text[start:end].removesuffix("\n") == text.split("\n")[line - 1]


@given(TEXTS | LONG)
def test_passages_follow_each_other_and_cover_the_text(text: str) -> None:
    spans = split_passages(text)
    assert "".join(text[start:end] for start, end in spans) == text
    assert all(start < end for start, end in spans)


@given(TEXTS | LONG)
def test_sentences_are_in_order_and_leave_only_blanks_out(text: str) -> None:
    spans = split_sentences(text)
    at = 0
    for start, end in spans:
        assert at <= start < end
        assert text[start:end] == text[start:end].strip()
        assert not text[at:start].strip()
        at = end
    assert not text[at:].strip()


@given(TEXTS)
def test_the_span_of_a_term_contains_a_word(text: str) -> None:
    for term in terms(text):
        assert text[term.start : term.end].strip()
        assert term.stem == term.stem.lower() or not term.stem.isascii()


@given(st.binary(max_size=300))
def test_any_bytes_are_decoded_or_rejected(data: bytes) -> None:
    text = decode(data)
    assert text is None or "\r" not in text


PRINTABLE = st.text(
    st.sampled_from("ab .!?Zé汉\"'-#1") | st.characters(exclude_categories=["C", "Z"]),
    min_size=21,
    max_size=400,
)


@given(PRINTABLE)
def test_unicode_survives_its_encodings(text: str) -> None:
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-32"):
        assert decode(text.encode(encoding)) == text


CYRILLIC = st.lists(st.text("абвгдежзиклмнопрстуфхцчшщэюя", min_size=1, max_size=9), min_size=6).map(" ".join)


@given(CYRILLIC, st.sampled_from(["utf-16-le", "utf-16-be"]))
def test_wide_text_needs_no_mark(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)) == text


@given(CYRILLIC, st.integers(0, 400))
def test_one_wrong_byte_costs_one_character(text: str, at: int) -> None:
    at = min(at, len(text))
    assert decode(text[:at].encode() + b"\xff" + text[at:].encode()) == f"{text[:at]}\ufffd{text[at:]}"


@given(TEXTS, TEXTS)
def test_tokens_of_two_texts_are_about_those_of_each(one: str, other: str) -> None:
    together = estimate_tokens(one + other)
    assert abs(together - estimate_tokens(one) - estimate_tokens(other)) <= 3
    assert together >= 0


@given(TEXTS, st.integers(1, 50))
def test_pieces_make_the_text(text: str, size: int) -> None:
    assert "".join(pieces(text, size)) == text


@given(st.lists(TEXTS, max_size=6))
def test_a_context_is_addressed_by_its_texts(texts: list[str]) -> None:
    def context(names: str) -> Context:
        return Context(
            documents=tuple(Document(name=f"{names}{n}", text=text) for n, text in enumerate(texts))
        )

    assert context("a").digest == context("b").digest
    longer = Context(documents=(*context("a").documents, Document(name="x", text="more")))
    assert longer.digest != context("a").digest


@given(st.text(st.characters(max_codepoint=127), max_size=300))
def test_the_fast_count_of_ascii_finds_the_pieces_that_the_patterns_find(text: str) -> None:
    assert _pieces_of_ascii(text) == _pieces(text)
