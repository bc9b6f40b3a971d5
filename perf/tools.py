"""What a call of a tool takes beside the tool itself: functions, early calls, SQL and MCP servers."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from harlm import assembly, tool
from harlm.config import Config, EngineSettings, SandboxSettings, TracingSettings
from harlm.engine import solve
from harlm.engine.workspace import Workspace
from harlm.loading import load
from harlm.tools import sql_tool
from harlm.tools.toolset import toolset_of
from harlm.types import Task
from perf.measure import Table, report, server_process

_CALLS = 1_000
_ROUNDS = 5
_GOAL_US = 300.0
_TIMED = "import json, timeit; print(json.dumps(timeit.repeat({call!r}, globals=globals(), number=1, repeat={calls})))"
_CLAIMED = """
import json, time
time.sleep(0.7)
took = []
for at in range({calls}):
    began = time.perf_counter()
    early(at)
    took.append(time.perf_counter() - began)
print(json.dumps(took))
"""
_AT_ONCE = (
    "import json, time\nbegan = time.perf_counter()\nout = [early(at) for at in range({calls})]\n"
    "print(json.dumps([(time.perf_counter() - began) / {calls}]))"
)


class Row(NamedTuple):
    """One kind of tool.

    Attributes:
        name: in the table.
        cell: the code that is measured; prints seconds as a JSON list.
        itself: the same work without HARLM; ``None`` if that takes no time, or cannot be told.
        has_goal: whether the goal is for it.
    """

    name: str
    cell: str
    itself: Callable[[], Any] | None = None
    has_goal: bool = True


def _double(x: int) -> int:
    return 2 * x


async def _double_later(x: int) -> int:
    return 2 * x


def _timed(call: str) -> str:
    return _TIMED.format(call=call, calls=_CALLS)


def _rows(database: Path) -> list[Row]:
    connection = sqlite3.connect(database)
    connection.execute("CREATE TABLE t (x INTEGER)")
    connection.execute("INSERT INTO t VALUES (1)")
    connection.commit()

    def query() -> Any:
        return sqlite3.connect(database).execute("SELECT x FROM t").fetchall()

    return [
        Row("a function", _timed("plain(3)"), lambda: _double(3)),
        Row("an async function", _timed("later(3)")),
        Row("a pure function, where the cell calls it", _timed("pure(3)"), lambda: _double(3)),
        Row("a pure function, called early", _CLAIMED.format(calls=_CALLS)),
        Row(
            f"each of {_CALLS:,} early calls that take no time", _AT_ONCE.format(calls=_CALLS), has_goal=False
        ),
        Row("a deterministic function, asked again", _timed("same(3)")),
        Row("SQL over SQLite", _timed("sql('SELECT x FROM t')"), query, has_goal=False),
        Row("a tool of an MCP server, a program", _timed("stdio_population('Rome')"), has_goal=False),
        Row("a tool of an MCP server, HTTP on loopback", _timed("http_population('Rome')"), has_goal=False),
    ]


async def _measured(rows: Sequence[Row], folder: Path, address: str) -> dict[str, list[float]]:
    """Microseconds of each kind of tool: the medians of some rounds."""
    server = str(Path(__file__).parents[1] / "tests" / "support" / "mcp_server.py")
    only = {"allow": ["population"], "pure": ["population"]}
    tools = toolset_of(
        [
            tool(name="plain")(_double),
            tool(name="later")(_double_later),
            tool(name="pure", pure=True)(_double),
            tool(name="early", pure=True)(_double),
            tool(name="same", pure=True, deterministic=True)(_double),
            sql_tool(f"sqlite:///{folder / 't.db'}"),
        ],
        [],
    )
    tools = toolset_of(
        tools.own,
        [
            {"command": [sys.executable, server], "name": "stdio", **only},
            {"url": address, "name": "http", **only},
        ],
    )
    config = Config(
        engine=EngineSettings(mode="repl"),
        sandbox=SandboxSettings(tier="auto", cell_seconds=600),
        tracing=TracingSettings(home=str(folder / "home")),
    )
    found: dict[str, list[float]] = {row.name: [] for row in rows}
    async with assembly.open_run(config, tools=tools) as node:
        names = {"stdio_population": "population", "http_population": "http_population"}
        task = Task(question="?", context=load("a text"), mode="repl")
        workspace = Workspace.open(task, node, "repl", solve=solve)
        repl = await workspace.opening
        for _ in range(_ROUNDS):
            for row in rows:
                cell = row.cell
                for ours, theirs in names.items():
                    cell = cell.replace(ours, theirs)
                seen = await workspace.cells.run(repl, cell, 1)
                if seen.error:
                    raise RuntimeError(seen.error)
                found[row.name].append(statistics.median(json.loads(seen.output)) * 1e6)
        await workspace.close()
    return found


def _itself(work: Callable[[], Any] | None) -> float:
    if work is None:
        return 0.0
    took = []
    for _ in range(_CALLS):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return statistics.median(took) * 1e6


def main() -> None:
    """Measure, and write the page."""
    with tempfile.TemporaryDirectory() as name, server_process("tests.support.mcp_server", "http") as served:
        folder = Path(name)
        rows = _rows(folder / "t.db")
        found = asyncio.run(_measured(rows, folder, served.url))
        alone = {row.name: _itself(row.itself) for row in rows}
    lines = []
    for row in rows:
        itself, took = alone[row.name], statistics.median(found[row.name])
        lines.append(
            [
                row.name,
                f"{took:.0f} [{min(found[row.name]):.0f}]",
                "-" if row.itself is None else f"{itself:.0f}",
                f"{took - itself:.0f}",
                f"{_GOAL_US:.0f}" if row.has_goal else "-",
            ]
        )
    header = ["", "round trip from a cell, µs", "the tool itself, µs", "beside it, µs", "goal, µs"]
    report(
        "tools",
        "Tools",
        "What a call of a tool takes, from a cell in the strongest sandbox that works here, with its event in the stored trace; "
        f"medians of {_ROUNDS} rounds of {_CALLS:,} calls, with the best round in brackets. A server of MCP is another process with "
        "a protocol of its own, which the goal does not cover.",
        [Table("Round trips", header, lines)],
    )


if __name__ == "__main__":
    main()
