from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.guest.combinators.passages import (
    AROUND,
    Excerpt,
    in_order,
    joined,
    members,
    named,
    naming,
    packed,
    searched,
)
from tests.support.reading_host import ReadingHost

PAGES = {
    "a.txt": "About Keld Bros.\nNothing is decided before Nora Jarstrom nods.\n\nElsewhere it rains.",
    "b.txt": "The shop of nora jarstrom is closed.\nEleonora Jarstrom sings.",
}


def _host(texts: dict[str, str]) -> ReadingHost:
    return ReadingHost(texts, lambda prompt, role: "")


def test_search_brings_the_best_passage_first() -> None:
    found = searched(_host(PAGES).context, "where does it rain", 2)
    assert "rains" in found[0].text
    assert found[0].name == "a.txt"


def test_a_list_of_texts_is_searched_one_by_one() -> None:
    context = _host(PAGES).context
    assert {each.name for each in searched([context[0], context[1]], "Jarstrom", 3)} == {"a.txt", "b.txt"}


def test_a_name_is_found_as_whole_words_with_its_paragraph() -> None:
    found = naming(_host(PAGES).context, "Nora Jarstrom", 10)
    assert [each.name for each in found] == ["a.txt"]
    assert found[0].text == "About Keld Bros.\nNothing is decided before Nora Jarstrom nods."
    assert found[0].place == "a.txt:1"


def test_another_case_counts_only_if_nothing_else_is_found() -> None:
    assert [each.name for each in naming(_host({"b": PAGES["b.txt"]}).context, "Nora Jarstrom", 10)] == ["b"]
    assert naming(_host(PAGES).context, "Nora Karlson", 10) == []
    assert naming(_host(PAGES).context, "--", 10) == []


def test_of_a_long_line_whole_sentences_near_the_name_are_taken() -> None:
    text = "It rains here. " * 400 + "Ada Holm lives in Ham. " + "It snows there. " * 400
    (found,) = naming(_host({"t": text}).context, "Ada Holm", 10)
    assert len(found.text) <= AROUND + 50
    assert found.text.startswith("It rains here.")
    assert found.text.rstrip().endswith("It snows there.")


def test_in_code_the_function_is_taken_with_the_headers_above_it() -> None:
    text = (
        "class A:\n"
        + "    x = 1\n" * 40
        + "    def f(self, port=80):\n        return port\n\n\ndef g():\n    return A().f()\n"
    )
    found = [each.text.strip() for each in naming(_host({"a.py": text}).context, "port", 10)]
    assert found == ["class A:", "def f(self, port=80):\n        return port"]


def test_members_are_those_of_their_owner() -> None:
    text = "class A:\n    def f(self):\n        return 1\n\n\nclass B:\n    def f(self):\n        return 2\n"
    context = _host({"a.py": text}).context
    (found,) = members(context, "B", "f")
    assert found.text == "class B:\n    def f(self):\n        return 2"
    assert members(context, "C", "f") == []
    assert members(context, "B", "h") == []


def test_a_place_that_is_no_line_is_the_one_that_a_hit_shows() -> None:
    context = _host({"a.txt": "one\ntwo\nthree"}).context
    assert Excerpt(context, 4, 7).place_at(8) == "a.txt:3"
    assert Excerpt("plain text", 0, 5).place == ""


def test_touching_passages_are_one() -> None:
    text = "x" * 5_000
    parts = [
        Excerpt(text, 900, 1_000),
        Excerpt(text, 3_000, 3_100),
        Excerpt(text, 0, 850),
        Excerpt(text, 950, 960),
    ]
    assert [(each.start, each.end) for each in joined(parts)] == [(0, 1_000), (3_000, 3_100)]
    assert [each.start for each in in_order(joined(parts[1:]))] == [0, 3_000]


_SPANS = st.lists(st.tuples(st.integers(0, 3_000), st.integers(1, 900)), max_size=12)


@given(_SPANS)
def test_joining_loses_no_character_and_repeats_none(spans: list[tuple[int, int]]) -> None:
    text = "word " * 1_000
    parts = [Excerpt(text, start, start + size) for start, size in spans]
    whole = joined(parts)
    held = [at for each in whole for at in range(each.start, each.end)]
    assert {at for start, size in spans for at in range(start, start + size)} <= set(held)
    assert joined(whole) == whole


@given(_SPANS, st.integers(200, 2_000))
def test_packing_keeps_every_character_in_order(spans: list[tuple[int, int]], characters: int) -> None:
    text = "One two. Three\n" * 400
    parts = [Excerpt(text, start, start + size) for start, size in spans]
    groups = packed(parts, characters)
    assert "".join(each.text for group in groups for each in group) == "".join(each.text for each in parts)
    assert all(sum(len(each.text) for each in group) <= characters for group in groups)


@pytest.mark.parametrize("name", ["a.b", "C++", "x (y)", "größe", "two  words"])
def test_names_with_signs_are_patterns(name: str) -> None:
    pattern = named(name)
    assert pattern is not None
    assert pattern.search(f"see {' '.join(name.split())} here")
