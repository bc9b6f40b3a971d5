"""Numbered items, and what replies say of each, whatever a model replies."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from harlm.guest.combinators.leaf import Reply
from harlm.guest.combinators.numbered import answers_in, batches, certainties, listed

OPTIONS = ("spam", "ham")
SIGNS = st.text("0123456789 :.-)>=|\t\n[]{}\",abspmh'#*", max_size=120)


def read(words: str) -> str | None:
    plain = words.strip(" .*'\"").casefold()
    return plain if plain in OPTIONS else None


def test_items_are_one_a_line_whatever_they_hold() -> None:
    assert listed(["one", "two\n2: ham", " three\t "]) == "1: one\n2: two 2: ham\n3: three"


@given(st.lists(st.text(max_size=30), max_size=40), st.integers(1, 9), st.integers(1, 200))
def test_batches_hold_all_items_in_order_within_their_bounds(
    items: list[str], most: int, characters: int
) -> None:
    found = batches(items, most, characters)
    assert [item for batch in found for item in batch] == items
    for batch in found:
        assert 1 <= len(batch) <= most
        assert len(batch) == 1 or sum(len(item) + 8 for item in batch) <= characters


@given(SIGNS, st.integers(0, 12))
@example('{"0": "spam", "-1": "ham", "99999999999": "ham"}', 2)
@example("0: spam\n5: ham", 3)
@example("[" * 2_000 + "]" * 2_000, 2)
def test_no_reply_answers_an_item_that_was_not_sent(reply: str, count: int) -> None:
    found = answers_in(reply, count, read)
    assert all(0 <= at < count for at in found)
    assert set(found.values()) <= set(OPTIONS)


@given(st.lists(st.sampled_from(OPTIONS), min_size=1, max_size=12), st.data())
def test_every_form_of_a_reply_says_the_same(labels: list[str], data: st.DataObject) -> None:
    numbered = list(enumerate(labels, 1))
    separator = data.draw(st.sampled_from([": ", ". ", ") ", " - ", "\t", " -> ", "= ", " | ", "**: "]))
    mark = data.draw(st.sampled_from(["", "- ", "* ", "> ", "#", "**", "`"]))
    fence = data.draw(st.sampled_from(["{}", "```json\n{}\n```", "Here they are:\n{}\nDone."]))
    forms = [
        "\n".join(f"{mark}{number}{separator}{label}" for number, label in numbered),
        "\n".join(f"[{number}] : {label}" for number, label in numbered),
        fence.format(json.dumps({str(number): label for number, label in numbered})),
        fence.format(json.dumps([{"number": number, "label": label} for number, label in numbered])),
        fence.format(json.dumps([{"label": label, "id": str(number)} for number, label in numbered])),
        fence.format(json.dumps({"labels": labels})),
        fence.format(json.dumps(labels)),
        fence.format(json.dumps({"labels": [{"i": number, "is": label} for number, label in numbered]})),
    ]
    for form in forms:
        assert answers_in(form, len(labels), read) == dict(enumerate(labels)), form


@given(st.lists(st.sampled_from(OPTIONS), min_size=2, max_size=9), st.randoms())
def test_the_order_of_a_reply_does_not_matter(labels: list[str], chance: object) -> None:
    lines = [f"{number}: {label}" for number, label in enumerate(labels, 1)]
    chance.shuffle(lines)  # type: ignore[attr-defined] # a random.Random
    assert answers_in("\n".join(lines), len(labels), read) == dict(enumerate(labels))


@pytest.mark.parametrize(
    ("reply", "count", "found"),
    [
        ("1: spam\n1: ham\n2: ham", 2, {1: "ham"}),
        ("1: spam\n1: spam", 2, {0: "spam"}),
        ("1: spam\n2: neither\n7: ham", 3, {0: "spam"}),
        ("0: spam\n1: ham", 2, {0: "spam", 1: "ham"}),
        ("0: spam\n1: ham", 3, {}),
        ('{"0": "spam", "1": "ham"}', 2, {0: "spam", 1: "ham"}),
        ("spam", 1, {0: "spam"}),
        (" Spam. ", 1, {0: "spam"}),
        ("spam", 2, {}),
        ("2: spam", 1, {}),
        ('["spam", "ham", "ham"]', 2, {}),
        ('{"1": "spam"} and 2: ham', 2, {0: "spam"}),
        ('{"item": "a text", "id": 2, "label": "ham"}', 2, {}),
        ('[{"item": "a text", "id": 2, "label": "ham"}]', 2, {}),
        ('[{"id": 2, "label": "ham"}]', 2, {1: "ham"}),
        ("I cannot label these lines.", 2, {}),
        ("", 1, {}),
        ("1: spam [sic]\n2: ham", 2, {1: "ham"}),
        (f'{{"{"9" * 5000}": "spam"}}', 1, {}),
        (f'{{"1": {"9" * 5000}}}', 1, {}),
    ],
)
def test_what_is_not_sure_is_not_answered(reply: str, count: int, found: dict[int, str]) -> None:
    assert answers_in(reply, count, read) == found


@pytest.mark.parametrize("sign", ["\t", "[", "{", " ", "1", "->", "1\t", '"', "- ", "1:"])
def test_a_hostile_reply_is_read_as_soon_as_any(sign: str) -> None:
    assert answers_in("1" + sign * 200_000 + "\n2: ham", 2, read).get(0) is None


def tokens(*pairs: tuple[str, float]) -> Reply:
    return Reply("".join(token for token, _ in pairs), tuple((*each, ()) for each in pairs))


def test_the_certainty_of_an_item_is_that_of_the_tokens_after_its_number() -> None:
    reply = tokens(("1", -5.0), (":", -5.0), (" sp", -0.1), ("am\n", -0.2), ("2:", -5.0), (" ham", -0.7))
    found = certainties(reply)
    assert found == {0: pytest.approx(math.exp(-0.3)), 1: pytest.approx(math.exp(-0.7))}


def test_without_log_probabilities_nothing_is_certain() -> None:
    assert certainties(Reply("1: spam")) == {}


@given(st.lists(st.tuples(st.text("1:\n spam.", max_size=4), st.floats(allow_nan=True)), max_size=30))
def test_certainties_are_probabilities_whatever_the_server_reports(pairs: list[tuple[str, float]]) -> None:
    assert all(0 <= each <= 1 for each in certainties(tokens(*pairs)).values())
