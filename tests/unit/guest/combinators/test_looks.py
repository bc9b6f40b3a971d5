from __future__ import annotations

import pytest

from harlm.guest.combinators.leaf import Room
from harlm.guest.combinators.looks import looks_at, looks_into, texts_of
from harlm.guest.combinators.passages import Excerpt
from harlm.guest.combinators.wording import read_question
from tests.support.reading_host import ReadingHost

LARGE = Room(tokens=5_000, is_small=False, has_stronger=True, second_looks=0.3, calls_left=None)
SMALL = Room(tokens=5_000, is_small=True, has_stronger=False, second_looks=0.3, calls_left=None)
LINES = "\n\n".join(
    f"Gate gate-{at} stands by the river, and its key is {at * 11}." + " Rain falls." * 30
    for at in range(300)
)
CODE = "class A:\n" + "".join(
    f"    def f{at}(self, x={at}):\n        return x + {at}\n\n" for at in range(600)
)


def _context(text: str, name: str = "notes.txt") -> ReadingHost:
    return ReadingHost({name: text}, lambda prompt, role: "")


def test_the_first_look_is_the_search_and_later_ones_hold_what_is_named() -> None:
    looks = list(looks_at(_context(LINES).context, read_question("What is the key of gate-217?"), 3, LARGE))
    assert len(looks) == 3
    assert all(any("gate-217" in each.text for each in look) for look in looks)
    assert sum(len(each.text) for each in looks[1]) > sum(len(each.text) for each in looks[0])


def test_a_name_that_the_search_misses_is_looked_for_letter_by_letter() -> None:
    text = LINES + "\n\nThe other one: x-gate-217-b."
    first = next(looks_at(_context(text).context, read_question("What is 'x-gate-217-b'?"), 1, LARGE))
    assert any("x-gate-217-b" in each.text for each in first)


def test_a_small_model_reads_little_text_around_the_name_first() -> None:
    first = next(looks_at(_context(LINES).context, read_question("What is the key of gate-217?"), 12, SMALL))
    assert [("gate-217" in each.text, len(each.text) < 500) for each in first] == [(True, True)]


def test_a_part_that_fits_is_read_whole() -> None:
    host = _context("Short text.")
    looks = list(looks_into([host.context], read_question("What is it?"), 12, LARGE))
    assert looks == [[Excerpt(host.context, 0, 11)]] * 2


def test_of_a_long_part_the_blocks_that_are_named_come_first() -> None:
    host = _context(CODE, "a.py")
    first = next(looks_into([host.context], read_question("What does `A.f417` return?"), 12, LARGE))
    assert [each.text.strip() for each in first] == [
        "class A:",
        "def f417(self, x=417):\n        return x + 417",
    ]


def test_a_part_that_is_too_long_is_searched() -> None:
    host = _context(LINES)
    looks = list(looks_into([host.context], read_question("Which gate has the key 2387?"), 3, LARGE))
    assert any("gate-217" in each.text for each in looks[0])
    assert sum(len(each.text) for each in looks[0]) < LARGE.characters


def test_what_within_may_be() -> None:
    host = ReadingHost({"a.txt": "One two.", "b.txt": "Three four."}, lambda prompt, role: "")
    context = host.context
    hit = context.search("Three", 1)[0]
    assert texts_of(context, "b.txt") == [context[1]]
    assert texts_of(context, ["a.txt", context[1]]) == [context[0], context[1]]
    assert texts_of(context, context) == [context[0], context[1]]
    assert texts_of(context, context.search("Three", 1)) == [Excerpt(context[1], hit.start, hit.end)]
    assert texts_of(context, "two") == [Excerpt(context[0], 4, 7)]


@pytest.mark.parametrize(
    ("within", "error", "says"),
    [
        (3, TypeError, "not int"),
        ([], ValueError, "empty"),
        ("c.txt", ValueError, "'c.txt'"),
        ("", ValueError, "''"),
    ],
)
def test_what_within_may_not_be(within: object, error: type[Exception], says: str) -> None:
    host = ReadingHost({"a.txt": "One two.", "b.txt": "Three four."}, lambda prompt, role: "")
    with pytest.raises(error, match=says):
        texts_of(host.context, within)
