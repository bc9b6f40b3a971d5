"""The combinators as cells call them."""

from __future__ import annotations

import inspect

from harlm.guest.combinators import Combinators
from harlm.guest.vocabulary import COMBINATORS
from tests.support.leaves import LeafHost, labelled_by


def made(host: LeafHost) -> Combinators:
    return Combinators(host.call, lambda name, every: [host.call(name, each) for each in every], None)


def test_every_combinator_of_the_vocabulary_is_made_and_bears_its_name() -> None:
    named = made(LeafHost(str)).named()
    assert set(named) == set(COMBINATORS)
    assert {name: function.__name__ for name, function in named.items()} == {name: name for name in named}
    assert all(inspect.getdoc(function) for function in named.values())


def test_labels_come_from_the_models_of_the_repl() -> None:
    host = LeafHost(labelled_by(lambda item: "spam" if "win" in item else "ham"), second_looks=0.0)
    label = made(host).named()["label"]
    assert label(["win now", "at noon"], ["spam", "ham"], "Spam offers something.") == ["spam", "ham"]
    assert "Spam offers something." in host.prompts[0]
    assert ("coverage", [2, 2]) in host.signals
