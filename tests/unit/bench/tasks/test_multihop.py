from __future__ import annotations

import re

from harlm_bench.items import Fact, Window
from harlm_bench.scoring import score
from harlm_bench.tasks import family
from harlm_bench.tasks.relations import BY_NAME, RELATIONS
from tests.unit.bench.tasks.test_families import _window

_SMALL_WORDS = set("who or what is the of answer with name only if documents do not say unknown".split())


def _words(text: str) -> set[str]:
    return set(re.findall(r"[a-z]+", text.lower()))


def _ranked(window: Window, question: str) -> list[str]:
    """Documents by the number of the question's words in them, each weighed by how rare it is."""
    documents = {name: _words(text) for name, text in window.documents.items()}
    rarity = {
        word: 1 / (1 + sum(word in held for held in documents.values()))
        for word in _words(question) - _SMALL_WORDS
    }
    return sorted(
        documents, key=lambda name: -sum(weight for word, weight in rarity.items() if word in documents[name])
    )


def _path(window: Window, question: str) -> list[Fact]:
    """The facts of the links of a question, as far as they are told."""
    relations = [each for each in re.findall(r"\w+", question) if each in BY_NAME][::-1]
    known = {(fact.attributes["subject"], fact.attributes["relation"]): fact for fact in window.facts}
    start = re.search(r"of ([^?]+)\?", question.rpartition(" of ")[1] + question.rpartition(" of ")[2])
    assert start is not None
    thing, path = start[1], list[Fact]()
    for relation in relations:
        fact = known.get((thing, relation))
        if fact is None:
            break
        path.append(fact)
        thing = fact.attributes["object"]
    return path


def test_no_sentence_uses_a_word_by_which_questions_call_a_relation() -> None:
    assert not [
        sentence
        for relation in RELATIONS
        for sentence in relation.sentences
        if _words(sentence) & set(BY_NAME)
    ]


def test_later_links_share_no_word_with_the_question() -> None:
    for seed in (1, 2):
        window = _window("multihop-long", seed, 16_384)
        for question in window.questions:
            asked = _words(question.text) - _SMALL_WORDS
            for fact in _path(window, question.text)[1:]:
                assert not _words(fact.text) & asked - {"a"}


def test_each_link_stands_in_a_document_of_its_own_among_decoys_of_the_same_relation() -> None:
    window = _window("multihop-long", 1, 16_384)
    for question in window.questions:
        path = _path(window, question.text)
        homes = {name for name, text in window.documents.items() if any(fact.text in text for fact in path)}
        assert len(homes) >= len(path)
        for fact in path:
            same = [
                each for each in window.facts if each.attributes["relation"] == fact.attributes["relation"]
            ]
            assert len(same) >= 3


def test_one_question_in_ten_has_no_answer() -> None:
    golds = [
        question.gold for seed in range(10) for question in _window("multihop-long", seed, 16_384).questions
    ]
    assert 0.05 <= golds.count("unknown") / len(golds) <= 0.15


def test_a_search_for_the_words_of_the_question_finds_few_answers() -> None:
    scores = []
    for seed in (1, 2, 3):
        window = _window("multihop-long", seed, 16_384)
        for question in window.questions:
            best = _ranked(window, question.text)[0]
            objects = [
                fact.attributes["object"] for fact in window.facts if fact.text in window.documents[best]
            ]
            scores.append(max(score(question, each) for each in objects))
    assert sum(scores) / len(scores) <= 0.1


def test_a_question_for_one_relation_is_understood_and_unknown_where_no_text_tells() -> None:
    window = _window("multihop-long", 1, 4_000)
    fact = window.facts[0]
    one = family("multihop-long").understand(
        f"Read this. Who is the {fact.attributes['relation']} of {fact.attributes['subject']}?"
    )
    assert one is not None
    assert one.answer(window.facts) == fact.attributes["object"]
    assert one.answer(window.facts[1:2]) == "unknown"
