"""The first events of a run."""

from __future__ import annotations

from harlm.budget import Caps
from harlm.context import load, profile
from harlm.opening import notes, started
from harlm.testing import ScriptedModel
from harlm.types import Context, Skipped, Task
from tests.support.nodes import node_with


def test_the_first_event_says_what_is_asked_of_which_models() -> None:
    node, _ = node_with(ScriptedModel([]), ScriptedModel([], name="scripted/sub"), caps=Caps(calls=7))
    context = load(["one", "two"])
    event = started(Task(question="What?", context=context), profile(context), node)
    assert (event.question, event.root_model, event.sub_model) == ("What?", "scripted/model", "scripted/sub")
    assert (event.documents, event.characters) == (2, 6)
    assert event.limits["calls"] == 7


def test_the_user_is_told_that_the_built_in_model_does_not_reason() -> None:
    node, _ = node_with(ScriptedModel([], name="offline/extractive"))
    assert [note for note in notes(load("a text"), node) if "does not reason" in note]


def test_a_model_without_a_price_is_named_where_money_is_limited() -> None:
    node, _ = node_with(ScriptedModel([]), caps=Caps(micros=1_000_000))
    assert [note for note in notes(load("a text"), node) if "the price of scripted/model is unknown" in note]
    node, _ = node_with(ScriptedModel([]))
    assert not list(notes(load("a text"), node))


def test_files_that_could_not_be_read_are_counted_and_one_is_named() -> None:
    node, _ = node_with(ScriptedModel([]))
    skipped = tuple(Skipped(name=f"{name}.pdf", reason="damaged", is_unread=True) for name in "ab")
    context = Context(documents=load("a text").documents, shape="text", skipped=skipped)
    assert list(notes(context, node)) == ["2 files could not be read, such as a.pdf (damaged)"]
