from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harlm.guest.combinators.leaf import LeafFailed
from harlm.guest.combinators.reducing import Reduced, map_reduce, tree_reduce
from tests.support.scripted_leaf import ScriptedLeaf


def words(prompt: str, _: str) -> str:
    """The words in capitals of the text or the notes, each once."""
    body = re.split(r"\n(?:Text|Notes):\n", prompt)[-1]
    return " ".join(dict.fromkeys(re.findall(r"\b[A-Z]{2,}\b", body))) or "NOTHING"


def test_each_item_is_read_and_the_results_are_brought_together() -> None:
    leaf = ScriptedLeaf(words)
    found = map_reduce(leaf, ["an OAK", "no tree", "a FIR and an OAK"], "Name the trees.", "Name all trees.")
    assert found == "OAK FIR"
    assert isinstance(found, Reduced)
    assert found.coverage == 1.0
    assert leaf.calls == 4
    assert "Name the trees." in leaf.prompts[0][0]
    assert "Name all trees." in leaf.prompts[3][0]
    assert "no tree" not in leaf.prompts[3][0]


def test_a_function_takes_the_results_in_order_without_those_that_say_nothing() -> None:
    found = map_reduce(
        ScriptedLeaf(words), ["a FIR", "no tree", "an OAK"], "Name the trees.", lambda each: each
    )
    assert found == ["FIR", "OAK"]


def test_neighbours_are_joined_if_calls_are_few() -> None:
    leaf = ScriptedLeaf(words, calls=4)
    items = [f"T{letter}" for letter in "ABCDEFGH"]
    found = map_reduce(leaf, items, "Name them.", "Name all.")
    assert found.split() == items
    assert leaf.calls <= 4


def test_an_item_whose_call_fails_lowers_the_coverage() -> None:
    leaf = ScriptedLeaf(lambda prompt, role: None if "BAD" in prompt else words(prompt, role))
    found = map_reduce(leaf, ["a FIR", "BAD"], "Name the trees.", "Name all trees.")
    assert (found, found.coverage) == ("FIR", 0.5)


def test_texts_that_one_call_holds_need_one() -> None:
    leaf = ScriptedLeaf(words)
    assert tree_reduce(leaf, ["an OAK", "a FIR"], "Name all trees.") == "OAK FIR"
    assert leaf.calls == 1


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 3_000), max_size=40), st.integers(1, 2_000))
def test_levels_end_and_every_text_goes_into_the_first_one(sizes: list[int], tokens: int) -> None:
    texts = [f"N{chr(65 + at % 26)}{chr(65 + at // 26)} " + "x" * size for at, size in enumerate(sizes)]
    leaf = ScriptedLeaf(words, tokens=tokens)
    found = tree_reduce(leaf, texts, "Name all.")
    assert found.split() == [text.split()[0] for text in texts]
    assert leaf.calls <= max(1, len(texts))


def test_replies_as_long_as_what_they_shorten_end_too() -> None:
    leaf = ScriptedLeaf(lambda prompt, _: prompt * 3, tokens=300)
    assert tree_reduce(leaf, ["y" * 700] * 30, "Join.")
    assert leaf.calls < 60


def test_a_level_whose_calls_fail_keeps_its_texts() -> None:
    leaf = ScriptedLeaf(
        lambda prompt, role: words(prompt, role) if "at most" not in prompt else None, tokens=300
    )
    found = tree_reduce(leaf, ["AA " + "x" * 400, "BB " + "x" * 400, "CC " + "x" * 400], "Name all.")
    assert found.split()[0] == "AA"
    assert found.coverage < 1.0


def test_nothing_comes_of_nothing() -> None:
    leaf = ScriptedLeaf(words)
    assert tree_reduce(leaf, ["", "  "], "Name all.") == ""
    assert map_reduce(leaf, [], "Name.", "Name all.") == ""
    assert leaf.calls == 0


def test_it_fails_if_the_last_call_is_not_answered() -> None:
    with pytest.raises(LeafFailed):
        tree_reduce(ScriptedLeaf(lambda *_: None), ["a", "b"], "Join.")


@pytest.mark.parametrize("instruction", ["", "  ", None, 3])
def test_an_instruction_has_words(instruction: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        map_reduce(ScriptedLeaf(words), ["a"], instruction, "Join.")  # type: ignore[arg-type]
    with pytest.raises((TypeError, ValueError)):
        map_reduce(ScriptedLeaf(words), ["a"], "Name.", instruction)  # type: ignore[arg-type]
    with pytest.raises((TypeError, ValueError)):
        tree_reduce(ScriptedLeaf(words), ["a"], instruction)  # type: ignore[arg-type]


@pytest.mark.parametrize("items", ["a text", None, [1]])
def test_items_are_a_list_of_texts(items: object) -> None:
    with pytest.raises(TypeError, match="list of texts"):
        tree_reduce(ScriptedLeaf(words), items, "Join.")  # type: ignore[arg-type]


def test_what_is_cut_off_a_long_text_lowers_the_coverage() -> None:
    found = tree_reduce(ScriptedLeaf(lambda *_: "short", tokens=500), ["word " * 4_000], "Name the trees.")
    assert 0 < found.coverage < 0.1
