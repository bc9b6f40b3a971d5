from __future__ import annotations

import json
from typing import get_args

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from harlm_bench.answers import cells, items, pairs
from harlm_bench.items import Question, ScorerName
from harlm_bench.scoring import overlap, pairs_overlap, score, score_of

SCORERS: tuple[ScorerName, ...] = get_args(ScorerName)
_words = st.text(alphabet="abcdefgh XYZ", min_size=1, max_size=12).filter(lambda text: bool(text.strip()))
_ids = st.integers(min_value=1, max_value=99_999)


@pytest.mark.parametrize(
    ("scorer", "gold", "answer", "expected"),
    [
        ("exact", "Paris", "Answer: **paris**.", 1.0),
        ("exact", "Paris", "I thought about it.\nParis", 1.0),
        ("exact", "Paris", "Paris or Rome", 0.0),
        ("exact", "48213", "48,213", 1.0),
        ("exact", "2.5", "2.50", 1.0),
        ("exact", "NYC | New York", "new york", 1.0),
        ("exact", "unknown", "Unknown.", 1.0),
        ("contains", "48213", "The value is 48,213.", 1.0),
        ("contains", "48213", "The value is 482131.", 0.0),
        ("contains", "NYC | New York", "It was in New York, I think.", 1.0),
        ("contains", "red", "It was covered.", 0.0),
        ("contains", "red", "red " + "and blue " * 40 + "\nblue", 0.0),
        ("contains", "red", "blue " * 70 + "\nSo it is red.", 1.0),
        ("choice", "B", "B", 1.0),
        ("choice", "B", "The correct answer is (B).", 1.0),
        ("choice", "B", "B) the second one", 1.0),
        ("choice", "A", "A dog barked, so the answer is B", 0.0),
        ("choice", "C", "It must be C, since the file is empty", 1.0),
        ("choice", "C", "Either B or C", 0.0),
        ("choice", "A", "Answer: b", 0.0),
        ("choice", "B", "Answer: B. Option A would be wrong.", 1.0),
        ("choice", "A", "Answer: B. Option A would be wrong.", 0.0),
        ("choice", "C", "The answer is a little hidden, so I choose C.", 1.0),
        ("choice", "A", "The answer is a little hidden, so I choose C.", 0.0),
        ("choice", "C", "A little hidden, so I choose C.", 1.0),
        ("choice", "A", "The answer is a.", 1.0),
        ("choice", "A", "answer: a", 1.0),
        ("choice", "A", "(A)", 1.0),
        ("choice", "A", "A is right", 1.0),
        ("choice", "D", "Option B is wrong, so option D", 1.0),
        ("choice", "D", "Option B looks good, but the answer is **D**", 1.0),
        ("choice", "B", "The answer is not clear: option B", 1.0),
        ("choice", "D", "Final answer D", 1.0),
        ("oolong", "ham", "**Label: ham**", 1.0),
        ("oolong", "ham", "I am sure that it must be ham", 1.0),
        ("oolong", "ham", "Label: ham and spam", 0.0),
        ("oolong", "more common than", "Answer: spam is more common than ham", 1.0),
        ("oolong", "more common than", "Answer: spam is less common than ham", 0.0),
        ("oolong", "the same frequency", "Answer: a is the same frequency before", 1.0),
        ("oolong", "7", "Answer: [9]", 0.75**2),
        ("oolong", "7", "Answer: about seven", 0.0),
        ("oolong", "[7]", "Answer: 7", 1.0),
        ("oolong", "['spam']", "Label: spam", 1.0),
        ("oolong", "[datetime.date(2023, 3, 5)]", "Date: 03/05/2023", 1.0),
        ("oolong", "2023-03-05", "Date: March 5, 2023", 1.0),
        ("oolong", "2023-03-05", "Date: 03/06/2023", 0.0),
        ("oolong", "fire bolt, mage hand, light", "Answer: light, fire bolt, shield", 2 / 3),
        ("pairs", "(1, 2)\n(3, 4)", "(2, 1)\n(5, 6)", 0.5),
        ("pairs", "(1, 2)\n(3, 4)", "1, 2\n3, 4", 1.0),
        ("pairs", "none", "No pairs fit.", 1.0),
        ("pairs", "none", "(1, 2)", 0.0),
        ("pairs", "none", "I cannot tell", 0.0),
        ("pairs", "none", "There is no way to tell.", 0.0),
        ("pairs", "none", "No pairs could be checked, since the text is missing.", 0.0),
        ("pairs", "none", "There is nothing in the text that I can read about dates", 0.0),
        ("pairs", "none", "The file is empty", 0.0),
        ("pairs", "none", "I used xs = [] and then failed", 0.0),
        ("pairs", "none", "Answer: None.", 1.0),
        ("pairs", "none", "I compared all of them.\n\n[]", 1.0),
        ("pairs", "none", "I compared all of them.\nThe answer is: no pairs", 1.0),
        ("pairs", "none", "There are no such pairs.", 1.0),
        ("pairs", "none", "No pairs satisfy both conditions.", 1.0),
        ("pairs", "none", "The list is empty.", 1.0),
        ("pairs", "none", "zero", 1.0),
        ("pairs", "(1, 2)", "none", 0.0),
        ("set", "a, b, c", "Answer: [c, b, a]", 1.0),
        ("set", "a, b", '["A", "D"]', 0.5),
        ("set", "a, b", "- b\n- a", 1.0),
        ("cells", "| k | v |\n|---|---|\n| a | 1 |\n| b | 2 |", '{"a": 1, "b": "3"}', 0.5),
        ("cells", '{"a": 1, "b": 2}', "name,value\na,1\nb,2", 1.0),
        ("cells", '[{"k": "a", "x": 1, "y": 2}]', "```\n| k | x | y |\n|--|--|--|\n| a | 1 | 2 |\n```", 1.0),
        ("cells", '{"a": 1}', "there is no table", 0.0),
        ("ratio", "Hello", "Hello", 1.0),
        ("ratio", "ab1defghijHello", "Hello", 0.0),
        ("ratio", "ab1defghijHello", "ab1defghijHexxo", 0.6),
    ],
)
def test_scores(scorer: ScorerName, gold: str, answer: str, expected: float) -> None:
    assert score_of(scorer, gold, answer) == pytest.approx(expected)


