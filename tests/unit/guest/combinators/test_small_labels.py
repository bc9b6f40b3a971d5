"""Labels of small models: by the probability of a label's first token, over that without an item."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.guest.combinators.labelling import label
from tests.support.leaves import LeafHost, items_in, labelled_by

OPTIONS = ("positive", "negative")


def scored(scores: Callable[[str], dict[str, float]]) -> Callable[[str], Any]:
    """Replies whose first token has these log probabilities."""

    def reply(prompt: str) -> dict[str, Any]:
        found = scores(items_in(prompt)[0][1])
        best = max(found, key=lambda each: found[each])
        return {"text": best, "tokens": [[best, found[best], list(found.items())]], "failure": ""}

    return reply


def test_what_a_model_says_without_an_item_is_taken_off() -> None:
    """It says ``positive`` of everything, and somewhat less so of what is bad."""
    always = {
        "N/A": {" pos": -0.1, " neg": -2.4},
        "good": {" pos": -0.05, " neg": -3.0},
        "bad": {" pos": -0.2, " neg": -1.7},
    }
    host = LeafHost(scored(always.__getitem__), is_small=True)
    found = label(host.leaf, ["good", "bad", "good"], OPTIONS)
    assert found == ["positive", "negative", "positive"]
    assert all(each is not None and 0.5 < each < 1 for each in found.certainty)
    assert len(host.frames) == 3  # the different items, and none


def test_without_log_probabilities_the_words_count() -> None:
    host = LeafHost(labelled_by(lambda item: "negative." if item == "bad" else "no idea"), is_small=True)
    assert label(host.leaf, ["good", "bad"], OPTIONS) == [None, "negative"]


@given(st.dictionaries(st.text("poseng ", max_size=4), st.floats(), min_size=1, max_size=5))
def test_whatever_the_server_reports_a_label_of_the_set_is_found(scores: dict[str, float]) -> None:
    host = LeafHost(scored(lambda item: scores if item == "x" else {"pos": -1.0}), is_small=True)
    found = label(host.leaf, ["x"], OPTIONS)
    assert found[0] in OPTIONS
    assert found.certainty[0] is not None
    assert 0 <= found.certainty[0] <= 1


@pytest.mark.parametrize("logprob", [-9999.0, float("-inf"), 0.0, 1e9])
def test_impossible_tokens_are_no_error(logprob: float) -> None:
    host = LeafHost(scored(lambda _: {"neg": logprob}), is_small=True)
    assert label(host.leaf, ["x"], OPTIONS)[0] in OPTIONS
