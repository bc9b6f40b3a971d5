from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.context.document_names import OwnNames, shown_name

NAMES = st.text(st.sampled_from("ab./ \n\x1b\u202e\ud800\udcff") | st.characters(), max_size=12)


@pytest.mark.parametrize("name", ["docs/a.md", "ö 日本 (2).txt", "", "100%.txt"])
def test_a_printable_name_does_not_change(name: str) -> None:
    assert shown_name(name) == name


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a\nb", "a%0Ab"),
        ("a\x1b[31mb", "a%1B[31mb"),
        ("a\x85b", "a%C2%85b"),
        ("a\u2028b", "a%E2%80%A8b"),
        ("gnp.\u202eexe", "gnp.%E2%80%AEexe"),
        ("a\udcff.txt", "a%FF.txt"),
        ("a\ud800.txt", "a\ufffd.txt"),
    ],
)
def test_unsafe_characters_are_percent_encoded(name: str, shown: str) -> None:
    assert shown_name(name) == shown


@given(NAMES)
def test_a_shown_name_can_be_encoded_and_has_no_control_characters(name: str) -> None:
    shown = shown_name(name)
    assert shown.encode().decode() == shown
    assert not any(unicodedata.category(letter) == "Cc" for letter in shown)


def test_a_taken_name_gets_a_number_before_its_suffixes() -> None:
    names = OwnNames()
    given_names = [
        names.own(name) for name in ("x/a.tar.gz", "x/a.tar.gz", "x/a.tar.gz", "a", "a", ".env", ".env")
    ]
    assert given_names == ["x/a.tar.gz", "x/a (2).tar.gz", "x/a (3).tar.gz", "a", "a (2)", ".env", ".env (2)"]


def test_a_number_that_is_taken_is_skipped() -> None:
    names = OwnNames()
    assert [names.own(name) for name in ("a (2).txt", "a.txt", "a.txt")] == [
        "a (2).txt",
        "a.txt",
        "a (3).txt",
    ]


def test_it_contains_the_names_that_are_taken() -> None:
    names = OwnNames()
    names.own("a.txt")
    names.own("a.txt")
    assert "a.txt" in names
    assert "a (2).txt" in names
    assert "b.txt" not in names


@given(st.lists(st.sampled_from(["a", "a (2)", "a.txt", "x/a.txt", ".a", ""]), max_size=12))
def test_no_two_documents_get_the_same_name(wanted: list[str]) -> None:
    names = OwnNames()
    given_names = [names.own(name) for name in wanted]
    assert len(set(given_names)) == len(wanted)
