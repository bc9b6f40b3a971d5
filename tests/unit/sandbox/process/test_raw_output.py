"""Output that is written below Python."""

from __future__ import annotations

from harlm.sandbox.process.repl import ProcessRepl
from tests.support.sandboxes import repl_on


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
