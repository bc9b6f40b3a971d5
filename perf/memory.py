"""Memory: putting, what survives compression and kill -9, and the bound of a deep run.

``python -m perf.memory [PART…]``: put, kept, crash, tree, turns, evict.
"""

from __future__ import annotations

import random
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections import OrderedDict, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from harlm import HARLM, Answer, Budget
from harlm.config import Config, MemorySettings
from harlm.events import CallStarted, Event
from harlm.memory import ColdStore, HotStore
from harlm.memory.extract import beginning, extracted
from harlm.tokens import estimate_tokens
from harlm.types import Entry
from perf.measure import ServerProcess, Table, report_parts, server_process
from perf.reading import items

_KILLS = 100
_TREES = ((6, 3), (12, 4))


def put() -> Iterator[Table]:
    """Entries of about 1 kB."""
    rows: list[list[object]] = []
    sentences = [each for text in items()[0].values() for each in text.replace("\n", " ").split(". ")]
    chance = random.Random(2)
    values = [". ".join(chance.sample(sentences, 8)) for _ in range(5_300)]
    with tempfile.TemporaryDirectory() as folder:
        store = ColdStore(Path(folder) / "memory.db")
        own: list[float] = []
        for at in range(300):
            started = time.perf_counter()
            store.put(Entry(key=f"a{at}", kind="reply", value=values[at], run="R"))
            own.append(1000 * (time.perf_counter() - started))
            store.flush()
        rows.append(["put returns after, ms (p50)", statistics.median(own)])
        started = time.perf_counter()
        for at in range(5_000):
            store.put(Entry(key=f"b{at}", kind="reply", value=values[300 + at], run="R"))
        store.flush()
        rows.append(
            [
                "entries a second, put together and acknowledged",
                round(5_000 / (time.perf_counter() - started)),
            ]
        )
        times = []
        for at in range(300):
            started = time.perf_counter()
            store.search(" ".join(chance.sample(values[at].split(), 8)), 10, run="R")
            times.append(1000 * (time.perf_counter() - started))
        times.sort()
        rows.append(["search among 5,300 of a run, ms (p95)", times[285]])
        store.close()
        size = (Path(folder) / "memory.db").stat().st_size
        rows.append(["bytes on disk for each of text", round(size / sum(map(len, values)), 2)])
    yield Table("Putting entries of 1 kB, searched by BM25 at once", ["", "measured"], rows)


def kept() -> Iterator[Table]:
    """Answers that stand in what is left of an article, shortened for the question."""
    texts, asked = items()
    rows: list[list[object]] = []
    for ratio in (4, 8, 16):
        counts: defaultdict[str, int] = defaultdict(int)
        took = 0.0
        for item in asked:
            tokens = estimate_tokens(texts[item.article]) // ratio
            started = time.process_time()
            short = extracted(texts[item.article], [item.question], tokens, estimate_tokens)
            took += 1000 * (time.process_time() - started) / len(asked)
            counts["question"] += item.answer.lower() in short.lower()
            counts["held out"] += item.held_out and item.answer.lower() in short.lower()
        for item in asked:
            tokens = estimate_tokens(texts[item.article]) // ratio
            lead = beginning(texts[item.article], tokens, estimate_tokens)
            counts["lead"] += item.answer.lower() in lead.lower()
        out = sum(item.held_out for item in asked)
        rows.append(
            [
                f"{ratio} times", f"{counts['question'] / len(asked):.1%}", f"{counts['held out'] / out:.1%}",
                f"{counts['lead'] / len(asked):.1%}", took,
            ]
        )  # fmt: skip
    yield Table(
        f"Answers kept when an article is shortened: our own set, {len(texts)} articles, {len(asked):,} questions, a third paraphrased",
        ["shorter", "for the question", "held out half", "its beginning", "CPU ms each"],
        rows,
    )


