from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.folding import fold, fold_with_offsets, is_folded

_TEXT = st.text(
    st.one_of(
        st.characters(), st.sampled_from("eéÉßŁøİıﬁＡ１か\u3099ｶﾞ한\u1112\u1161\u11ab\u0301\u00ad\u200bकि")
    )
)


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("Malmö ŁÓDŹ Straße ØRSTED đ ı æ", "malmo lodz strasse orsted d i ae"),
        ("e\u0301a", "ea"),
        ("eﬃcient ＡＢＣ１２３ 𝐁", "efficient abc123 b"),
        ("Versicherungs\u00adschutz zero\u200bwidth \ufeffmark", "versicherungsschutz zerowidth mark"),
        ("ΑΘΉΝΑΣ αθήνας", "αθηνασ αθηνασ"),
        ("İSTANBUL Ёлка", "istanbul елка"),
        ("किताब แม่", "किताब แม่"),
        ("が か\u3099 ｶﾞ 한국 \u1112\u1161\u11ab국", "が が ガ 한국 한국"),
        ("مَدْرَسَةٌ", "مدرسة"),
        ("shut\u2011down Acme™", "shut-down acme"),
    ],
)
def test_what_readers_take_for_the_same_folds_to_the_same(written: str, folded: str) -> None:
    assert fold(written) == folded


def test_case_can_be_kept() -> None:
    assert fold("Łódź HTTPServer", keep_case=True) == "Lodz HTTPServer"


@given(_TEXT, st.booleans())
def test_offsets_fit_the_folded_text_and_ascend(text: str, keep_case: bool) -> None:
    folded, offsets = fold_with_offsets(text, keep_case=keep_case)
    assert folded == fold(text, keep_case=keep_case)
    assert len(offsets) == len(folded) + 1
    assert list(offsets) == sorted(offsets)
    assert offsets[-1] == len(text)


@given(_TEXT)
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(_TEXT)
def test_a_folded_text_keeps_its_letters(text: str) -> None:
    if is_folded(text):
        assert fold(text, keep_case=True) == text


def test_an_offset_names_the_letter_in_the_original() -> None:
    folded, offsets = fold_with_offsets("die Straße in Łódź")
    assert offsets[folded.index("lodz")] == "die Straße in Łódź".index("Ł")


@pytest.mark.parametrize("marks", ["\u0301\u0323", "\u0e48\u0e38", "\u094d\u093c"])
def test_many_marks_take_linear_time(marks: str) -> None:
    text = "a" + marks * 100_000
    before = time.process_time()
    fold(text)
    fold_with_offsets(text)
    assert time.process_time() - before < 10
