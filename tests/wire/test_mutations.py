"""Laws of every reply, held against bodies of the corpus that are changed at random: words are neither lost nor invented,
nothing but the errors of models is raised, and the books hold at least what the body certainly states.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass

from hypothesis import given, note, settings
from hypothesis import strategies as st

from harlm.budget import Account, Billing, Caps
from harlm.errors import ModelError
from harlm.types import Amounts, Completion, Sampling
from tests.support.wire_corpus import PROMPT, Case, Outcome, cases, model_of
from tests.support.wire_meaning import Meaning, Piece, is_made_of, meaning_of
from tests.support.wire_script import Script, changed, script_of
from tests.support.wire_server import Answer, WireServer

EXAMPLES = 20_000 if os.environ.get("HARLM_FUZZ") else 400
_MOST_TOKENS = 10**9
_LONGEST_CALL_S = 20

SCRIPTS: list[tuple[Case, Script]] = [
    (case, script)
    for case in cases()
    if not case.right.inline and not case.right.breaks and (script := script_of(case.body)) is not None
]


@dataclass(frozen=True, slots=True)
class Booked:
    """The result of one paid call: what it gave, what was reserved for it, and what was taken."""

    got: Outcome
    bound: Amounts
    taken: Amounts


async def paid(case: Case, answer: Answer, *, asks_stream: bool) -> Booked:
    """One call that is paid from an account."""
    account, billing, heard = Account(Caps(tokens=_MOST_TOKENS)), Billing(), list[str]()
    bounds: list[Amounts] = []
    async with WireServer(answer) as server, model_of(case.about, server.url) as model:
        server.on_asked = lambda asked: bounds.append(account.reserved)
        metered = billing.metered(model, account)
        sampling = Sampling(on_text=heard.append if asks_stream else None)
        try:
            got: Outcome = await asyncio.wait_for(metered.complete(PROMPT, sampling), _LONGEST_CALL_S)
        except ModelError as error:
            got = error
    return Booked(got, bounds[0], account.committed)


@st.composite
def bodies(draw: st.DrawFn) -> tuple[Case, Script]:
    protocol = draw(st.sampled_from(["openai", "openai", "anthropic", "gemini"]))
    case, script = draw(st.sampled_from([each for each in SCRIPTS if each[0].about.protocol == protocol]))
    return case, draw(changed(script))


@given(bodies(), st.booleans(), st.lists(st.integers(0, 4_000), max_size=4))
@settings(max_examples=EXAMPLES)
def test_changed_bodies_keep_the_laws(body: tuple[Case, Script], asks_stream: bool, cuts: list[int]) -> None:
    case, script = body
    data = script.data()
    note(f"{case}, asked to {'stream' if asks_stream else 'reply'}: {data!r}")
    booked = asyncio.run(paid(case, case.answer(body=data, cuts=tuple(cuts)), asks_stream=asks_stream))
    note(f"got {booked.got!r}")
    meaning = meaning_of(case.about.protocol, script)
    check_words(case, meaning, booked.got)
    check_books(meaning, booked)


def check_words(case: Case, meaning: Meaning, got: Outcome) -> None:
    if isinstance(got, Completion):
        assert meaning.allows(got.text), f"{got.text!r} is not made of {meaning.pieces}"
    elif case.right.status < 300 and meaning.is_whole:
        assert not meaning.has_words, f"words are lost: {meaning.pieces}"


def check_books(meaning: Meaning, booked: Booked) -> None:
    bound, taken = booked.bound.tokens, booked.taken.tokens
    if isinstance(booked.got, Completion):
        assert taken >= meaning.usage.least, "less is booked than the body states"
        assert taken <= max(bound, meaning.usage.most), "more is booked than was reserved or reported"
    else:
        assert taken == (bound if booked.got.perhaps_billed else 0)


# -- the rulers ------------------------------------------------------------------------------------------


def test_most_of_the_corpus_is_changed() -> None:
    assert len(SCRIPTS) > 0.85 * len(cases())


def test_the_second_reading_agrees_with_the_corpus() -> None:
    """What a case says is right is what its body certainly means."""
    for case, script in SCRIPTS:
        meaning = meaning_of(case.about.protocol, script)
        if case.right.text is not None:
            assert meaning.allows(case.right.text), case
            assert meaning.is_whole, case


def test_a_text_is_made_of_all_that_is_certain_in_order() -> None:
    pieces = [Piece("a", True), Piece("b", False), Piece("c", True)]
    assert [text for text in ("abc", "ac", "ab", "ca", "abbc", "") if is_made_of(text, pieces)] == [
        "abc",
        "ac",
    ]
