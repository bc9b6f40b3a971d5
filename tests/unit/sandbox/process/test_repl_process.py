"""Forks of a REPL's process, and what a fork shares with its parent."""

from __future__ import annotations

import asyncio

import pytest

from harlm.errors import SandboxFailure
from harlm.sandbox.process.repl import ProcessRepl
from tests.support.sandboxes import Host, repl_on


async def test_a_branch_is_restored_with_its_own_random_numbers(tier: str) -> None:
    async with repl_on(tier) as repl:
        branch = await repl.fork(Host())
        await branch.run("import random; x = random.random(); print(x)")
        before = (await branch.run("print(x)")).output
        await branch.run("import os; os._exit(1)")
        assert (await branch.run("print(x)")).output == before


async def test_a_fork_with_threads_is_rebuilt_from_the_recorded_cells(repl: ProcessRepl) -> None:
    host = repl._host
    assert isinstance(host, Host)
    await repl.run("x = llm_query('ask once')")
    await repl.run(
        "import threading, time; threading.Thread(target=time.sleep, args=(5,), daemon=True).start()"
    )
    branch = await repl.fork(Host())
    assert (await branch.run("print(x)")).output == "reply\n"
    assert len(host.asked) == 1


async def test_a_fork_while_a_cell_runs_is_refused(repl: ProcessRepl) -> None:
    running = asyncio.create_task(repl.run("llm_query('slow')"))
    await asyncio.sleep(0.05)
    with pytest.raises(SandboxFailure, match="between two cells"):
        await repl.fork(Host())
    await running


async def test_a_branch_of_a_branch_of_a_branch(repl: ProcessRepl) -> None:
    await repl.run("x = 0")
    branch = repl
    for depth in range(1, 6):
        branch = await branch.fork(Host())
        await branch.run("x += 1")
        assert (await branch.run("print(x)")).output == f"{depth}\n"
    assert (await repl.run("print(x)")).output == "0\n"


@pytest.mark.parametrize("tier", ["s3", "s0"], indirect=True)
async def test_files_of_a_branch_are_its_own(repl: ProcessRepl) -> None:
    await repl.run("open('f', 'w').write('before')")
    branch = await repl.fork(Host())
    await repl.run("open('f', 'w').write('after')")
    assert (await branch.run("print(open('f').read())")).output == "before\n"
    await branch.run("open('g', 'w').write('branch')")
    assert (await repl.run("import os; print(os.path.exists('g'))")).output == "False\n"


@pytest.mark.parametrize("tier", ["s3"], indirect=True)
async def test_a_read_only_branch_reads_and_changes_nothing(repl: ProcessRepl) -> None:
    await repl.run("open('f', 'w').write('before')")
    branch = await repl.fork(Host(), read_only=True)
    seen = await branch.run("print(open('f').read())\nopen('f', 'w')")
    assert seen.output == "before\n"
    assert seen.error is not None
    assert "PermissionError" in seen.error


@pytest.mark.parametrize("tier", ["s3"], indirect=True)
async def test_a_branch_writes_to_no_folder_but_its_own(repl: ProcessRepl) -> None:
    await repl.run("import os; places = [os.getcwd()]")
    one = await repl.fork(Host())
    other = (await one.run("print(os.getcwd())")).output.strip()
    branch = await repl.fork(Host())
    for _ in range(3):  # a branch, a branch of it, and one more
        await branch.run(f"places.append({other!r}); here = os.getcwd()")
        tries = "for place in {*places} - {here}:\n try: open(f'{place}/x', 'w'); print(place)\n except PermissionError: pass"
        assert (await branch.run(tries)).output == ""
        assert (await branch.run("open('x', 'w'); places.append(here)")).error is None
        branch = await branch.fork(Host())


@pytest.mark.parametrize("tier", ["s3"], indirect=True)
async def test_a_fork_without_room_for_its_folder_is_rebuilt(repl: ProcessRepl) -> None:
    await repl.run("x = 1")
    await repl.run("for n in range(5000):\n try: open(f'{n}', 'w').close()\n except OSError: break")
    branch = await repl.fork(Host())
    assert (await branch.run("print(x)")).output == "1\n"
    seen = await repl.run("print(x)")
    assert (seen.output, seen.lost) == ("1\n", False)


async def test_random_numbers_of_branches_differ(repl: ProcessRepl) -> None:
    one, two = await repl.fork(Host()), await repl.fork(Host())
    cell = "import random; print(random.random())"
    assert (await one.run(cell)).output != (await two.run(cell)).output
