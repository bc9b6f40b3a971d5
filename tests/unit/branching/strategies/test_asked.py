"""What strategies know of a task."""

from __future__ import annotations

from dataclasses import replace

from harlm.types import Context
from tests.support.labelled import MODEL, asked_of


def test_a_question_has_its_blanks_and_quotation_marks_in_one_form() -> None:
    assert asked_of("is  label\n‘ham’\u00a0“common”?", "a").question == "is label 'ham' \"common\"?"


def test_the_beginning_ends_with_a_whole_line() -> None:
    line = "x" * 999 + "\n"
    asked = asked_of("?", line * 50)
    assert len(asked.beginning) == 20_000
    assert asked.beginning.endswith("\n")
    assert asked_of("?", "short").beginning == "short"
    assert len(asked_of("?", "x" * 50_000).beginning) == 20_000


def test_a_context_without_documents_has_no_beginning() -> None:
    asked = asked_of("?", "a")
    empty = replace(asked, task=replace(asked.task, context=Context(documents=())))
    assert empty.beginning == ""


def test_the_stronger_model_is_one_of_another_name() -> None:
    asked = asked_of("?", "a")
    assert not asked.has_stronger
    assert replace(asked, root=replace(MODEL, name="scripted/strong")).has_stronger
