from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from random import Random

from harlm_bench.items import Fact
from harlm_bench.scoring import score
from harlm_bench.tasks import family
from harlm_bench.tasks.messages import LABELS, MEANINGS, SENTENCES, Messages
from tests.unit.bench.tasks.test_families import _window

Rule = Callable[[str], str]


def _words(text: str) -> set[str]:
    return set(re.findall(r"[a-z']+|\?", text.lower()))


def _best_words(count: int) -> Rule:
    """The words that tell most about each label, chosen with all sentences at hand."""
    everywhere = Counter(
        word for sentences in SENTENCES.values() for each in sentences for word in _words(each)
    )
    rules: dict[str, set[str]] = {}
    for label, sentences in SENTENCES.items():
        here = Counter(word for each in sentences for word in _words(each))
        worth = {word: n / everywhere[word] * math.log(1 + n) for word, n in sorted(here.items()) if n >= 3}
        rules[label] = set(sorted(worth, key=lambda word: -worth[word])[:count])
    return lambda text: max(LABELS, key=lambda label: len(rules[label] & _words(text)))


def _learned(known: Mapping[str, Sequence[str]]) -> Rule:
    """Naive Bayes over words."""
    counts = {
        label: Counter(word for each in texts for word in _words(each)) for label, texts in known.items()
    }

    def rule(text: str) -> str:
        return max(
            LABELS,
            key=lambda label: sum(
                math.log((counts[label][word] + 0.5) / (len(known[label]) + 1))
                for word in sorted(_words(text))
            ),
        )

    return rule


def test_each_label_has_sixty_sentences_of_its_own() -> None:
    assert min(map(len, SENTENCES.values())) >= 60
    all_of_them = [each for sentences in SENTENCES.values() for each in sentences]
    assert len(set(all_of_them)) == len(all_of_them)
    assert MEANINGS.keys() == SENTENCES.keys()


def test_messages_have_the_labels_that_were_asked_for() -> None:
    drawn = Messages(Random(1)).draw(Random(2), LABELS)
    for label, text in zip(LABELS, drawn, strict=True):
        patterns = [re.sub(r"\\\{\w\\\}", ".+", re.escape(each)) for each in SENTENCES[label]]
        assert any(re.fullmatch(pattern, text) for pattern in patterns)


def test_no_sentence_of_a_label_can_be_taken_for_one_of_another() -> None:
    drawn = Messages(Random(1)).draw(Random(2), [label for label in LABELS for _ in range(300)])
    labels: dict[str, set[str]] = {}
    for at, text in enumerate(drawn):
        labels.setdefault(text, set()).add(LABELS[at // 300])
    assert all(len(each) == 1 for each in labels.values())


def test_words_alone_tell_few_labels() -> None:
    rule = _best_words(20)
    right = [rule(each) == label for label, sentences in SENTENCES.items() for each in sentences]
    assert sum(right) / len(right) <= 0.6


def test_words_of_half_of_the_sentences_tell_few_labels_of_the_other_half() -> None:
    chance = Random(1)
    mixed = {label: chance.sample(list(sentences), len(sentences)) for label, sentences in SENTENCES.items()}
    rule = _learned({label: sentences[:30] for label, sentences in mixed.items()})
    right = [rule(each) == label for label, sentences in mixed.items() for each in sentences[30:]]
    assert sum(right) / len(right) <= 0.45


def test_a_rule_of_words_with_a_perfect_plan_stays_below_60_percent_on_oolong() -> None:
    rule = _best_words(20)
    scores = []
    for seed in (1, 2, 3):
        window = _window("oolong", seed, 16_384)
        guessed = [
            Fact(text=fact.text, kind=fact.kind, attributes={**fact.attributes, "label": rule(fact.text)})
            for fact in window.facts
        ]
        for question in window.questions:
            query = family("oolong").understand(question.text)
            assert query is not None
            scores.append(score(question, query.answer(guessed) or ""))
    assert sum(scores) / len(scores) <= 0.6
