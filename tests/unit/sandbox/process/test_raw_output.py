"""Output that is written below Python."""

from __future__ import annotations

import os

import pytest

from harlm.sandbox.process import raw_output
from harlm.sandbox.process.raw_output import RawOutput
from harlm.sandbox.process.repl import ProcessRepl
from tests.support.sandboxes import repl_on


def opened(floods: list[None]) -> tuple[RawOutput, int]:
    """The output of one pipe, and the pipe's writing end."""
    read, write = os.pipe()
    return RawOutput(read, lambda: floods.append(None)), write


async def test_taking_returns_the_output_since_the_last_time() -> None:
    raw, write = opened([])
    os.write(write, b"one")
    assert raw.take() == ("one", 3)
    assert raw.take() == ("", 0)
    os.write(write, b"two \xff")
    assert raw.take() == ("two \\xff", 5)
    os.close(write)
    raw.close()


async def test_only_the_start_of_long_output_is_kept_and_its_size_is_true() -> None:
    raw, write = opened([])
    for _ in range(3):
        os.write(write, b"x" * 10_000)
        raw._read()
    text, size = raw.take()
    assert (len(text), size) == (20_000, 30_000)
    os.close(write)
    raw.close()


async def test_a_flood_is_reported_once_for_each_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(raw_output, "FLOOD", 100)
    floods: list[None] = []
    raw, write = opened(floods)
    for _ in range(3):
        os.write(write, b"x" * 90)
        raw._read()
    assert len(floods) == 1
    raw.take()
    os.write(write, b"x" * 101)
    raw.take()
    assert len(floods) == 2
    os.close(write)
    raw.close()


async def test_output_of_a_worker_that_has_ended_can_still_be_taken() -> None:
    raw, write = opened([])
    os.write(write, b"last words")
    os.close(write)
    assert raw.take() == ("last words", 10)
    raw.close()
    raw.close()


async def test_a_flood_of_raw_output_ends_the_cell(tier: str) -> None:
    async with repl_on(tier, cell_seconds=30) as repl:
        await repl.run("x = 1")
        seen = await repl.run("import os\nwhile True: os.write(2, b'x' * 65536)")
        assert seen.lost
        assert seen.error is not None
        assert "OutputFlood: the cell wrote more than 64 MB" in seen.error
        assert (await repl.run("print(x)")).output == "1\n"


async def test_raw_output_is_shown_after_printed_output(repl: ProcessRepl) -> None:
    seen = await repl.run("import os; os.write(1, b'raw\\n'); os.write(2, b'err\\n'); print('printed')")
    assert seen.output == "printed\nraw\nerr\n"
    assert (await repl.run("1 + 1")).output == "2\n"