_WRITER = """
import sys
from pathlib import Path
from harlm.memory.cold import ColdStore
from harlm.types import Entry
store = ColdStore(Path(sys.argv[1]))
at = 0
while True:
    for _ in range(9):
        store.put(Entry(key=f"{sys.argv[2]}-{at}", kind="reply", value=f"walnut {at} " * 120, run="R"))
        at += 1
    store.flush()
    print(at, flush=True)
"""


def crash() -> Iterator[Table]:
    """A writer is killed at a random moment, again and again, on one file."""
    kills, lost, acknowledged = _KILLS, 0, 0
    chance = random.Random(1)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "memory.db"
        for number in range(kills):
            command = [sys.executable, "-c", _WRITER, str(file), str(number)]
            with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
                assert writer.stdout is not None
                told = [writer.stdout.readline()]
                time.sleep(chance.random() * 0.15)
                writer.send_signal(signal.SIGKILL)
                told += writer.stdout.read().splitlines(keepends=True)
            count = max(int(line) for line in told if line.endswith(b"\n"))
            store = ColdStore(file)
            lost += sum(store.get(f"{number}-{at}") is None for at in range(count))
            acknowledged += count
            store.close()
        connection = sqlite3.connect(file)
        is_whole = connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        connection.execute("INSERT INTO passages (passages) VALUES ('integrity-check')")
        connection.close()
    rows = [[kills, f"{acknowledged:,}", lost, "ok" if is_whole else "damaged"]]
    yield Table("kill -9 of a writer", ["kills", "acknowledged", "lost", "file and index"], rows)


class _Prompts:
    """Measures what models are shown."""

    def __init__(self) -> None:
        self.largest: defaultdict[str, int] = defaultdict(int)
        self.total: defaultdict[str, int] = defaultdict(int)
        self.calls: defaultdict[str, int] = defaultdict(int)

    def emit(self, event: Event) -> None:
        """Take one event."""
        if isinstance(event, CallStarted):
            tokens = sum(estimate_tokens(message.content) for message in event.messages)
            self.largest[event.role] = max(self.largest[event.role], tokens)
            self.total[event.role] += tokens
            self.calls[event.role] += 1


def _asked_of(
    server: ServerProcess, question: str, *, history: int = 12_000, depth: int = 4
) -> tuple[Answer, _Prompts]:
    prompts = _Prompts()
    with tempfile.TemporaryDirectory() as home:
        client = HARLM(
            model=f"openai/root@{server.url}", sub_model=f"openai/sub@{server.url}", mode="full", home=home, cache=False,
            max_depth=depth, window=1_000_000, budget=Budget(usd=float("inf")), concurrency=64,
            settings=Config(memory=MemorySettings(history_tokens=history)),
        )  # fmt: skip
        return client.ask(question, "a short text", sinks=[prompts]), prompts


def tree() -> Iterator[Table]:
    """The largest: depth 4 and branching 12, 1,885 nodes and 20,736 calls."""
    rows: list[list[object]] = []
    settings = MemorySettings()
    for wide, levels in _TREES:
        started = time.perf_counter()
        with server_process("perf.memory_server") as server:
            answer, prompts = _asked_of(server, f"TREE {wide} wide, level 0 of {levels}, at 0 ")
        nodes = sum(wide**level for level in range(levels))
        naive = wide**levels * 300
        bound = settings.view_tokens + settings.history_tokens
        rows.append(
            [
                f"{wide} wide, {levels} deep", f"{nodes:,}", f"{prompts.calls['sub']:,}", f"{naive:,}",
                f"{prompts.largest['root']:,}", f"opening + {bound:,}", round(time.perf_counter() - started, 1), answer.status,
            ]
        )  # fmt: skip
    yield Table(
        "A deep run over HTTP (SIMULATED model: filler): the largest prompt of any node, in tokens",
        ["", "nodes", "sub-calls", "all replies together", "largest prompt", "bound", "s", "status"],
        rows,
    )


