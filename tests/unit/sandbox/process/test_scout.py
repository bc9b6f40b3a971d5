"""A scout next to a cell, in real processes: what it may do, what it may not do, and that it ends with the
cell.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from harlm.errors import CodeError, SandboxFailure
from harlm.protocols import Foreseen
from harlm.sandbox.process.repl import ProcessRepl
from harlm.scheduler.broker import Broker, Making
from harlm.scheduler.record import CellRecord
from harlm.types import Observation, Usage
from tests.support.processes import is_running
from tests.support.sandboxes import TIERS, repl_on

LOOP = "out = []\nfor at in range(6):\n    out.append(llm_query(f'{at}'))\nprint(out)"


class Model:
    """Replies after a while, for a cell and its scout."""

    def __init__(self, seconds: float = 0.08) -> None:
        self.seconds = seconds
        self.asked: list[str] = []
        self.in_flight = 0
        self.broker: Broker | None = None

    async def call(self, function: str, arguments: Mapping[str, object]) -> object:
        if self.broker is not None and function == "llm_query":
            return await self.broker.claim(function, arguments)
        return await self._reply(str(arguments.get("prompt")))

    def begin(self, function: str, arguments: Mapping[str, object], is_early: bool, sample: int) -> Making:
        return Making(self._reply(str(arguments.get("prompt"))), Usage)

    async def _reply(self, prompt: str) -> str:
        self.asked.append(prompt)
        self.in_flight += 1
        try:
            await asyncio.sleep(3600 if prompt == "for ever" else self.seconds)
        finally:
            self.in_flight -= 1
        if prompt == "bad":
            raise CodeError("llm_query failed: no reply")
        return f"reply to {prompt[:20]}"


async def ahead(repl: ProcessRepl, model: Model, cell: str) -> tuple[Observation, CellRecord]:
    """Run a cell with a scout."""
    model.broker = Broker(model.begin)
    try:
        seen = await repl.run(cell, ahead=model.broker)
    finally:
        record = await model.broker.close()
        model.broker = None
    return seen, record


def children(repl: ProcessRepl) -> list[int]:
    assert repl.pid is not None
    tasks = Path(f"/proc/{repl.pid}/task").iterdir()
    return [int(pid) for task in tasks for pid in (task / "children").read_text("ascii").split()]


@pytest.mark.parametrize("tier", TIERS)
async def test_a_plain_loop_takes_as_long_as_one_call(tier: str) -> None:
    model = Model(0.25)
    async with repl_on(tier, host=model) as repl:
        seen, record = await ahead(repl, model, LOOP)
        again, more = await ahead(repl, model, LOOP)
    assert seen.error is None
    assert seen.output == again.output == f"{[f'reply to {at}' for at in range(6)]}\n"
    assert record.early.made >= 3
    assert record.early.wasted == more.early.wasted == 0
    assert record.parallelism > 1.5
    assert model.asked == [*"012345"] * 2


@pytest.mark.parametrize("tier", TIERS)
async def test_no_process_and_no_call_of_a_scout_is_left(tier: str) -> None:
    model = Model(0.03)
    async with repl_on(tier, host=model) as repl:
        for cell in (LOOP, "for at in range(3):\n    llm_query(f'{at}')\n    1 / 0"):
            await ahead(repl, model, cell)
        await asyncio.sleep(0.3)
        alive = [pid for pid in children(repl) if is_running(pid)]
    assert alive == []
    assert model.in_flight == 0


@pytest.mark.parametrize("tier", TIERS)
async def test_a_scout_changes_no_file_and_moves_no_open_file_of_the_cell(tier: str) -> None:
    model = Model()
    make = "import os\nplace = os.environ.get('TMPDIR', '.') + '/lines.txt'\n"
    cell = (
        "with open(place, 'a') as file:\n    for at in range(4):\n        file.write(llm_query(f'write {at}') + '\\n')\n"
        "print(open(place).read())"
    )
    async with repl_on(tier, host=model) as repl:
        await repl.run(make)
        can_write = (await repl.run("open(place, 'w').write('')")).error is None
        if not can_write:
            pytest.skip("cells write no files on this tier")
        seen, _ = await ahead(repl, model, cell)
        await repl.run("open(place, 'w').write('a\\nb\\nc\\n')\nreading = open(place)")
        read, _ = await ahead(
            repl, model, "for line in reading:\n    print(llm_query('line ' + line.strip()))"
        )
    assert seen.output.splitlines() == [*(f"reply to write {at}" for at in range(4)), ""]
    assert read.output.splitlines() == [f"reply to line {each}" for each in "abc"]


@pytest.mark.parametrize(
    ("cell", "calls"),
    [
        ("x = 1", 0),
        ("print(llm_query('one'))", 1),
        ("print(llm_query_batched(['a', 'b']))", 2),
        ("import asyncio\nasync def f(): return 1\nprint(await f(), await asyncio.sleep(0, 2))", 0),
    ],
)
async def test_a_cell_that_a_scout_cannot_help_has_none(cell: str, calls: int) -> None:
    model = Model(0.01)
    async with repl_on("s0", host=model) as repl:
        seen, record = await ahead(repl, model, cell)
    assert seen.error is None
    assert len(record.calls) == calls
    assert record.early.made == 0


A_THREAD = "import threading\nis_over = threading.Event()\nthreading.Thread(target=is_over.wait, daemon=True).start()"


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("hindrance", [A_THREAD, "import mmap"])
async def test_if_the_process_cannot_fork_another_process_gets_copies(tier: str, hindrance: str) -> None:
    before = (
        "import json, random as dice\nfrom collections import Counter\n"
        "rows = [{'id': at, 'tags': ('a', at)} for at in range(6)]\nsame = rows\n"
        "class Own:\n    pass\nown = Own()\n"
        "def ask(row, of=json.dumps):\n    return llm_query(of(row))"
    )
    cell = (
        "found = Counter()\nsame.append(rows[0])\nasked = 0\n"
        "for row in rows:\n    found[ask(row)[:5]] += dice.random() < 2\n    asked += 1\n"
        "print(found, own, len(rows), llm_query(f'{len(context)} {asked}'))"
    )
    model = Model(0.2)
    async with repl_on(tier, host=model) as repl:
        assert (await repl.run(before)).error is None
        assert (await repl.run(hindrance)).error is None
        seen, record = await ahead(repl, model, cell)
        after = await repl.run("print(len(rows))\nif 'is_over' in globals(): is_over.set()")
    assert seen.error is None
    assert seen.output.startswith("Counter({'reply': 7}) <")
    assert after.output == "7\n"
    assert record.early.made >= 5
    assert record.early.wasted == 0
    assert record.parallelism > 1.5
    assert len(model.asked) == 8


@pytest.mark.parametrize(
    "of",
    [
        "own, at",  # no copy of it can be made
        "big[0], at",  # too many to be copied
        "wrapped(0), at",  # not to be found in the text of the cells
    ],
)
async def test_calls_with_values_that_cannot_be_copied_are_left_to_the_cell(of: str) -> None:
    before = (
        f"{A_THREAD}\nclass Own:\n    def __reduce__(self): raise SystemExit\nown = Own()\n"
        "big = list(range(100_000))\nitself = []\nitself.append(itself)\ndef wrap(f): return lambda x: f(x)\n"
        "@wrap\ndef wrapped(x): return x"
    )
    model = Model(0.05)
    async with repl_on("s0", host=model) as repl:
        assert (await repl.run(before)).error is None
        seen, record = await ahead(
            repl, model, f"for at in range(4):\n    llm_query(f'{{({of})[1]}} {{type(({of})[0])}}')"
        )
        assert (await repl.run("is_over.set()")).error is None
    assert seen.error is None
    assert len(record.calls) == 4
    assert record.early.made == 0


async def test_values_that_are_too_large_to_be_sent_do_not_harm_the_cell() -> None:
    before = f"{A_THREAD}\nwide = ['\u6f22' * 1_000_000 for _ in range(4)]"  # 4 million characters, 12 MB
    model = Model(0.02)
    async with repl_on("s0", host=model) as repl:
        assert (await repl.run(before)).error is None
        seen, record = await ahead(repl, model, f"# {'x' * 9_000_000}\n{LOOP}")
        again, _ = await ahead(repl, model, LOOP)
        assert (await repl.run("is_over.set()")).error is None
    assert seen.error is None
    assert again.output == seen.output
    assert record.early.made == 0


async def test_copies_that_were_not_asked_for_are_a_violation() -> None:
    cell = (
        "import sys\nframe = sys._getframe()\nwhile frame and '_channel' not in vars(frame.f_locals.get('self', object)):\n"
        "    frame = frame.f_back\n"
        "frame.f_locals['self']._channel.send({'op': 'copies', 'data': b''})"
    )
    async with repl_on("s0", host=Model()) as repl:
        with pytest.raises(SandboxFailure, match="copies that were not asked for"):
            await repl.run(cell)


@pytest.mark.parametrize(
    "cell",
    [
        "for at in range(3) print(llm_query('a'))",
        "llm_query = str.upper\nprint([llm_query(c) for c in 'abc'])",
        "del llm_query\nprint([llm_query(c) for c in 'abc'])",
        "from __future__ import annotations\nprint([llm_query(c) for c in 'abc'])\ndef f(x: nonsense): pass\nprint(f.__annotations__)",
        "a = 1\nprint(llm_query('x'), llm_query('y'))\nglobal a",
        "class Told(type):\n    def __getattribute__(c, n):\n        print(n); return type.__getattribute__(c, n)\n"
        "    def __eq__(c, o):\n        print('='); return c is o\n"
        "    def __hash__(c):\n        print('#'); return 1\n"
        "class Own(metaclass=Told):\n    def __getattribute__(s, n):\n        print(n); raise KeyError(n)\n"
        "import mmap\nown = Own()\nprint([llm_query(c) for c in 'abc'])",
        "for c in 'ab':\n    print(llm_query(c))\nreturn 7",
        "print(sorted(name for name in dir() if name[0] != '_'))\nprint([llm_query(c) for c in 'abc'])\n(llm_query('last'),)",
        "try:\n    for c in ['a', 'bad', 'c']: print(llm_query(c))\nexcept RuntimeError as error:\n    print(type(error).__name__, error)",
        "for c in ['a', 'bad', 'c']: print(llm_query(c))",
        "x = 'big ' * 2_600_000\nprint(len(llm_query(x)), len(llm_query(x + '!')))",
        "for c in 'abc':\n    FINAL(llm_query(c))",
        "def f(n): return llm_query(str(n)) if n == 0 else f(n - 1)\nprint(f(300), f(301))",
        "class A:\n    def __del__(self): print('gone')\na = A()\nfor c in 'ab': a = llm_query(c)\nprint(a)",
    ],
)
async def test_a_cell_with_a_scout_has_the_same_effects_as_without(cell: str) -> None:
    model = Model(0.02)
    async with repl_on("s0", host=model) as repl, repl_on("s0", host=model) as other:
        alone = await other.run(cell)
        seen, _ = await ahead(repl, model, cell)
    assert (seen.output, seen.error, seen.final, seen.names) == (
        alone.output,
        alone.error,
        alone.final,
        alone.names,
    )


@pytest.mark.parametrize("tier", TIERS)
async def test_a_cancelled_cell_ends_its_scout(tier: str) -> None:
    model = Model()
    async with repl_on(tier, host=model) as repl:
        running = asyncio.create_task(ahead(repl, model, "for at in range(9): llm_query('for ever')"))
        async with asyncio.timeout(5):
            while model.in_flight < 9:  # noqa: ASYNC110 - a scout says nothing
                await asyncio.sleep(0.01)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert model.in_flight == 0
        assert (await repl.run("print('alive')")).output == "alive\n"


async def test_a_cell_of_megabytes_can_have_a_scout() -> None:
    model = Model(0.3)
    async with repl_on("s0", host=model) as repl:
        seen, record = await ahead(repl, model, f"text = {'x' * 3_000_000!r}\n{LOOP}\nprint(len(text))")
    assert seen.error is None
    assert seen.output.endswith("\n3000000\n")
    assert record.early.made > 0


async def test_a_cell_that_is_cancelled_at_once_leaves_a_repl_that_works() -> None:
    model = Model(0.01)
    async with repl_on("s0", host=model) as repl:
        for turns in range(6):
            running = asyncio.create_task(ahead(repl, model, LOOP))
            for _ in range(turns):
                await asyncio.sleep(0)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        assert (await repl.run("print('alive')")).output.endswith("alive\n")


async def test_a_scout_makes_only_calls_that_may_be_foreseen() -> None:
    class Watching:
        is_eager = False
        asked: list[Foreseen]

        def __init__(self) -> None:
            self.asked = []

        async def foresee(self, call: Foreseen) -> object:
            self.asked.append(call)
            return "x"

        def retract(self, numbers: Sequence[int]) -> None:
            pass

    watching = Watching()
    async with repl_on("s0", host=Model()) as repl:
        await repl.run("for at in range(3): llm_query(f'{at}' + str(budget()))", ahead=watching)
        await repl.run("for at in range(3): llm_query(f'{at}')", ahead=watching)
    assert [call.arguments["prompt"] for call in watching.asked] == ["0", "1", "2"]


@pytest.mark.parametrize("tier", [tier for tier in TIERS if tier != "s0"])
async def test_a_process_that_a_cell_starts_in_place_of_its_scout_ends_with_the_cell(tier: str) -> None:
    fork = (
        "import os, time\n"
        "try:\n    pid = os.fork()\nexcept OSError: pid = -1\n"
        "if pid == 0:\n    time.sleep(60)\n    os._exit(0)\n"
        "print([llm_query(c) for c in 'abc'])"
    )
    model = Model(0.01)
    async with repl_on(tier, host=model) as repl:
        await ahead(repl, model, fork)
        await asyncio.sleep(0.2)
        assert [pid for pid in children(repl) if is_running(pid)] == []


async def test_lost_variables_are_reported_by_the_next_cell_though_a_scout_was_asked_for_first() -> None:
    model = Model(0.01)
    async with repl_on("s0", host=model) as repl:
        await repl.run("x = 1")
        await repl.run(
            "import os, threading\nthreading.Thread(target=lambda: (threading.Event().wait(0.1), os._exit(1))).start()"
        )
        assert repl._process.link is not None
        await repl._process.link.worker.ended.wait()
        broker = Broker(model.begin)
        scout = await repl.scout(broker)
        seen = await repl.run("print(x)")
        await broker.close()
    assert scout is None
    assert seen.lost
    assert seen.output.startswith("[the REPL ended after the last cell and was restarted")
