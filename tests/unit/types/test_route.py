from __future__ import annotations

import dataclasses

import pytest

from harlm.types import Context, Document, Left, Route, RouteOption, Worth, corpus_of
from tests.support.routing import proposal_of


def test_an_option_is_named_by_its_mode_and_what_sets_it_apart() -> None:
    named = {
        "direct": RouteOption(mode="direct"),
        "direct, sub-model": RouteOption(mode="direct", reader="sub"),
        "plan: label": RouteOption(mode="plan", proposal=proposal_of("label")),
        "full": RouteOption(mode="full"),
    }
    assert {name: each.name for name, each in named.items()} == {name: name for name in named}
    assert {name: each.strategy for name, each in named.items() if each.strategy} == {"plan: label": "label"}


def test_what_is_left_lacks_what_an_option_is_expected_to_use() -> None:
    option = RouteOption(mode="full", micros=2_500_000, tokens=12_000, calls=20, seconds=31.4)
    table = [
        (Left(), None),
        (Left(micros=2_500_000, tokens=12_000, calls=20, seconds=31.4), None),
        (Left(micros=2_499_999), "it is expected to cost $2.5000, and $2.5000 are left"),
        (Left(micros=-7), "it is expected to cost $2.5000, and $0.0000 are left"),
        (Left(tokens=11_999), "it is expected to use 12,000 tokens, and 11,999 are left"),
        (Left(tokens=-1), "it is expected to use 12,000 tokens, and 0 are left"),
        (Left(calls=19), "it is expected to make 20 calls, and 19 are left"),
        (Left(calls=-3), "it is expected to make 20 calls, and 0 are left"),
        (Left(seconds=31.3), "it is expected to take 31 s, and 31 s are left"),
        (Left(seconds=-0.5), "it is expected to take 31 s, and 0 s are left"),
    ]
    wrong = [(left, left.lacks(option)) for left, said in table if left.lacks(option) != said]
    assert not wrong


def test_an_unknown_price_is_not_lacking() -> None:
    assert Left(micros=0).lacks(RouteOption(mode="full", micros=None)) is None
    assert Left(micros=0).lacks(RouteOption(mode="full", micros=0)) is None


def test_a_route_is_by_rules_and_certain_unless_it_says_otherwise() -> None:
    route = Route(mode="direct", probabilities={})
    assert (route.basis, route.is_sure, route.propensity, route.reader) == ("rules", True, 1.0, "root")
    assert (Worth().answer, Worth().second, Worth().target) == (1.0, 0.0, None)


@pytest.mark.parametrize(
    "value",
    [RouteOption(mode="full"), Left(), Worth(), Route(mode="full", probabilities={})],
    ids=lambda it: type(it).__name__,
)
def test_what_a_router_is_told_and_says_cannot_be_changed(value: RouteOption | Left | Worth | Route) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(value, dataclasses.fields(value)[0].name, None)


def documents(*names: str, text: str = "x") -> Context:
    return Context(documents=tuple(Document(name=name, text=text) for name in names))


def test_a_corpus_is_named_by_its_documents_and_a_text_without_a_name_by_its_beginning() -> None:
    assert corpus_of(documents("a", "b")) == corpus_of(documents("b", "a", text="changed"))
    assert corpus_of(documents("a", "b")) != corpus_of(documents("a", "c"))
    assert corpus_of(documents("a")) == corpus_of(documents("a", text="changed")) != corpus_of(documents("b"))
    text = "x" * 2_000
    assert corpus_of(Context.of_text(text)) == corpus_of(Context.of_text(f"{text}y"))
    assert corpus_of(Context.of_text(text)) != corpus_of(Context.of_text(f"y{text}"))
    assert corpus_of(Context.of_text("\ud800")).isalnum()
    assert corpus_of(documents())
