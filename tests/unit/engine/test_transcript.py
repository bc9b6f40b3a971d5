"""A transcript stays within its bound, keeps its beginning, and loses nothing."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.engine import prompts
from harlm.engine.transcript import Transcript
from harlm.memory import InMemoryStore, Memory
from harlm.types import Message

OPENING = [
    Message(role="system", content="rules " * 50),
    Message(role="user", content="the question\n\nTurn 1 of 20."),
]


def bytes_of(text: str) -> int:
    return len(text.encode("utf-8", "replace"))


def transcript(
    memory: Memory, history: int = 3_000, view: int = 900, out_of_sight: list[str] | None = None
) -> tuple[Transcript, list[tuple[int, int, int]]]:
    folds: list[tuple[int, int, int]] = []
    made = Transcript(
        OPENING, memory, node="0", depth=0, question="where is the walrus", measure=bytes_of, history_tokens=history,
        view_tokens=view, on_fold=lambda *folded: folds.append(folded),
        on_turn=lambda handle, *_: None if out_of_sight is None else out_of_sight.append(handle),
    )  # fmt: skip
    return made, folds


def shown(text: str) -> Message:
    return Message(role="user", content=text)


def size(messages: list[Message]) -> int:
    return sum(bytes_of(message.content) for message in messages)


def test_turns_that_have_room_are_shown_whole() -> None:
    made, folds = transcript(Memory(InMemoryStore()))
    made.add("```repl\nprint(1)\n```", shown("1"))
    made.add("", shown("2"))
    assert made.messages == [
        *OPENING,
        Message(role="assistant", content="```repl\nprint(1)\n```"),
        shown("1"),
        Message(role="assistant", content="(empty)"),
        shown("2"),
    ]
    assert folds == []


async def test_old_turns_are_folded_together_and_stay_available_by_their_handles() -> None:
    memory = Memory(InMemoryStore(), run="R")
    out_of_sight: list[str] = []
    made, folds = transcript(memory, out_of_sight=out_of_sight)
    texts = [
        f"output {at}: " + "x" * 700 + (" the walrus sleeps in room 7." if at == 2 else "")
        for at in range(12)
    ]
    before: list[list[Message]] = []
    for at, text in enumerate(texts):
        made.add(f"```repl\nlook({at})\n```", shown(text))
        before.append(made.messages)
    assert len(folds) == 2
    assert "walrus sleeps in room 7" in made.messages[1].content, "the view is made for the question"
    assert [each.role for each in made.messages[1:]] == ["user", "assistant"] * (
        len(made.messages) // 2 - 1
    ) + ["user"]
    kept = [(await memory.expand(handle)).text for handle in out_of_sight]
    assert len(kept) == sum(folded for folded, _, _ in folds)
    assert all(text in whole for text, whole in zip(texts, kept, strict=False))
    unchanged = [len([1 for a, b in zip(one, two, strict=False) if a == b]) for one, two in pairwise(before)]
    assert sum(count == len(one) for count, one in zip(unchanged, before, strict=False)) == len(
        before
    ) - 1 - len(folds)


TURNS = st.lists(
    st.tuples(
        st.sampled_from([0, 10, 400, 5_000]),
        st.sampled_from([0, 30, 900, 20_000]),
        st.sampled_from(["x", "漢", "\n", "a "]),
    ),
    max_size=40,
)


@given(TURNS, st.sampled_from([1_000, 3_000, 12_000]), st.sampled_from([200, 900]))
def test_no_prompt_exceeds_the_bound(turns: list[tuple[int, int, str]], history: int, view: int) -> None:
    made, _ = transcript(Memory(InMemoryStore()), history, view)
    frame = size(prompts.with_view(OPENING, "")) - size(OPENING)
    for reply, output, unit in turns:
        made.add(unit * reply, shown(unit * output))
        assert size(made.messages) <= size(OPENING) + view + frame + history
        assert made.messages[0] == OPENING[0]
        assert made.messages[1].content.startswith(OPENING[1].content)


def test_a_prompt_that_a_provider_refused_is_shortened_until_nothing_remains_to_cut() -> None:
    made, _ = transcript(Memory(InMemoryStore()), history=40_000)
    for at in range(4):
        made.add(f"reply {at}", shown("y" * 6_000))
    sizes = [size(made.messages)]
    while made.shorten():
        sizes.append(size(made.messages))
        assert len(sizes) < 20
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] < 3_000


@pytest.mark.parametrize(
    ("content", "lasting"),
    [
        ("output\n\nTurn 2 of 20. Left: $0.4211, 12,000 tokens.", "output\n\nTurn 2 of 20."),
        (
            "output\n\nTurn 20 of 20. Left: $0.4, 3 calls. This is the last turn. Finish",
            "output\n\nTurn 20 of 20. This is the last turn. Finish",
        ),
        ("Turn 2 of 20. Left: $5.\nmore", "Turn 2 of 20. Left: $5.\nmore"),
        ("nothing of it", "nothing of it"),
    ],
)
def test_the_remaining_budget_is_not_part_of_the_lasting_prompt(content: str, lasting: str) -> None:
    assert [each.content for each in prompts.lasting([shown(content)])] == [lasting]
