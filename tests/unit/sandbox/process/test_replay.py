"""Recorded cells, and their answers when they run again."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.errors import CodeError
from harlm.sandbox.process import frames
from harlm.sandbox.process import replay as records
from harlm.sandbox.process.replay import CellRecords, Recording, Replayed
from tests.support.sandboxes import Host, repl_on

CALLS = st.lists(
    st.tuples(st.sampled_from(["llm_query", "search"]), st.sampled_from(["a", "b"]), st.booleans()),
    max_size=12,
)


def recorded(calls: list[tuple[str, str, bool]]) -> Recording:
    recording = Recording()
    for number, (function, prompt, is_refused) in enumerate(calls):
        call = frames.CallFrame(id=number, function=function, arguments={"prompt": prompt})
        answer: frames.ReplyFrame | frames.Refuse = frames.ReplyFrame(id=number, value=number)
        recording.add(call, frames.Refuse(id=number, message=str(number)) if is_refused else answer)
    return recording


@given(CALLS, st.randoms())
def test_equal_calls_get_the_recorded_answers_in_the_recorded_order(
    calls: list[tuple[str, str, bool]], shuffled: object
) -> None:
    kept = CellRecords()
    kept.add("cell", recorded(calls), 0.1)
    again = Replayed(kept.entries[0])

    async def replay() -> None:
        kinds = sorted({(function, prompt) for function, prompt, _ in calls})
        shuffled.shuffle(kinds)  # type: ignore[attr-defined] # as threads may
        for function, prompt in kinds:
            for number, (other, its_prompt, is_refused) in enumerate(calls):
                if (other, its_prompt) != (function, prompt):
                    continue
                if is_refused:
                    with pytest.raises(CodeError, match=f"^{number}$"):
                        await again.call(function, {"prompt": prompt})
                else:
                    assert await again.call(function, {"prompt": prompt}) == number
            with pytest.raises(CodeError, match="was not called with these arguments"):
                await again.call(function, {"prompt": prompt})

    asyncio.run(replay())


def test_arguments_in_another_order_are_the_same_call() -> None:
    recording = Recording()
    recording.add(
        frames.CallFrame(id=1, function="f", arguments={"a": 1, "b": 2}), frames.ReplyFrame(id=1, value="x")
    )
    kept = CellRecords()
    kept.add("cell", recording, 0.0)
    assert asyncio.run(Replayed(kept.entries[0]).call("f", {"b": 2, "a": 1})) == "x"


def test_records_have_a_largest_size_and_count_the_cells_that_were_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(records, "_LARGEST", 1_000)
    kept = CellRecords()
    kept.add("x" * 600, Recording(), 0.0)
    kept.add("y" * 600, Recording(), 0.0)
    assert (kept.entries, kept.left_out) == ([], 2)
    large = Recording()
    for number in range(20):
        large.add(
            frames.CallFrame(id=number, function="f", arguments={}),
            frames.ReplyFrame(id=number, value="z" * 100),
        )
    assert large.answers() is None
    kept.add("z", large, 0.0)
    assert kept.left_out == 3


def test_a_copy_is_independent() -> None:
    kept = CellRecords()
    kept.add("one", Recording(), 0.0)
    copy = kept.copy()
    copy.add("two", Recording(), 0.0)
    kept.cut(0)
    assert [entry.code for entry in copy.entries] == ["one", "two"]
    assert (len(kept.entries), kept.left_out, copy.left_out) == (0, 1, 0)


@pytest.mark.parametrize(
    ("error", "ended"),
    [
        (None, ""),
        ("", ""),
        ("\n", ""),
        ("Traceback\nValueError: at 0x7f", "ValueError"),
        ("KeyError", "KeyError"),
    ],
)
def test_how_a_cell_ended_is_the_type_of_its_exception(error: str | None, ended: str) -> None:
    assert records.how_it_ended(error) == ended


async def test_a_cell_that_makes_other_calls_when_it_runs_again_is_dropped(tier: str) -> None:
    async with repl_on(tier) as repl:
        await repl.run("x = 1")
        await repl.run("import time; a = llm_query(str(time.time_ns()))")
        seen = await repl.run("import os; os._exit(1)")
        assert seen.error is not None
        assert "except those that cannot be" in seen.error
        assert (await repl.run("print(x, 'a' in globals())")).output == "1 False\n"


async def test_equal_calls_are_replayed_in_the_order_in_which_they_were_made(tier: str) -> None:
    class Numbering(Host):
        async def call(self, function: str, arguments: Mapping[str, object]) -> object:
            number = len(self.asked)
            self.asked.append((function, arguments))
            await asyncio.sleep(0.05 * (3 - number))
            return f"reply {number}"

    async with repl_on(tier, host=Numbering()) as repl:
        await repl.run("a = llm_query_batched(['same'] * 3)")
        await repl.run("import os; os._exit(1)")
        assert (await repl.run("print(a)")).output == "['reply 0', 'reply 1', 'reply 2']\n"
