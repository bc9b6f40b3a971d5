from __future__ import annotations

import base64
import codecs
import hashlib
from string import ascii_letters, digits

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.tokens.bound import Counting, Size
from harlm.types import Message

PROSE = (
    "Every morning the harbour master walks down to the quay and counts the boats that came in at night. "
    "He writes their names into a book, with the hour and what they carry; by noon the list goes to the town "
    "hall, where no one reads it. In forty years he has missed nine days, and on each of them, he says, "
    "something came in that he would have liked to see. "
) * 20
OVERHEAD = 16 + 8  # tokens that the format of a request with one message adds, at most


def picked(alphabet: str, length: int) -> str:
    """Random characters, the same ones on every run."""
    numbers = hashlib.shake_256(alphabet.encode()).digest(4 * length)
    return "".join(
        alphabet[int.from_bytes(numbers[at : at + 4], "big") % len(alphabet)]
        for at in range(0, 4 * length, 4)
    )


def words(alphabet: str, length: int, number: int) -> str:
    text = picked(alphabet, length * number)
    return " ".join(text[at : at + length] for at in range(0, len(text), length))


def span(first: int, last: int) -> str:
    return "".join(map(chr, range(first, last)))


BYTES = hashlib.shake_256(b"bytes").digest(6_000)
HOSTILE: dict[str, tuple[str, int]] = {
    # Each with its tokens in o200k_base or cl100k_base, whichever are more, counted with tiktoken.
    "base64": (base64.b64encode(BYTES).decode(), 5_774),
    "base64 in lines": (base64.encodebytes(BYTES).decode(), 5_901),
    "keys of 16 characters": (words(ascii_letters + digits, 16, 400), 4_728),
    "hexadecimal": (BYTES.hex(), 6_815),
    "hexadecimal in words": (words("0123456789abcdef", 16, 400), 4_058),
    "emoji": (picked("😀🎉🚀🧑‍🤝‍🧑🏳️‍🌈👩🏽‍🚀", 3_000), 7_694),
    "soup of marks": (picked("!@#$%^&*()[]{}<>?/|~`;:'\",.", 4_000), 2_703),
    "soup of four marks": (picked("~^`\\", 4_000), 2_806),
    "soup in words": (words("!@#$%^&*()[]{}<>?/|~`;:'\",.", 7, 500), 2_530),
    "rare Chinese": (picked(span(0x4E00, 0x9FFF), 3_000), 7_113),
    "rarer Chinese": (picked(span(0x20000, 0x2A6DF), 3_000), 11_897),
    "Korean": (picked(span(0xAC00, 0xD7A3), 3_000), 7_747),
    "Amharic": (picked(span(0x1200, 0x1250), 3_000), 8_955),
    "Thai": (picked(span(0xE01, 0xE3A), 3_000), 4_257),
    "letters with accents": (words("éèêëñãõøåßþðæœ", 7, 500), 3_912),
    "letters of no language": (words(span(0x100, 0x24F), 6, 500), 6_010),
    "rot13": (codecs.encode(PROSE[:3_300], "rot13"), 1_512),
    "consonants": (words("bcdfghjklmnpqrstvwxz", 23, 300), 4_047),
    "capitals": (words("BCDFGHJKLMNPQRSTVWXZ", 23, 300), 4_262),
    "letters": (picked("abcdefghijklmnopqrstuvwxyz", 4_000), 2_176),
    "names of many parts": (words("aBcDqXzJkV", 20, 300), 4_182),
    "names with underscores": ("_".join(words("qxzjkv", 3, 900).split()), 2_195),
    "single digits": (" ".join(picked("0123456789", 2_000)), 3_999),
    "digits": (picked("0123456789", 4_000), 1_334),
    "control characters": (picked(span(1, 9), 3_000), 3_000),
    "white space": (picked("\n\t ", 3_000), 971),
}


def prompt(*texts: str) -> tuple[Message, ...]:
    return tuple(Message(role="user", content=text) for text in texts)


def bound(counting: Counting, *texts: str) -> int:
    return counting.bound(counting.measure(prompt(*texts)))


def taught(ratio: float = 1.0, reports: int = 4) -> Counting:
    """A counter whose model has reported only prose."""
    counting = Counting()
    for _ in range(reports):
        size = counting.measure(prompt(PROSE))
        counting.learn(size, round(ratio * size.likely))
    return counting


# -- text that deceives the estimate -----------------------------------------------------------------------


@pytest.mark.parametrize(("text", "tokens"), HOSTILE.values(), ids=HOSTILE)
def test_no_text_has_more_tokens_than_its_bound(text: str, tokens: int) -> None:
    assert tokens <= bound(Counting(), text) - OVERHEAD <= len(text.encode())


@pytest.mark.parametrize(("text", "tokens"), HOSTILE.values(), ids=HOSTILE)
def test_a_bound_also_holds_after_reports_of_prose_only(text: str, tokens: int) -> None:
    assert tokens <= bound(taught(), text) - OVERHEAD


