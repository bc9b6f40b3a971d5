from __future__ import annotations

from tests.support.proposals import ROOT, SUB, asked_of


def test_a_question_has_one_form_of_blanks_and_quotation_marks() -> None:
    assert (
        asked_of("Is  label\u00a0‘ham’\n“more”  common?", "a text").question
        == "Is label 'ham' \"more\" common?"
    )


def test_the_beginning_of_a_long_text_ends_with_a_whole_line() -> None:
    text = "".join(f"line number {number}\n" for number in range(5_000))
    beginning = asked_of("Why?", text).beginning
    assert 15_000 < len(beginning) <= 20_000
    assert text.startswith(beginning)
    assert beginning.endswith("\n")


def test_a_short_text_is_looked_at_whole_and_a_line_without_end_up_to_a_limit() -> None:
    assert asked_of("Why?", "a text").beginning == "a text"
    assert len(asked_of("Why?", "x" * 50_000).beginning) == 20_000


def test_the_root_is_stronger_only_if_it_is_another_model() -> None:
    assert asked_of("Why?", "a text", root=ROOT).has_stronger
    assert not asked_of("Why?", "a text", root=SUB).has_stronger
