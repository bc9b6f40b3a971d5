from __future__ import annotations

import pytest

from harlm.context.named_parts import NOWHERE, Meant
from harlm.context.quote_finder import QuoteFinder
from harlm.context.quotes import Steps, Typeset
from harlm.types import Document

TEXT = "it’s one\nit's two\nit’s three\nit's four\n"


def done(steps: Steps[object]) -> object:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def found(quote: str, meant: Meant, text: str = TEXT, kind: str = "text") -> object:
    return done(QuoteFinder(Document(name="a", text=text, kind=kind), Typeset()).find(quote, meant))


def test_the_named_place_is_preferred_to_an_occurrence_as_it_is() -> None:
    assert found("it's", Meant(((18, 29),), is_sure=True)) == (18, 22)
    assert found("it's", NOWHERE) == (9, 13)


def test_a_quote_in_one_of_several_places_is_of_that_one() -> None:
    assert found("it's two", Meant(((0, 9), (9, 18)))) == (9, 17)
    assert found("it's", Meant(((0, 9), (9, 18)))) is None


def test_a_place_that_does_not_exist_needs_a_quote_that_stands_there_once() -> None:
    assert found("it's two", Meant(is_wrong=True)) == (9, 17)
    assert found("it's", Meant(is_wrong=True)) is None


@pytest.mark.parametrize(
    ("kind", "quote", "is_found"),
    [
        ("code", "def f(args)", False),
        ("markdown", "def f(args)", True),
        ("code", "`def f(*args)`", True),
        ("pdf", "parttime", False),
        ("text", "parttime", False),
    ],
)
def test_the_kind_of_a_document_decides_what_is_typesetting(kind: str, quote: str, is_found: bool) -> None:
    assert (found(quote, NOWHERE, "def f(*args): part-time", kind) is not None) == is_found


def test_a_quote_is_found_as_it_is_or_typeset_in_another_way() -> None:
    finder = QuoteFinder(Document(name="a", text=TEXT), Typeset())
    assert done(finder.exact("it's")) == (9, 13)
    assert done(finder.typeset("it's")) == (0, 4)
    assert done(finder.exact("it's gone")) is None
    assert found("it's one ... it's four", NOWHERE) == (0, 38)
