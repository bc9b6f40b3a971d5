from __future__ import annotations

import re
from collections import defaultdict
from functools import lru_cache

import pytest

from harlm.errors import ConfigError
from harlm.tokens import estimate_tokens
from harlm_bench.items import Question, Window
from harlm_bench.scoring import score
from harlm_bench.tasks import families, family, names, sizes

NAMES = names()
_QUESTIONS = 12
_SEEDS = (1, 2)
_FORM = re.compile(r"\b(?:answer|format|form|only|reply|respond|return|write)\b", re.IGNORECASE)


@lru_cache(maxsize=200)
def _window(name: str, seed: int, tokens: int) -> Window:
    least, most = sizes(name)
    return family(name).window(seed, min(max(tokens, least), most), _QUESTIONS)


def _reference(window: Window, question: Question) -> str:
    query = family(window.task).understand(question.text)
    assert query is not None, f"not understood: {question.text}"
    return query.answer(window.facts) or ""


def test_families_are_listed_in_the_order_of_their_names() -> None:
    assert tuple(each.name for each in families()) == NAMES


def test_an_unknown_task_is_refused_with_the_names_that_there_are() -> None:
    with pytest.raises(ConfigError, match=r"no task 'ooolong'.*short, s-niah, oolong"):
        family("ooolong")


@pytest.mark.parametrize("name", NAMES)
def test_sizes_that_are_not_made_are_refused(name: str) -> None:
    least, most = sizes(name)
    for tokens in (least - 1, most + 1):
        with pytest.raises(ConfigError, match=rf"'{name}' makes windows of {least:,} to {most:,} tokens"):
            family(name).window(1, tokens, 1)
    with pytest.raises(ConfigError, match="at least one question"):
        family(name).window(1, least, 0)


@pytest.mark.parametrize("name", NAMES)
def test_a_seed_makes_the_same_window_again_and_another_seed_another(name: str) -> None:
    first = _window(name, 1, 4_000)
    again = family(name).window(1, first.tokens, _QUESTIONS)
    assert (again.digest, again.facts) == (first.digest, first.facts)
    assert len({_window(name, seed, 4_000).digest for seed in _SEEDS}) == len(_SEEDS)
    assert (first.task, first.version) == (name, family(name).version)


@pytest.mark.parametrize("tokens", [1_000, 4_000, 16_384])
@pytest.mark.parametrize("name", NAMES)
def test_a_reference_solver_answers_everything(name: str, tokens: int) -> None:
    for seed in _SEEDS:
        window = _window(name, seed, tokens)
        wrong = {
            question.text: (question.gold[:200], answer[:200])
            for question in window.questions
            if score(question, answer := _reference(window, question)) < 1.0
        }
        assert not wrong


@pytest.mark.parametrize("tokens", [1_000, 4_000, 16_384, 100_000])
@pytest.mark.parametrize("name", NAMES)
def test_the_size_is_within_5_percent(name: str, tokens: int) -> None:
    window = _window(name, 2, tokens)
    assert estimate_tokens(window.text) == pytest.approx(window.tokens, rel=0.05)


@pytest.mark.parametrize("name", NAMES)
def test_every_fact_stands_in_the_text(name: str) -> None:
    for seed in _SEEDS:
        window = _window(name, seed, 4_000)
        assert window.facts
        assert not [fact.text for fact in window.facts if fact.text not in window.text]
        assert name == "codeqa" or not [fact.text for fact in window.facts if "\n" in fact.text]
        assert all(
            fact.attributes[name] in values
            for fact in window.facts
            for name, values in fact.guessable.items()
        )


@pytest.mark.parametrize("name", NAMES)
def test_questions_are_distinct_and_say_the_form_of_the_answer(name: str) -> None:
    window = _window(name, 1, 16_384)
    assert len({question.id for question in window.questions}) == len(window.questions) > 0
    assert len({question.text for question in window.questions}) == len(window.questions)
    assert not [question.text for question in window.questions if not _FORM.search(question.text)]
    assert all(question.gold.strip() for question in window.questions)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_follows_from_nothing(name: str) -> None:
    window = _window(name, 1, 4_000)
    for question in window.questions:
        query = family(name).understand(question.text)
        assert query is not None
        assert query.answer(()) is None


@pytest.mark.parametrize("name", NAMES)
def test_questions_want_some_facts_of_their_window(name: str) -> None:
    window = _window(name, 1, 4_000)
    for question in window.questions:
        query = family(name).understand(question.text)
        assert query is not None
        assert any(query.wants(fact) for fact in window.facts)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "text", ["", "What is the capital of France?", "Summarise the text.\n\nA | B\n" * 20]
)
def test_other_questions_are_not_understood(name: str, text: str) -> None:
    assert family(name).understand(text) is None


@pytest.mark.parametrize("name", NAMES)
def test_random_answers_score_about_chance(name: str) -> None:
    """A random answer of the right form: the right answer to a question of the same kind about another window."""
    asked: defaultdict[str, list[tuple[int, Question]]] = defaultdict(list)
    for seed in (1, 2, 3, 10, 11, 12):  # two of each of three tasks for ``chaos``, which takes nine in turn
        for question in _window(name, seed, 4_000).questions:
            asked[question.kind].append((seed, question))
    scores = [
        (score(question, other.gold), question.chance)
        for group in asked.values()
        for seed, question in group
        for other_seed, other in group
        if other_seed != seed
    ]
    assert scores
    mean, expected = (sum(column) / len(scores) for column in zip(*scores, strict=True))
    assert mean == pytest.approx(expected, abs=0.12)
