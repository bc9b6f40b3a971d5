from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from harlm.guest.combinators.wording import NOT_FOUND, plainly, read_question


@pytest.mark.parametrize(
    ("question", "core"),
    [
        ("What is the port? Answer with the number only.", "What is the port?"),
        ("Who is it?\nReply with a name. Do not explain.", "Who is it?"),
        ("Answer with the name only.", "Answer with the name only."),
        ("Which is it?\nA) red\nB) blue\nAnswer with the letter.", "Which is it?"),
    ],
)
def test_the_core_leaves_out_choices_and_the_form_of_the_answer(question: str, core: str) -> None:
    assert read_question(question).core == core


@pytest.mark.parametrize(
    ("question", "keys"),
    [
        ("What is the registered number of plum-pebble-50?", ("plum-pebble-50",)),
        ("In cgi.py, what does `parse` of `Form.__init__` raise?", ("parse", "Form.__init__", "cgi.py")),
        ("Who painted 'The Night Watch'?", ("The Night Watch",)),
        (
            "What did Anna Larsen say about the Bank of England in 1998?",
            ("1998", "Anna Larsen", "Bank of England"),
        ),
        ("What is MAX_RETRIES set to?", ("MAX_RETRIES",)),
        ("What does it cost?", ()),
        ("Does Larsen's house have a roof?", ("Larsen",)),
    ],
)
def test_keys_are_what_the_question_names(question: str, keys: tuple[str, ...]) -> None:
    assert read_question(question).keys == keys


@pytest.mark.parametrize(
    ("question", "missing"),
    [
        ("Who? Answer with the name only, or with 'unknown' if the documents do not say.", "unknown"),
        ("Who? If no person is named, answer 'no one'.", "no one"),
        ("Who? If it is not in the text, say N/A.", "N/A"),
        ("Who is it?", NOT_FOUND),
    ],
)
def test_the_word_for_a_missing_answer(question: str, missing: str) -> None:
    assert read_question(question).missing == missing


@pytest.mark.parametrize(
    ("question", "is_bare"),
    [
        ("What is it? Answer with the number only.", True),
        ("What is it? Answer with its name, and nothing else.", True),
        ("What is it?\nA) one\nB) two", True),
        ("What is the only colour?", False),
        ("What is it? Answer in one sentence.", False),
    ],
)
def test_whether_the_answer_is_wanted_alone(question: str, is_bare: bool) -> None:
    assert read_question(question).is_bare is is_bare


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "unknown",
        "Unknown.",
        "NOT FOUND",
        "n/a",
        "The passages do not say it.",
        "I'm sorry, but I can't help with that.",
    ],
)
def test_answers_that_say_nothing(answer: str) -> None:
    assert read_question("Who is the mayor of Ham?").says_nothing(answer)


def test_no_is_an_answer_to_a_question_for_yes_or_no() -> None:
    assert not read_question("Is the shop open?").says_nothing("No")
    assert read_question("Who owns the shop?").says_nothing("No")


def test_choices_are_known_by_letter_and_by_words() -> None:
    asked = read_question("Which?\nA) red\nB) dark blue\nC) green\nAnswer with the letter.")
    assert asked.choices == ("red", "dark blue", "green")
    assert [asked.choice(each) for each in ("B", "(b)", "B) dark blue", "Dark blue.", "violet", "")] == [
        1,
        1,
        1,
        1,
        None,
        None,
    ]
    assert asked.as_chosen(1, "dark blue") == "B"
    other = read_question("Which?\n1) red\n2) blue\nName it in its own words.")
    assert (other.as_chosen(1, "blue"), other.as_chosen(1, "2")) == ("blue", "2")


def test_what_is_no_question_is_an_error() -> None:
    with pytest.raises(TypeError, match="not int"):
        read_question(3)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="empty"):
        read_question(" \n")


def test_a_name_ends_with_its_sentence() -> None:
    assert read_question("Who runs the lab in Paris\nBob Hill or Ann Lee?").keys == (
        "Paris",
        "Bob Hill",
        "Ann Lee",
    )
    assert read_question("Where is  New   York?").keys == ("New York",)


@given(st.text(min_size=1).filter(str.strip))
@example("B\n\u00b9")
@example("B  \u00b9")
def test_every_text_is_read(text: str) -> None:
    asked = read_question(text)
    assert asked.core or not text.strip()
    plain = text.translate({8216: "'", 8217: "'", 8220: '"', 8221: '"', 160: " "}).casefold()
    assert all(" ".join(each.casefold().split()) in " ".join(plain.split()) for each in asked.keys)


@given(st.text())
def test_comparing_twice_changes_nothing(text: str) -> None:
    assert plainly(plainly(text).upper()) == plainly(plainly(text).upper().casefold())
