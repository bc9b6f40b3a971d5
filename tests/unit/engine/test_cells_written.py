"""Every cell of a reply is foreseen while the reply is written, whatever becomes of the reply."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from harlm.models.usage import estimated_usage
from harlm.types import Completion, Message, Sampling
from tests.unit.engine.test_cells import CELL, REPLY, LineScout, Place, scheduled, settled

LOOP = "for at in range(3):\n    x = llm_query('one')\n    print(x)\n"
FIRST, SECOND = "print(llm_query('one'))\n", "print(llm_query('two'))\n"
TWO = f"Well.\n```repl\n{FIRST}```\nAnd then.\n```repl\n{SECOND}```\nThat is all.\n"


async def said(place: Place, *texts: str) -> list[LineScout]:
    """The scouts after the reply was, one after another, each of some texts."""
    on_text = place.cells.listen(place.opening)
    assert on_text is not None
    for each in texts:
        on_text(each)
        await settled()
    return place.repl.scouts


# -- open tails ----------------------------------------------------------------------------------------------


async def test_a_scout_starts_with_the_first_whole_line_that_names_a_call() -> None:
    place = await Place().open()
    beginning = "```repl\nfor at in range(3):\n"
    assert await said(place, "```repl\n", beginning, f"{beginning}    x = llm_query('one')") == []
    (scout,) = await said(place, f"{beginning}    x = llm_query('one')\n")
    assert scout.told == [("", False)]
    assert scout.hints == ["for at in range(3):\n    x = llm_query('one')\n"]
    await place.cells.forget()


async def test_each_whole_line_is_passed_on_once() -> None:
    place = await Place().open()
    text = f"```repl\n{LOOP}"
    (scout,) = await said(place, *(text[:at] for at in range(1, len(text) + 1)))
    assert scout.hints == [LOOP[: LOOP.index("    print")], LOOP]
    await place.cells.forget()


async def test_equal_statements_are_passed_on_each_time() -> None:
    place = await Place().open()
    text = f"```repl\n{FIRST}{FIRST}x = 1\n"
    (scout,) = await said(place, *(text[:at] for at in range(1, len(text) + 1)))
    assert scout.hints == [FIRST, FIRST, "x = 1\n"]
    assert scout.told[-1] == (FIRST + FIRST, False)
    await place.cells.forget()


async def test_a_scout_that_starts_late_gets_what_stands_now() -> None:
    place = await Place().open()
    place.opening = asyncio.get_running_loop().create_future()
    on_text = place.cells.listen(place.opening)
    assert on_text is not None
    for at in range(len(REPLY) + 1):
        on_text(REPLY[:at])
    place.opening.set_result(place.repl)
    await settled()
    (scout,) = place.repl.scouts
    assert (scout.told, scout.hints) == ([(CELL, False)], [])
    await place.cells.forget()


async def test_a_function_of_an_earlier_cell_in_an_open_tail_starts_a_scout() -> None:
    place = await Place().open()
    await place.run("def ask(what):\n    return llm_query(what)\n")
    text = "```repl\nfor c in 'ab':\n    other(c)\n"
    assert await said(place, text) == []
    (scout,) = await said(place, f"{text}    ask(c)\n")
    assert scout.hints == ["for c in 'ab':\n    other(c)\n    ask(c)\n"]
    await place.cells.forget()


# -- every block ---------------------------------------------------------------------------------------------


async def test_each_block_of_a_reply_has_its_scout() -> None:
    place = await Place().open()
    (first,) = await said(place, TWO)
    assert first.told[-1] == (FIRST, False)
    assert await place.run(FIRST) == "ONE"
    await settled()
    _, second = place.repl.scouts
    assert second.told == [(SECOND, False)], "it is foreseen once the block before it has run"
    assert len(place.model.asked) == 2
    assert await place.run(SECOND) == "TWO"
    assert [each.is_closed for each in place.repl.scouts] == [True, True]
    assert place.repl.ran == [(FIRST, False), (SECOND, False)]
    assert scheduled(place.log) == [(1, 1, 1, 0), (1, 1, 1, 0)]


async def test_a_block_that_runs_while_the_reply_is_written_leaves_the_next_one_foreseen() -> None:
    place = await Place().open()
    on_text = place.cells.listen(place.opening)
    assert on_text is not None
    until_second = TWO[: TWO.index(SECOND)]
    on_text(until_second)
    await settled()
    assert await place.run(FIRST) == "ONE"
    await settled()
    assert len(place.repl.scouts) == 1
    on_text(f"{until_second}{SECOND}")
    await settled()
    assert place.repl.scouts[1].hints == [SECOND], "before the block is closed"
    on_text(TWO)
    assert await place.run(SECOND) == "TWO"
    assert scheduled(place.log) == [(1, 1, 1, 0), (1, 1, 1, 0)]


async def test_a_block_without_calls_does_not_hide_the_next_one() -> None:
    place = await Place().open()
    reply = f"```repl\nx = 1\n```\nSo.\n```repl\n{SECOND}```\nDone.\n"
    assert await said(place, reply) == []
    await place.run("x = 1\n")
    await settled()
    (scout,) = place.repl.scouts
    assert await place.run(SECOND) == "TWO"
    assert scout.is_closed
    assert scheduled(place.log) == [(1, 1, 1, 0)]


@pytest.mark.parametrize("ending", ["1 / 0\n", "FINAL('done')\n"])
async def test_after_a_block_that_ends_the_reply_nothing_is_foreseen(ending: str) -> None:
    place = await Place().open()
    cell = f"{FIRST}{ending}"
    await said(place, TWO.replace(FIRST, cell))
    await place.run(cell)
    await settled()
    assert len(place.model.asked) == 1
    assert all(each.is_closed for each in place.repl.scouts)
    assert sum(made for _, made, _, _ in scheduled(place.log)) == 1


async def test_when_the_next_reply_is_asked_for_nothing_of_the_last_one_is_left() -> None:
    place = await Place().open()
    await said(place, TWO)
    await place.run(FIRST)
    await settled()
    await place.cells.forget()
    assert [each.is_closed for each in place.repl.scouts] == [True, True]
    assert scheduled(place.log) == [(1, 1, 1, 0), (1, 1, 0, 1)]
    assert await said(place, REPLY) is place.repl.scouts
    assert await place.run(CELL) == "ONE TWO"


# -- replies that go wrong -----------------------------------------------------------------------------------


async def test_a_reply_that_begins_anew_takes_back_the_tail_and_goes_on_from_the_same_statements() -> None:
    place = await Place().open()
    (scout,) = await said(place, f"```repl\nx = llm_query('one')\n{LOOP}", "Well.\n")
    assert scout.hints[-1] == "", "what was hinted does not stand"
    again = "Well.\n```repl\nx = llm_query('one')\nprint(x)\nprint(llm_query('two'))\n```\n"
    await said_more(place, scout, again)
    assert await place.run("x = llm_query('one')\nprint(x)\nprint(llm_query('two'))\n") == "ONE\nTWO"
    assert scheduled(place.log) == [(2, 2, 2, 0)], "the call of the first attempt counts"


async def said_more(place: Place, scout: LineScout, text: str) -> None:
    assert place.cells._writing is not None
    place.cells._on_text(text)
    await settled()
    assert scout.told[-1][0] in text


async def test_a_reply_that_changes_a_line_already_sent_is_another_cell() -> None:
    place = await Place().open()
    (scout,) = await said(
        place,
        "```repl\nx = llm_query('one')\ny = llm_query('two')\n",
        "```repl\nx = llm_query('three')\ny = llm_query('two')\n",
        "```repl\nx = llm_query('three')\ny = llm_query('two')\nprint(x, y)\n```\n",
    )
    assert [code for code, _ in scout.told] == ["x = llm_query('one')\n"]
    assert await place.run("x = llm_query('three')\ny = llm_query('two')\nprint(x, y)\n") == "THREE TWO"
    assert scout.is_closed
    assert scheduled(place.log) == [(1, 1, 0, 1), (2, 2, 2, 0)]


async def test_a_fence_that_never_closes_is_foreseen_like_any_other() -> None:
    place = await Place().open()
    (scout,) = await said(place, f"```repl\n{CELL}{LOOP}")
    assert scout.told[-1] == (CELL, False)
    assert scout.hints[-1] == LOOP
    assert (await place.run(CELL + LOOP)).startswith("ONE TWO")
    assert scout.told[-1] == (CELL + LOOP, True)


async def test_thoughts_that_turn_up_late_turn_cells_into_thoughts() -> None:
    place = await Place().open()
    draft = f"```repl\n{CELL}```\nno.\n"
    (scout,) = await said(place, draft, f"{draft}</think>\n```repl\n{FIRST}x = 1\n```\n")
    assert await place.run(f"{FIRST}x = 1\n") == "ONE"
    assert scout.is_closed
    assert sum(claimed for _, _, claimed, _ in scheduled(place.log)) == 1


@pytest.mark.parametrize(
    "reply", ["", "no code at all", "```json\n{}\n```\n", "```repl\nx = 1\n```\n", "```repl\nx = (\n" * 50]
)
async def test_a_reply_without_calls_starts_no_scout(reply: str) -> None:
    place = await Place().open()
    assert await said(place, *(reply[:at] for at in range(1, len(reply) + 1))) == []
    await place.cells.forget()
    assert scheduled(place.log) == []


# -- samples -------------------------------------------------------------------------------------------------


class Seeded:
    """A model that replies with the seed of the call."""

    name, window = "scripted/model", 100_000

    async def complete(self, messages: Sequence[Message], sampling: Sampling) -> Completion:
        """See ``harlm.protocols.LanguageModel``."""
        await asyncio.sleep(0)
        text = f"{messages[-1].content} {sampling.seed}"
        return Completion(text=text, model=self.name, usage=estimated_usage(messages, text))


async def seeds(speculation: str) -> list[str]:
    """What cells print that ask the same several times, in one reply after a discarded one."""
    place = await Place(speculation=speculation, model=Seeded(), seed=7).open()
    cells = [
        "print(llm_query('one'), llm_query('one'))\n",
        "print(llm_query('one'))\nprint(llm_query('two'))\n",
    ]
    reply = "And.\n".join(f"```repl\n{each}```\n" for each in cells)
    await place.write("```repl\nx = llm_query('one')\ny = llm_query('one')\nz = llm_query('one')\nw = 1\n")
    await place.cells.forget()
    await place.write(reply)
    return [await place.run(each) for each in cells]


async def test_equal_calls_are_counted_in_each_cell_as_in_the_serial_run() -> None:
    alone = await seeds("off")
    assert alone == ["one 7 one 8", "one 7\ntwo 7"]
    assert await seeds("safe") == alone
    assert await seeds("eager") == alone
