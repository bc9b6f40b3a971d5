from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.guest.combinators.leaf import LeafFailed, Room
from harlm.guest.combinators.rounds import Groups, ItemQuestion, answered, texts_from, words_from
from tests.support.scripted_leaf import ScriptedLeaf

ROOM = Room(tokens=1_000, is_small=False, has_stronger=False, calls_left=None, second_looks=0.3)


def lengths() -> ItemQuestion[int]:
    """Asks for nothing but the items of a group, one a line; reads ``place=value`` from each line of a reply."""

    def read(reply: str, _: Any) -> dict[int, int]:
        return {int(at): int(value) for at, _, value in (line.partition("=") for line in reply.split())}

    return ItemQuestion(prompt="\n".join, read=read)


def all_lengths(prompt: str, _: str) -> str:
    return " ".join(f"{at}={len(line)}" for at, line in enumerate(prompt.split("\n")))


@given(st.lists(st.text("abc", min_size=1, max_size=30), max_size=40), st.integers(1, 9), st.integers(1, 400))
def test_every_item_is_answered_once_under_its_own_index(
    items: list[str], most: int, characters: int
) -> None:
    leaf = ScriptedLeaf(all_lengths)
    found = answered(leaf, items, lengths(), groups=Groups(most, characters))
    assert found == {at: len(item) for at, item in enumerate(items)}
    assert sum(prompt.count("\n") + 1 for prompt, _ in leaf.prompts) == len(items)


def test_only_items_without_an_answer_are_asked_about_again_and_fewer_at_once() -> None:
    def forgetful(prompt: str, role: str) -> str:
        lines = prompt.split("\n")
        return all_lengths(prompt, role) if len(lines) < 4 else "0=1"

    leaf = ScriptedLeaf(forgetful)
    found = answered(leaf, list("abcdefgh"), lengths(), groups=Groups(8, 1_000))
    assert found == dict.fromkeys(range(8), 1)
    assert [prompt for prompt, _ in leaf.prompts] == ["a\nb\nc\nd\ne\nf\ng\nh", "b\nc", "d\ne", "f\ng", "h"]


def test_answers_about_items_that_were_not_sent_are_left_out() -> None:
    leaf = ScriptedLeaf(lambda *_: "0=1 7=9 -1=4")
    assert answered(leaf, ["a", "b"], lengths(), groups=Groups(2, 100)) == {0: 1, 1: 1}


@pytest.mark.parametrize("reply", ["", "I cannot help with that", "0:1"])
def test_replies_that_say_nothing_end_after_some_rounds(reply: str) -> None:
    step = ItemQuestion(prompt="\n".join, read=lambda *_: {})
    leaf = ScriptedLeaf(lambda *_: reply)
    assert answered(leaf, ["a", "b"], step, groups=Groups(2, 1_000)) == {}
    assert leaf.calls == 1 + 2 + 2


def test_it_fails_if_no_call_is_answered_and_keeps_what_it_has_if_a_later_round_fails() -> None:
    with pytest.raises(LeafFailed):
        answered(ScriptedLeaf(lambda *_: None), ["a"], lengths(), groups=Groups(1, 10))
    replies = iter(["0=1"])
    leaf = ScriptedLeaf(lambda *_: next(replies, None))
    assert answered(leaf, ["a", "b"], lengths(), groups=Groups(2, 100)) == {0: 1}


@given(st.lists(st.integers(0, 500), min_size=1, max_size=60), st.integers(1, 20))
def test_groups_keep_the_order_and_drop_nothing(sizes: list[int], most: int) -> None:
    cut = Groups(most, 800).of(sizes, most)
    assert [at for group in cut for at in group] == list(range(len(sizes)))
    assert all(len(group) <= most for group in cut)


@given(st.lists(st.integers(0, 100), min_size=1, max_size=60), st.integers(0, 8))
def test_groups_are_larger_if_calls_are_few_and_never_more_than_there_are_calls(
    sizes: list[int], calls: int
) -> None:
    cut = Groups(1, 50, calls, 10_000).of(sizes, 1)
    assert len(cut) <= max(1, calls)
    if calls:
        assert [at for group in cut for at in group] == list(range(len(sizes)))


def test_items_for_which_few_calls_have_no_room_are_left_out() -> None:
    assert Groups(1, 100, 2, 200).of([100, 100, 100, 100, 100], 1) == [[0], [1]]


def test_small_models_get_one_item_a_call_and_no_call_more_than_half_of_what_it_holds() -> None:
    assert Groups.within(ROOM._replace(is_small=True), 20, 100).most == 1
    assert Groups.within(ROOM, 20, 100_000).characters == 2_000


@pytest.mark.parametrize("items", ["one text", 7, None, {"a": "b"}, ["a", 3]])
def test_items_that_are_no_list_of_texts_are_refused(items: object) -> None:
    with pytest.raises(TypeError, match="takes a list of texts"):
        texts_from(items, "extract")


@pytest.mark.parametrize(
    ("value", "error"), [(" \n", ValueError), ("", ValueError), (3, TypeError), (None, TypeError)]
)
def test_an_instruction_has_words(value: object, error: type[Exception]) -> None:
    with pytest.raises(error, match="a condition"):
        words_from(value, "filter_by", "a condition")