@pytest.mark.parametrize("scorer", SCORERS)
def test_a_blank_answer_is_wrong(scorer: ScorerName) -> None:
    question = Question(id="1", text="?", kind="any", gold="none", scorer=scorer)
    assert score(question, " \n ") == 0.0


@settings(max_examples=60)
@pytest.mark.parametrize("scorer", SCORERS)
@given(gold=st.text(max_size=60), answer=st.text(max_size=120))
@example(gold="[1", answer="{" * 3_000)
@example(gold="[" * 300, answer="Answer: [[[")
@example(gold="5", answer="9" * 6_000)
@example(gold="٣", answer="(٣, ٤)")
@example(gold='a,"b', answer='x,"\n\0')
@example(gold="²", answer="²")
def test_any_text_gets_a_score_between_0_and_1(scorer: ScorerName, gold: str, answer: str) -> None:
    assert 0.0 <= score_of(scorer, gold, answer) <= 1.0


@settings(max_examples=60)
@pytest.mark.parametrize("scorer", SCORERS)
@given(gold=st.text(min_size=1, max_size=60).filter(lambda text: bool(text.strip())))
def test_a_gold_answer_scores_1_against_itself(scorer: ScorerName, gold: str) -> None:
    assert score_of(scorer, gold, gold) == 1.0


@given(ids=st.lists(st.tuples(_ids, _ids), min_size=1, max_size=20, unique=True), data=st.data())
def test_pairs_have_no_order(ids: list[tuple[int, int]], data: st.DataObject) -> None:
    gold = "\n".join(f"({a}, {b})" for a, b in ids)
    mixed = data.draw(st.permutations(ids))
    assert score_of("pairs", gold, "The pairs: " + " ".join(f"({b}, {a})" for a, b in mixed)) == 1.0
    assert pairs(gold) == {(min(each), max(each)) for each in ids}


@given(names=st.lists(_words, min_size=1, max_size=10), data=st.data())
def test_sets_have_no_order_and_no_repetition(names: list[str], data: st.DataObject) -> None:
    mixed = data.draw(st.permutations([*names, names[0]]))
    assert score_of("set", ", ".join(names), "\n".join(f"- {each}" for each in mixed)) == 1.0
    assert items(", ".join(names)) == items("; ".join(mixed))


@given(rows=st.dictionaries(_words, st.integers(0, 9_999), min_size=1, max_size=8))
def test_a_table_may_come_in_any_notation(rows: dict[str, int]) -> None:
    bars = "| name | value |\n|---|---:|\n" + "\n".join(
        f"| {name} | {value:,} |" for name, value in rows.items()
    )
    lines = "name;value\n" + "\n".join(f"{name};{value}" for name, value in rows.items())
    assert cells(bars) == cells(lines) == cells(json.dumps(rows))
    assert score_of("cells", bars, f"Answer:\n{lines}") == 1.0


def test_precision_and_recall_of_pairs() -> None:
    found = pairs_overlap("(1, 2)\n(3, 4)\n(5, 6)", "(1, 2)\n(7, 8)")
    assert (found.precision, found.recall) == (0.5, 1 / 3)
    assert found.f1 == pytest.approx(0.4)
    assert overlap((), ()) == (1.0, 1.0, 1.0)
