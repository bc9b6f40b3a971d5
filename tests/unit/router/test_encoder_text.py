from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from harlm.router.encoder_text import SIZES, encoder_text, excerpt_of, text_of
from harlm.router.features import NAMES, features_of_option, features_of_task
from harlm.types import Context, Document, Situation
from tests.support.routing import proposal_of, situation_of, situations

_MOST = 2_200  # characters: 512 tokens of about four characters, and some room


def features_of(situation: Situation) -> dict[str, float]:
    return {**features_of_task(situation), **features_of_option(situation, situation.options[0])}


def test_it_holds_the_question_the_profile_in_words_and_both_ends_of_the_text() -> None:
    situation = situation_of(
        "How  many\nclasses?", 64_000, structure="code", documents=3, proposals=(proposal_of("label", 0.9),)
    )
    documents = (
        Document(name="secret-a", text="The first words."),
        Document(name="secret-b", text="Middle."),
        Document(name="secret-c", text="The last words."),
    )
    situation = replace(situation, task=replace(situation.task, context=Context(documents=documents)))
    assert text_of(situation, features_of(situation)) == (
        "How many classes? | tokens=64K documents=3 structure=code fill=0.5 strategy=label fit=0.9 | "
        "The first words. … The last words."
    )


def test_what_is_not_there_is_said() -> None:
    situation = replace(
        situation_of(structure="mixed"), task=replace(situation_of().task, context=Context(documents=()))
    )
    told = text_of(situation, features_of(situation))
    assert "structure=mixed" in told
    assert "strategy=none" in told
    assert told.endswith("| ")
    assert excerpt_of(()) == ""


def test_sizes_are_rounded() -> None:
    features = dict.fromkeys(NAMES, 0.0)
    sizes = {10: "1K", 20: "1M", 30: "1.1G", 4: "16"}
    told = {power: encoder_text("", {**features, "log_tokens": power}, "") for power in sizes}
    assert all(f"tokens={size} " in told[power] for power, size in sizes.items())


@given(situations(), st.text(max_size=5_000))
def test_it_is_one_short_line(situation: Situation, text: str) -> None:
    context = Context.of_text(text)
    situation = replace(situation, task=replace(situation.task, question=text, context=context))
    told = text_of(situation, features_of(situation))
    assert len(told) < _MOST
    assert told.splitlines() in ([told], []) or not told.isprintable()


def test_sizes_are_features() -> None:
    assert set(SIZES) <= set(NAMES)
