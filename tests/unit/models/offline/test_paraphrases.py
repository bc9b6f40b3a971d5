"""Words that ask and words that replace each other."""

from __future__ import annotations

import pytest

from harlm.models.offline.paraphrases import (
    fold,
    foreign_kind,
    is_loose,
    is_stopword,
    replacements,
    without_question,
)
from harlm.retrieval.terms import stem


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("When does it end?", None),
        ("Wann beginnt die Nachtruhe?", "date"),
        ("Wie hoch ist die Miete im Monat?", "number"),
        ("Qui est la directrice de la bibliothèque ?", "person"),
        ("¿Cuánto cuesta la entrada en el museo?", "number"),
        ("Dove si trova la biblioteca?", "place"),
        ("Waar is het kantoor?", "place"),
        ("Kto jest dyrektorem?", "person"),
        ("Quando começa a reunião?", "date"),
        ("几天内可以退货？", "number"),
        ("店長は誰ですか", "person"),
    ],
)
def test_the_language_and_the_kind_of_a_question(question: str, kind: str | None) -> None:
    assert foreign_kind(question) == kind


def test_synonyms_go_both_ways() -> None:
    assert stem("storage") not in replacements(stem("kept"))
    assert stem("stored") in replacements(stem("kept"))
    assert stem("kept") in replacements(stem("stored"))
    assert replacements("zebra") == frozenset()


def test_common_verbs_are_loose_and_nouns_are_not() -> None:
    assert is_loose(stem("provided"))
    assert not is_loose(stem("deposit"))


def test_folding_and_stopwords() -> None:
    assert fold("Müll") == "mull"
    assert is_stopword("der", foreign=True)
    assert not is_stopword("der", foreign=False)
    assert "谁" not in without_question("店长是谁？")
