from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from harlm.context.quotes import Steps, Typeset, first_at, last_before
from harlm.context.typography import DASHES, DOUBLE_QUOTES, SINGLE_QUOTES, skeleton

TEXTS = st.text("ab \n", max_size=60)
QUOTES = st.text("ab", min_size=1, max_size=5)
PROSE = (
    "The landlord’s consent isn’t needed.\nWe are open 9–17, see the well‑known list… "
    "“Yes”, she said — and left at once; the o\ufb03ce in the caf\u00e9 is closed.\n\n"
    "Staff may re-\nquest the accommo-\ndation and travel costs. A **bold** and an _odd_ claim: x = 2*3 in my_var."
)


def done(steps: Steps[object]) -> object:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def found(text: str, quote: str, start: int = 0, end: int | None = None) -> str | None:
    typeset = Typeset()
    last = len(text) if end is None else end
    span = done(typeset.near(text, quote, start, last))
    span = span or done(typeset.elided(text, quote, start))
    return text[slice(*span)] if isinstance(span, tuple) else None


@given(TEXTS, QUOTES, st.integers(0, 60))
def test_the_nearest_occurrences_are_found(text: str, quote: str, near: int) -> None:
    near = min(near, len(text))
    assert done(first_at(text, quote, near)) == text.find(quote, near)
    assert done(last_before(text, quote, near)) == text[: max(0, near - 1 + len(quote))].rfind(quote)


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("The landlord’s consent isn’t needed", "The landlord's consent isn't needed"),
        ("open 9–17, see the well‑known list…", "open 9-17, see the well-known list..."),
        ("“Yes”, she said", '"Yes", she said'),
        ("“Yes”, she said", "'Yes', she said"),
        ("she said — and left", "she said -- and left"),
        ("the o\ufb03ce in the caf\u00e9", "the office in the cafe\u0301"),
        ("re-\nquest the accommo-\ndation and", "request the accommodation and"),
        ("re-\nquest the accommo-\ndation and", "re-quest the accommo- dation and"),
        ("A **bold** and an _odd_ claim", "A bold and an odd claim"),
        ("**bold** and an _odd_ claim", "*bold* and an **odd** claim"),
        ("needed.\nWe are", "needed.   We\tare"),
        ("We are open 9–17, see the well‑known list", "We are open ... see the well-known list…"),
        ("consent isn’t needed.\nWe are open", "consent isn't needed […] We are open"),
        ("landlord’s consent isn’t needed", "...landlord's consent isn't needed..."),
    ],
)
def test_a_quote_may_be_typeset_in_another_way(text: str, quote: str) -> None:
    assert (found(PROSE, quote) or "").strip("*") == text.strip("*")


@pytest.mark.parametrize(
    "quote",
    [
        "The landlords consent",
        "the landlord's consent",
        "consent is needed",
        "open 917",
        "in the cafe is",
        "x = 23",
        "myvar",
        "A boldand",
        "see the well-known list ... We are open",
        "The landlord ... she said ... We are open",
        "…",
        "**",
        "The ... no such ... list",
    ],
)
def test_an_altered_quote_is_not_found(quote: str) -> None:
    assert found(PROSE, quote) is None


@pytest.mark.parametrize(
    ("text", "quote", "expected"),
    [
        ("for part-time staff", "parttime", None),
        ("for part\ufffetime staff", "part-time", "part\ufffetime"),
        ("for part\u00adtime staff", "parttime", "part\u00adtime"),
        ("is -5 °C", "-5 °C", "-5 °C"),
        ("is 5 °C", "-5 °C", None),
        ("我们在北\n京大学，学习。", "我们在北京大学,学习", "我们在北\n京大学，学习"),
        ("le prix\u202f: 5\u00a0€", "le prix : 5 €", "le prix\u202f: 5\u00a0€"),
    ],
)
def test_hyphens_signs_and_scripts(text: str, quote: str, expected: str | None) -> None:
    assert found(text, quote) == expected


def test_the_nearest_of_several_is_meant() -> None:
    text = "\n".join(f"{number}: it’s the same" for number in range(100))
    line = text.index("40:")
    span = done(Typeset().near(text, "it's the same", line, line + 10))
    assert isinstance(span, tuple)
    assert text[span[0] - 4 : span[0]] == "40: "
    span = done(Typeset().near(text + "\nend" * 500, "it's the same", len(text) + 50, len(text) + 60))
    assert isinstance(span, tuple)
    assert text[span[0] - 4 : span[0]] == "99: "


def test_a_quote_at_the_edge_of_pieces_is_found() -> None:
    for size in range((1 << 16) - 30, (1 << 16) + 3):
        text = "x" * size + " it’s here " + "y" * 70_000
        assert found(text, "it's here") == "it’s here"