@pytest.mark.parametrize(("text", "tokens"), HOSTILE.values(), ids=HOSTILE)
def test_a_bound_also_holds_for_a_long_text(text: str, tokens: int) -> None:
    times = 100_000 // len(text)
    assert tokens * times <= bound(Counting(), text * times) - OVERHEAD


@given(st.text(max_size=3_000))
def test_a_bound_is_never_above_a_token_a_byte(text: str) -> None:
    for counting in (Counting(), taught(), taught(9.0)):
        size = counting.measure(prompt(text))
        assert size.most == len(text.encode("utf-8", "replace"))
        assert size.overhead <= counting.bound(size) <= size.most + size.overhead


def test_usual_text_is_bounded_at_less_than_twice_what_it_has() -> None:
    counting = Counting()
    size = counting.measure(prompt(PROSE))
    assert 1.3 * counting.expected(size) < counting.bound(size) < 2 * counting.expected(size)


# -- prompts -----------------------------------------------------------------------------------------------


def test_every_message_has_its_overhead() -> None:
    counting = Counting()
    assert counting.measure(()) == Size(likely=0.0, doubtful=0.0, most=0, overhead=16)
    assert counting.measure(prompt("", "", "")).overhead == 40
    assert bound(counting, "", "") == 32


def test_a_prompt_is_measured_message_by_message() -> None:
    counting = Counting()
    one, two = counting.measure(prompt(PROSE)), counting.measure(prompt(PROSE, PROSE))
    assert (two.likely, two.doubtful, two.most) == (2 * one.likely, 2 * one.doubtful, 2 * one.most)


def test_the_estimate_of_a_long_text_is_that_of_its_parts() -> None:
    counting = Counting()
    short, long = counting.measure(prompt(PROSE)), counting.measure(prompt(PROSE * 100))
    assert long.likely == pytest.approx(100 * short.likely, rel=0.1)


@given(st.text(max_size=400), st.text(max_size=400))
def test_any_text_can_be_measured_even_with_lone_surrogates(text: str, other: str) -> None:
    counting = Counting()
    size = counting.measure(prompt(text, "\ud800", other))
    assert counting.bound(size) >= counting.measure(prompt(text)).overhead
    assert counting.expected(size) >= 0


# -- reports of a model ------------------------------------------------------------------------------------


@pytest.mark.parametrize("ratio", [0.7, 1.0, 1.4, 2.5])
def test_the_expected_size_follows_the_reports(ratio: float) -> None:
    counting = taught(ratio)
    size = counting.measure(prompt(PROSE))
    assert counting.expected(size) == pytest.approx(ratio * size.likely, rel=0.01)


@pytest.mark.parametrize("ratio", [0.7, 1.0, 1.4, 2.5])
def test_a_reported_size_fits_into_the_next_bound(ratio: float) -> None:
    counting = taught(ratio)
    size = counting.measure(prompt(PROSE))
    assert counting.bound(size) - size.overhead >= 1.1 * ratio * size.likely


def test_one_report_above_the_bound_is_enough_to_raise_it() -> None:
    counting = Counting()
    size = counting.measure(prompt(PROSE))
    counting.learn(size, 3 * round(size.likely))
    assert counting.bound(size) - size.overhead >= 3 * size.likely


def test_the_bound_becomes_tighter_after_several_reports() -> None:
    fresh, once, often = Counting(), taught(reports=1), taught(reports=4)
    assert bound(fresh, PROSE) == bound(once, PROSE) > bound(often, PROSE)
    assert fresh.margin == once.margin > often.margin > 1.0


def test_short_prompts_and_reports_of_nothing_teach_nothing() -> None:
    counting = Counting()
    for _ in range(9):
        counting.learn(counting.measure(prompt("Hello there")), 500)
        counting.learn(counting.measure(prompt(PROSE)), 0)
        counting.learn(counting.measure(prompt(PROSE)), -5)
    assert bound(counting, PROSE) == bound(Counting(), PROSE)


def test_a_report_beyond_belief_makes_the_bound_a_token_a_byte_and_no_more() -> None:
    assert bound(taught(1e9), PROSE) - OVERHEAD == len(PROSE)


# -- with a tokenizer --------------------------------------------------------------------------------------


class Words:
    """A tokenizer for which every word is a token."""

    def count(self, text: str) -> int:
        return len(text.split())


def test_with_a_tokenizer_the_bound_is_exact() -> None:
    counting = Counting(Words())
    size = counting.measure(prompt("three short words", "and two"))
    assert size == Size(likely=5, doubtful=0.0, most=5, overhead=32)
    assert (counting.expected(size), counting.bound(size)) == (5, 37)


def test_with_a_tokenizer_the_bound_stays_exact_whatever_is_reported() -> None:
    counting = Counting(Words())
    size = counting.measure(prompt(PROSE))
    for _ in range(9):
        counting.learn(size, 2 * size.most)
    assert counting.bound(size) == size.most + size.overhead
