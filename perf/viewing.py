"""The viewer in a browser: how soon a run is painted, how smoothly it moves, and what the page weighs."""

from __future__ import annotations

import gzip
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import cast

from tests.support.browser import HOW, browser_python, in_browser, viewing

from harlm import events
from harlm.config import Config
from harlm.redact import Redactor
from harlm.tracing.jsonl import JsonlSink
from harlm.types import Answer, Latency, Message, Usage
from harlm.viewer.app import asset
from harlm.viewer.reading import RunReading
from harlm.viewer.report import report_html
from perf.measure import Table, report

_SIZES = (100, 1_000, 10_000, 50_000)
_TIMES = 5
_AT_ONCE = 32  # calls in flight
_CALL_S = 0.8
_OF_A_NODE = 40  # spans
_PROMPT = "Which of these lines names a service that still uses TLS 1.1? Answer with the line. " * 6


def write_run(runs: Path, spans: int) -> str:
    """A stored run with so many spans, as a full run over many documents writes it; returns its id."""
    run = f"01J{spans:023d}"
    sink = JsonlSink(runs / run, Redactor([]))
    for seq, (ts, node, event) in enumerate(_events(spans), 1):
        fields = {name: getattr(event, name) for name in event.__struct_fields__}
        parent = node.rpartition(".")[0] or None
        place = {"seq": seq, "ts": 1_700_000_000 + ts, "run": run, "node": node, "parent": parent}
        sink.emit(type(event)(**(fields | place)))
    sink.close()
    return run


def _events(spans: int) -> Iterator[tuple[float, str, events.Event]]:
    question = "Which services still use TLS 1.1, and who owns them?"
    yield (
        0.0,
        "0",
        events.RunStarted(
            question=question, root_model="openai/root", sub_model="openai/sub", documents=2_000,
            characters=9_000_000, tokens=2_400_000, limits={"usd": 1.0, "calls": 2.0 * spans},
        ),
    )  # fmt: skip
    yield 0.01, "0", events.NodeStarted(depth=0, question=question, mode="full", documents=2_000, characters=9_000_000)  # fmt: skip
    made, at, call = 0, 0.1, 0
    while made < spans:
        node = f"0.{made // _OF_A_NODE}"
        yield at, node, events.NodeStarted(depth=1, question=f"Part {made}: {question}", mode="full", documents=50, characters=200_000)  # fmt: skip
        yield at, node, events.CellStarted(turn=1, code="x = llm_query_batched(prompts)\n" * 4)
        batch = min(_OF_A_NODE - 1, spans - made - 1)
        messages = (Message(role="user", content=_PROMPT),)
        for index in range(batch):
            yield at + 0.001 * index, node, events.CallStarted(call=call + index, role="sub", model="openai/sub", messages=messages)  # fmt: skip
        for index in range(batch):
            usage = Usage(calls=1, input_tokens=180, output_tokens=20, cached_tokens=60, cost_micros=70)
            text = f"line {index}: billing still uses TLS 1.1"
            yield at + _CALL_S + 0.01 * (index % _AT_ONCE), node, events.CallFinished(call=call + index, text=text, usage=usage, stop="end", latency_s=_CALL_S)  # fmt: skip
        at += _CALL_S + 0.5
        yield at, node, events.CellFinished(turn=1, output="done", output_chars=4, error=None, finished=True, wall_s=_CALL_S, waiting_s=_CALL_S)  # fmt: skip
        yield at, node, events.NodeFinished(status="ok", text="billing")
        made, call = made + batch + 1, call + batch
    latency = Latency(wall_s=at, critical_path_s=at * 0.9, parallelism=_AT_ONCE * 0.8)
    answer = Answer(text="billing and media", mode="full", latency=latency, usage=Usage(calls=call))
    yield at, "0", events.NodeFinished(status="ok", text=answer.text)
    yield at, "0", events.Answered(answer=answer)


def _reading(runs: Path) -> Table:
    rows = []
    for spans in _SIZES:
        folder = runs / write_run(runs, spans)
        reads, tells, size = [], [], 0
        for _ in range(_TIMES):
            began = time.perf_counter()
            reading = RunReading(folder)
            reading.follow()
            read = time.perf_counter()
            size = len(reading.told())
            tells.append(time.perf_counter() - read)
            reads.append(read - began)
        page = len(report_html(folder, Config()).encode())
        trace = (folder / "events.jsonl").stat().st_size
        rows.append(
            (f"{spans:,}", f"{trace / 1e6:.1f}", 1e3 * statistics.median(reads), 1e3 * statistics.median(tells), f"{size / 1e6:.2f}", f"{page / 1e6:.2f}")
        )  # fmt: skip
    header = ("spans", "trace, MB", "read, ms", "told, ms", "story, MB", "report, MB")
    return Table("The server: a run is read, and told to the page (medians)", header, rows)


def _painting(runs: Path) -> Table:
    rows = []
    for spans in _SIZES:
        run = f"01J{spans:023d}"
        first, stands, frames = [], [], []
        for _ in range(_TIMES):
            with viewing(run) as address:  # a new server, which has read nothing yet
                seen = in_browser("painted", address=address)
            first.append(cast("float", seen["first"]))
            stands.append(cast("float", seen["stands"]))
            frames += cast("list[float]", seen["frames"])
        rows.append(
            (f"{spans:,}", statistics.median(first), statistics.median(stands), max(stands), statistics.median(frames), statistics.quantiles(frames, n=20)[-1])
        )  # fmt: skip
    header = (
        "spans",
        "first paint, ms",
        "waterfall stands, ms",
        "most, ms",
        "frame p50, ms",
        "frame p95, ms",
    )
    return Table(
        "Chromium: from the request until it is painted, and while it is scrolled and zoomed", header, rows
    )


def _weight() -> Table:
    rows = []
    for name in ("index.html", "viewer.js", "viewer.css"):
        data = asset(name)
        rows.append((name, f"{len(data) / 1e3:.1f}", f"{len(gzip.compress(data)) / 1e3:.1f}"))
    whole = [float(row[at]) for at in (1, 2) for row in rows]
    rows.append(("all", f"{sum(whole[:3]):.1f}", f"{sum(whole[3:]):.1f}"))
    return Table("What the page weighs", ("file", "kB", "kB with gzip"), rows)


if __name__ == "__main__":
    if browser_python() is None:
        sys.exit(HOW)
    with tempfile.TemporaryDirectory() as home:
        os.environ["HARLM_HOME"] = home
        runs = Path(home) / "runs"
        tables = [_weight(), _reading(runs), _painting(runs)]
    report(
        "viewing",
        "The viewer, over simulated runs",
        "What `harlm view` and `harlm report` take for runs of several sizes. The runs are simulated, but written event by event as real ones are; "
        "a span is a call or a cell. The browser is headless and draws on the processor. `harlm view RUN` is started anew for each time; it reads the "
        "run while the browser starts, which takes longer than most readings.",
        tables,
    )