def test_parts_of_a_quote_stand_near_to_each_other() -> None:
    text = (
        "The contract begins here. "
        + "x " * 450
        + "It ends after a year. "
        + "y " * 600
        + "And that is all of it."
    )
    assert found(text, "The contract begins ... It ends after a year") is not None
    assert found(text, "The contract begins ... And that is all of it") is None
    assert found(text, "The contract begins ... a year") is None, "a short part must stand nearer"
    assert (
        found(text + text.replace("contract", "treaty"), "The treaty begins ... It ends after a year")
        is not None
    )


def test_long_texts_are_searched_in_steps() -> None:
    text = "ab " * 400_000 + "the end’s"
    assert sum(1 for _ in first_at(text, "the end")) >= 4
    assert done(first_at(text, "the end")) == len(text) - 9
    assert done(last_before(text, "ab ab", 600_001)) == 600_000
    assert sum(1 for _ in Typeset().near(text, "the end's", 0, 0)) >= 10
    assert done(Typeset().near(text, "ab the  end's", 0, 0)) == (len(text) - 12, len(text))


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("a" * 500_000, "a" * 4_000 + "'b"),
        ("a " * 300_000, "a" * 4_000),
        ("- " * 300_000, "- " * 3_000),
        ("a-\n" * 200_000, "a" * 4_000 + "!"),
        ("* _" * 200_000, "x * _"),
        (" " * 600_000, "a b"),
        ("a ... " * 100_000, "a ... " * 1_000),
        ("x" + "…" * 200_000, "x ... x"),
    ],
)
def test_a_hostile_text_costs_bounded_time(text: str, quote: str) -> None:
    typeset = Typeset()
    began = time.process_time()
    for look in (typeset.near(text, quote, 0, 0), typeset.elided(text, quote, 0)):
        done(look)
    assert time.process_time() - began < 5


# -- laws --------------------------------------------------------------------------------------------------------

_CHANGES: list[Callable[[str], list[str]]] = [
    lambda letter: list(SINGLE_QUOTES + DOUBLE_QUOTES) if letter in SINGLE_QUOTES + DOUBLE_QUOTES else [],
    lambda letter: list(DASHES) if letter in DASHES else [],
    lambda letter: [" ", "\u00a0", "\n", "  ", "\t", "\u2009", "\r\n", "\u3000"] if letter == " " else [],
    lambda letter: ["...", "…"] if letter == "…" else [],
    lambda letter: [letter, f"{letter}\u200b"] if letter.isalpha() else [],
]


@st.composite
def altered(draw: st.DrawFn) -> tuple[str, str]:
    """A part of the prose that begins and ends with a letter, and the same typeset in another way."""
    start = draw(st.integers(0, len(PROSE) - 2))
    quote = PROSE[start : draw(st.integers(start + 1, len(PROSE)))]
    assume(quote[0].isalpha() and quote[-1].isalpha())
    pieces = []
    for letter in quote:
        others = [other for change in _CHANGES for other in change(letter)]
        pieces.append(draw(st.sampled_from([letter, *others])))
    return quote, "".join(pieces)


@given(altered())
def test_a_quote_that_is_typeset_in_another_way_is_always_found(pair: tuple[str, str]) -> None:
    quote, other = pair
    assume("`" not in other)  # at the edge of a word it is emphasis
    span = found(PROSE, other)
    assert span is not None
    assert span in PROSE
    if (extra := len(skeleton(span)) - len(skeleton(quote))) == 0:
        assert skeleton(span) == skeleton(quote)
    else:  # it begins or ends inside of a ligature, which is shown whole
        assert skeleton(quote) in skeleton(span)
        assert 0 < extra <= 2 * len("ff")


@given(st.integers(0, len(PROSE) - 40), st.integers(0, 39), st.sampled_from("qzQZ7"))
def test_a_quote_with_another_letter_is_never_found(start: int, at: int, letter: str) -> None:
    quote = PROSE[start : start + 40]
    assume(quote[at].isalnum() and quote[at] != letter and "…" not in quote)
    other = quote[:at] + letter + quote[at + 1 :]
    assert found(PROSE, other) is None


@given(st.text("ab '’-–.…*_\n\u00ad", max_size=60), st.text("ab '’-–.…*_\n\u00ad", min_size=1, max_size=12))
def test_what_is_found_is_the_same_in_letters(text: str, quote: str) -> None:
    span = done(Typeset().near(text, quote, 0, 0))
    if isinstance(span, tuple):
        kept = [each for each in text[slice(*span)] if each in "ab"]
        assert kept == [each for each in quote if each in "ab"]
