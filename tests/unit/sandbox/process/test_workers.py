"""Worker processes: their contexts, their folders, and many of them at once."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

import pytest

from harlm.config import SandboxSettings
from harlm.errors import SandboxFailure
from harlm.protocols import ReplSetup
from harlm.sandbox.process.repl import ProcessRepl
from harlm.sandbox.process.sandbox import ProcessSandbox
from harlm.types import Context, Document
from tests.support.holdings import held, left_in_the_end
from tests.support.sandboxes import Host, repl_on, sandbox_on, skip_unless_built


async def test_many_are_opened_at_once(tier: str) -> None:
    async with sandbox_on(tier) as sandbox:
        setup = ReplSetup(context=Context.of_text("x"))
        repls = await asyncio.gather(*(sandbox.open(setup, Host()) for _ in range(150)))
        assert len({repl.pid for repl in repls}) == 150


async def test_a_repl_with_much_text_of_its_own_has_memory_for_it(tier: str) -> None:
    async with sandbox_on(tier, memory_mb=256) as sandbox:
        await sandbox.open(ReplSetup(context=Context.of_text("small")), Host())
        large = Context.of_text("0123456789" * 6_000_000)
        repl = await sandbox.open(ReplSetup(context=large), Host())
        assert (await repl.run("print(len(context))")).output == "60000000\n"


@pytest.mark.parametrize("tier", ["s3"], indirect=True)
async def test_files_of_a_repl_are_removed_with_it(repl: ProcessRepl) -> None:
    fill = (
        "import os\nos.makedirs('a/b')\nwritten = 0\n"
        "with open('a/b/f', 'wb') as file:\n    for _ in range(40):\n        written += file.write(bytes(1 << 20))\nprint(written >> 20)"
    )
    for _ in range(4):
        other = ProcessRepl(repl._workers, repl._setup, Host())
        await other.start()
        assert (await other.run(fill)).output == "40\n"
        await other.close()


async def test_texts_with_lone_surrogates_and_many_documents_arrive_unchanged(tier: str) -> None:
    documents = tuple(Document(name=f"{n}.txt", text=f"text \ud800 {n} " * 50) for n in range(3000))
    async with repl_on(tier, Context(documents=documents)) as repl:
        seen = await repl.run("print(len(context), ascii(context[2999][:11]), context[7].name)")
        assert seen.output == "3000 'text \\ud800 2999' 7.txt\n"


async def test_a_context_can_mix_texts_of_the_run_with_its_own(tier: str) -> None:
    one, two = Document(name="one", text="first"), Document(name="two", text="second")
    async with sandbox_on(tier) as sandbox:
        await sandbox.open(ReplSetup(context=Context(documents=(one, two))), Host())
        child = Context(documents=(Document(name="own", text="mine \ud800"), two, one))
        repl = await sandbox.open(ReplSetup(context=child), Host())
        seen = await repl.run("print([(t.name, ascii(t)) for t in context], context[1].number)")
        assert (
            seen.output == "[('own', \"'mine \\\\ud800'\"), ('two', \"'second'\"), ('one', \"'first'\")] 1\n"
        )


@pytest.mark.skipif(sys.platform != "linux", reason="descriptors and processes are read from /proc")
@pytest.mark.parametrize("steps", range(1, 12, 2))
async def test_closing_that_is_cancelled_twice_leaves_nothing(
    tier: str, steps: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    await skip_unless_built(tier)
    before = held()
    sandbox = ProcessSandbox(tier, SandboxSettings())
    repl = await sandbox.open(ReplSetup(context=Context.of_text("x")), Host())
    await repl.run("open('file', 'w').write('x')" if tier in ("s3", "s0") else "1")
    closing = asyncio.create_task(sandbox.close())
    for _ in range(2):
        for _ in range(steps):
            await asyncio.sleep(0)
        closing.cancel()
    await asyncio.gather(closing, return_exceptions=True)
    assert not await left_in_the_end(before)


async def test_a_sandbox_that_is_closed_while_it_opens_opens_nothing(
    tier: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    async with sandbox_on(tier) as sandbox:
        before = held() if sys.platform == "linux" else None
        opening = asyncio.create_task(sandbox.open(ReplSetup(context=Context.of_text("x")), Host()))
        await asyncio.sleep(0)
        await sandbox.close()
        with pytest.raises(SandboxFailure, match="closed"):
            await opening
        with pytest.raises(SandboxFailure, match="closed"):
            await sandbox.open(ReplSetup(context=Context.of_text("x")), Host())
        assert before is None or not await left_in_the_end(before)
