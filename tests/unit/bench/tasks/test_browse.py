from __future__ import annotations

import re
from random import Random

import pytest

from harlm_bench.items import Window
from harlm_bench.scoring import score
from harlm_bench.tasks.browse import FAMILY
from harlm_bench.tasks.browse_traits import ASPECTS, BIRTHS, CONSTRAINTS, ERAS, LINKS, RELATIONS, TRAITS
from harlm_bench.tasks.browse_world import NEGATIVES, Person, world
from tests.unit.bench.tasks.solving import nearest_document, reference_score, size_error, unfound

_COMMON = set(
    "a all an and as at but by for from had in is of on or out that the to took was were which with who it its".split()
)
_COMMON |= {
    "person",
    "name",
    "never",
    "other",
    "time",
    "up",
    "when",
    "after",
    "first",
    "last",
    "be",
    "had",
    "has",
}


def _people(window: Window) -> list[str]:
    return sorted({each.attributes["subject"] for each in window.facts if each.kind == "relation"})


@pytest.mark.parametrize("tokens", [2_048, 131_072])
def test_windows_have_their_size_and_a_perfect_reader_solves_them(tokens: int) -> None:
    for seed in range(2):
        window = FAMILY.window(seed, tokens, 12)
        assert size_error(window) <= 0.05
        assert reference_score(FAMILY, window) == 1.0
        assert (tokens < 11_000) or 100 <= len(window.documents) <= 1_000
    assert not unfound(FAMILY.window(0, 4_096, 3))


def test_exactly_one_person_fits_and_evidence_lies_in_five_documents() -> None:
    window = FAMILY.window(5, 131_072, 12)
    said = {
        (each.attributes["subject"], each.attributes.get("aspect")): each
        for each in window.facts
        if each.kind == "trait"
    }
    links = {
        (each.attributes["subject"], each.attributes["relation"]): each.attributes["object"]
        for each in window.facts
        if each.kind == "relation"
    }

    def value(person: str, aspect: str) -> str:
        where = links[person, aspect] if aspect in LINKS else person
        fact = said[where, aspect]
        assert fact.text in window.documents[where]
        return fact.attributes["value"]

    full = 0
    for question in window.questions:
        asked = [each for text, each in CONSTRAINTS.items() if text in question.text]
        assert 4 <= len(asked) <= 7
        assert len(asked) == question.text.count(";") + 1
        fitting = [
            name for name in _people(window) if all(value(name, aspect) == wanted for aspect, wanted in asked)
        ]
        assert fitting == [question.gold.partition(" | ")[0]]
        full += {aspect for aspect, _ in asked} >= set(LINKS)
    assert full >= len(window.questions) // 2


def test_twenty_people_differ_from_one_in_one_or_two_things() -> None:
    people = world(100, Random(1)).people

    def apart(first: Person, second: Person) -> int:
        return sum(first.traits[each] != second.traits[each] for each in ASPECTS)

    group = people[: NEGATIVES + 1]
    assert {apart(group[0], each) for each in group[1:]} == {1, 2}
    assert all(apart(one, other) for one in people for other in people if one is not other)


def test_words_of_a_question_do_not_lead_to_the_person() -> None:
    hits = []
    for seed in range(2):
        window = FAMILY.window(seed, 32_768, 12)
        people = _people(window)
        hits += [score(each, nearest_document(window, each, people)) for each in window.questions]
    assert sum(hits) / len(hits) <= 0.2


def test_a_question_and_a_document_say_a_trait_in_different_words() -> None:
    for aspect, values in TRAITS.items():
        for value, sentences in values.items():
            words = set(re.findall(r"[a-z]+", value)) - _COMMON
            for sentence in sentences:
                shared = words & set(re.findall(r"[a-z]+", sentence.replace("{name}", "").lower()))
                assert not shared, (aspect, value, sentence)


def test_no_constraint_is_part_of_another_and_no_sentence_comes_twice() -> None:
    assert not [(one, two) for one in CONSTRAINTS for two in CONSTRAINTS if one != two and one in two]
    sentences = [each for values in TRAITS.values() for group in values.values() for each in group]
    sentences += [*BIRTHS, *(each for group in RELATIONS.values() for each in group)]
    assert len(set(sentences)) == len(sentences)
    assert all("{name}" in each for each in sentences)
    assert sum(map(len, ERAS.values())) == 300


def test_smaller_questions_are_answered_from_one_document() -> None:
    window = FAMILY.window(0, 16_384, 1)
    trait = next(each for each in window.facts if each.attributes.get("aspect") == "school")
    constraint = next(
        text for text, each in CONSTRAINTS.items() if each == ("school", trait.attributes["value"])
    )
    holds = FAMILY.understand(f"Does this document satisfy: {constraint}? Answer yes or no.")
    assert holds is not None
    assert not holds.in_head
    assert holds.answer([trait]) == "yes"
    assert (
        holds.answer(
            [each for each in window.facts if each.attributes.get("value") != trait.attributes["value"]]
        )
        == "no"
    )
    link = next(each for each in window.facts if each.kind == "relation")
    asked = (
        f"What does this document name as the {link.attributes['relation']} of {link.attributes['subject']}?"
    )
    found = FAMILY.understand(asked)
    assert found is not None
    assert found.answer(window.facts) == link.attributes["object"]
    assert FAMILY.understand("What does this document name as the shoe size of Ada Stone?") is None


def test_surnames_are_aliases_unless_two_people_share_one() -> None:
    window = FAMILY.window(0, 131_072, 40)
    surnames = [name.split()[-1] for name in _people(window)]
    for question in window.questions:
        name, *aliases = question.gold.split(" | ")
        first, last = name.split()
        assert aliases == ([f"{first[0]}. {last}", last] if surnames.count(last) == 1 else [])
        assert score(question, name) == 1.0