def turns() -> Iterator[Table]:
    """Twenty turns that print much, with and without folding."""
    rows: list[list[object]] = []
    totals = []
    for name, history in (("whole transcript", 10_000_000), ("folded", MemorySettings().history_tokens)):
        with server_process("perf.memory_server") as server:
            answer, prompts = _asked_of(server, "TURNS: which KEY is it?", history=history)
        totals.append(prompts.total["root"])
        rows.append(
            [
                name,
                f"{prompts.total['root']:,}",
                f"{prompts.largest['root']:,}",
                f"{totals[-1] / totals[0]:.1%}",
                answer.text,
            ]
        )
    yield Table(
        "A root run of twenty turns over HTTP (SIMULATED model: filler): tokens of input",
        ["", "all turns", "largest prompt", "of the whole", "answer"],
        rows,
    )


def evict() -> Iterator[Table]:
    """Accesses of runs, replayed: how often an entry is hot with LRU, and with an eviction that knows the future."""
    rows: list[list[object]] = []
    for name, question, history in (
        ("tree, 6 wide, 3 deep", "TREE 6 wide, level 0 of 3, at 0 ", 2_000),
        ("twenty turns", "TURNS: which KEY is it?", 4_000),
        ("all pairs of thirty notes", "PAIRS", 4_000),
    ):
        with server_process("perf.memory_server") as server, _recorded() as trace:
            _asked_of(server, question, history=history)
        for capacity in (12, 50, 256):
            lru, belady = _lru(trace, capacity), _belady(trace, capacity)
            between = round(100 * (belady - lru), 1)
            rows.append([name, f"{len(trace):,}", capacity, f"{lru:.1%}", f"{belady:.1%}", between])
    yield Table(
        "Share of accesses that found their entry hot, in traces of runs over HTTP (SIMULATED model)",
        ["trace", "accesses", "entries", "LRU", "Belady", "points between"],
        rows,
    )


@contextmanager
def _recorded() -> Iterator[list[str]]:
    """The keys of all accesses to hot tiers."""
    trace: list[str] = []
    put_one, get_one = HotStore.put, HotStore.get

    def put(self: HotStore, entry: Entry) -> None:
        trace.append(entry.key)
        put_one(self, entry)

    def get(self: HotStore, key: str) -> Entry | None:
        trace.append(key)
        return get_one(self, key)

    HotStore.put, HotStore.get = put, get  # type: ignore[method-assign] # to record
    try:
        yield trace
    finally:
        HotStore.put, HotStore.get = put_one, get_one  # type: ignore[method-assign] # as it was


def _lru(trace: Sequence[str], capacity: int) -> float:
    hot: OrderedDict[str, None] = OrderedDict()
    hits = 0
    for key in trace:
        if key in hot:
            hits += 1
            hot.move_to_end(key)
        else:
            hot[key] = None
            if len(hot) > capacity:
                hot.popitem(last=False)
    return hits / len(trace)


def _belady(trace: Sequence[str], capacity: int) -> float:
    later: defaultdict[str, list[int]] = defaultdict(list)
    for at in range(len(trace) - 1, -1, -1):
        later[trace[at]].append(at)
    hot: set[str] = set()
    hits = 0
    for key in trace:
        later[key].pop()
        if key in hot:
            hits += 1
            continue
        hot.add(key)
        if len(hot) > capacity:
            hot.discard(max(hot, key=lambda each: later[each][-1] if later[each] else len(trace)))
    return hits / len(trace)


def main() -> None:
    """Measure all; arguments name what to measure."""
    report_parts(
        "memory",
        "Memory (runs of a SIMULATED model)",
        "Putting and finding entries, what survives compression and kill -9, and the prompts of deep and long runs beside "
        "those without memory.",
        {"put": put, "kept": kept, "crash": crash, "tree": tree, "turns": turns, "evict": evict},
    )


if __name__ == "__main__":
    main()
