"""Memory: searching ten million tokens, vectors, putting, what survives compression and kill -9, and the bound of a deep run.

``python -m bench.memory [PART…]``: search, vectors, put, kept, crash, tree, turns, evict.
"""

from __future__ import annotations

import random
import re
import signal
import sqlite3
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from bench.measure import Server, cpu_seconds, mock_server, report
from bench.reading import items
from harlm import HARLM, Answer, Budget
from harlm.config import Config, MemorySettings
from harlm.context import load
from harlm.events import CallStarted, Event
from harlm.memory import ColdStore, HotStore
from harlm.memory.extract import beginning, extracted
from harlm.retrieval import tantivy_index as large
from harlm.retrieval.index import PassageIndex, Ranking, open_index
from harlm.retrieval.postings import any_of
from harlm.retrieval.terms import STOPWORDS
from harlm.tokens import estimate_tokens
from harlm.types import Entry

_QUERIES = 300
_WORD = re.compile(r"[A-Za-z]{3,}")


Find = Callable[[Sequence[str]], list[int]]


def search() -> None:
    """About 10 million tokens each: this Python's own library with its tests, and prose."""
    library = load(Path(sysconfig.get_path("stdlib")))
    _search("memory_search", "this Python's library", [document.text for document in library.documents])
    _search("memory_search_prose", "prose recombined from our reading set", _prose(42_000))


def _prose(passages: int) -> list[str]:
    """Texts of about a hundred passages, each of sentences of our own set in a new order."""
    sentences = [each for text in items()[0].values() for each in text.replace("\n", " ").split(". ")]
    chance = random.Random(4)
    made = [f"{'. '.join(chance.sample(sentences, 7))}." for _ in range(passages)]
    return ["\n\n".join(made[at : at + 100]) for at in range(0, passages, 100)]


def _search(kept: str, what: str, texts: list[str]) -> None:
    rows: list[list[object]] = []
    exact: dict[tuple[str, ...], set[int]] = {}
    worth_it = large.WORTH_IT
    with tempfile.TemporaryDirectory() as folder:
        large.WORTH_IT = 1 << 60
        index, built, first = _opened(texts, Path(folder))
        assert isinstance(index, PassageIndex)
        asked, others, passages = _asked(index, texts, 5), _asked(index, texts, 6), len(index)
        exact = {tuple(words): set(_all(index, words)) for _, words in [*asked, *others]}
        rows.append(["FTS5's own ranking", "", "", *_timed(index, texts, asked, exact, partial(_all, index))])
        rows.append(
            ["impacts added up", built, first, *_timed(index, texts, asked, exact, partial(_best, index))]
        )
        rows.append(
            [f"the next {_QUERIES}", "", "", *_timed(index, texts, others, exact, partial(_best, index))]
        )
        index.close()
        if large.is_installed():
            large.WORTH_IT = 0
            index, built, first = _opened(texts, Path(folder))
            rows.append(["tantivy", built, first, *_timed(index, texts, asked, exact, partial(_best, index))])
            index.close()
    large.WORTH_IT = worth_it
    size = sum(map(len, texts)) / 1e6
    report(
        kept,
        f"BM25 over {size:.0f} MB of {what} ({passages:,} passages): five words of a passage, {_QUERIES} times",
        ["", "build, CPU s", "first hit, s", "p50, CPU ms", "p95", "passage found", "of FTS5's ten"],
        rows,
    )


def _opened(texts: list[str], folder: Path) -> tuple[Ranking, str, str]:
    """An index, the CPU seconds that it took, and when it had its first hit."""
    first: list[float] = []
    began, cpu = time.perf_counter(), cpu_seconds()

    def growing(index: Ranking, share: float) -> None:
        if not first and index.best(["weak", "river"], 3):
            first.append(time.perf_counter() - began)

    index = open_index(texts, file=folder / "index.db", key="bench", growing=growing)
    return index, f"{cpu_seconds() - cpu:.2f}", f"{first[0]:.2f}" if first else "-"


def _timed(
    index: Ranking,
    texts: list[str],
    asked: list[tuple[int, list[str]]],
    exact: dict[tuple[str, ...], set[int]],
    find: Find,
) -> list[str]:
    """CPU milliseconds, and what was found."""

    def said(number: int) -> str:
        text, start, end = index.passage(number)
        return texts[text][start:end].strip()

    times, found, same = [], 0, 0.0
    for number, words in asked:
        started = time.process_time()
        best = find(words)
        times.append(1000 * (time.process_time() - started))
        found += said(number) in map(said, best)
        same += len(exact[tuple(words)] & set(best)) / max(1, len(exact[tuple(words)]))
    times.sort()
    shares = (f"{each / len(asked):.3f}" for each in (found, same))
    return [f"{times[len(times) // 2]:.2f}", f"{times[int(0.95 * len(times))]:.2f}", *shares]


def _asked(index: Ranking, texts: Sequence[str], seed: int) -> list[tuple[int, list[str]]]:
    chance = random.Random(seed)
    asked: list[tuple[int, list[str]]] = []
    while len(asked) < _QUERIES:
        number = chance.randrange(len(index))
        text, start, end = index.passage(number)
        found = (word.lower() for word in _WORD.findall(texts[text][start:end]))
        words = list(dict.fromkeys(word for word in found if word not in STOPWORDS))
        if len(words) >= 8:
            asked.append((number, chance.sample(words, 5)))
    return asked


def _all(index: PassageIndex, words: Sequence[str]) -> list[int]:
    return [number for number, _ in index._matching(any_of(words), 0, len(index) - 1, 10)]  # noqa: SLF001 - what is compared with


def _best(index: Ranking, words: Sequence[str]) -> list[int]:
    return [number for number, _ in index.best(words, 10)]


def vectors() -> None:
    """Synthetic vectors of 384 numbers, of which 48 are independent; the true neighbours by an exact scan."""
    import numpy

    from harlm.retrieval.vectors import Vectors

    rows: list[list[object]] = []
    chance = numpy.random.default_rng(0)
    shape = chance.standard_normal((48, 384)).astype("f4")
    for count in (100_000, 1_000_000):
        vectors = Vectors(384)
        parts = []
        for _ in range(0, count, 50_000):
            part = chance.standard_normal((50_000, 48)).astype("f4") @ shape
            part += 0.3 * chance.standard_normal((50_000, 384)).astype("f4")
            part /= numpy.linalg.norm(part, axis=1, keepdims=True)
            vectors.add_floats(part)
            parts.append(part)
        times, found = [], 0
        for at in range(60):
            query = parts[at % len(parts)][at] + 0.04 * (chance.standard_normal(48).astype("f4") @ shape)
            started = time.process_time()
            nearest = [number for number, _ in vectors.nearest(query, 10)]
            times.append(1000 * (time.process_time() - started))
            exact = numpy.concatenate([part @ query for part in parts])
            found += len(set(nearest) & set(numpy.argpartition(-exact, 10)[:10].tolist()))
        times.sort()
        rows.append([f"{count:,}", times[30], times[56], f"{found / 600:.3f}"])
    report(
        "memory_vectors",
        "Nearest of SYNTHETIC vectors: sign bits, then the best in full",
        ["vectors", "p50, CPU ms", "p95", "recall@10"],
        rows,
    )


def put() -> None:
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
        rows.append(["put returns after, ms (p50)", statistics.median(own), "0.5"])
        started = time.perf_counter()
        for at in range(5_000):
            store.put(Entry(key=f"b{at}", kind="reply", value=values[300 + at], run="R"))
        store.flush()
        rows.append(
            [
                "entries a second, put together and acknowledged",
                round(5_000 / (time.perf_counter() - started)),
                "2,000",
            ]
        )
        times = []
        for at in range(300):
            started = time.perf_counter()
            store.search(" ".join(chance.sample(values[at].split(), 8)), 10, run="R")
            times.append(1000 * (time.perf_counter() - started))
        times.sort()
        rows.append(["search among 5,300 of a run, ms (p95)", times[285], "5"])
        store.close()
        size = (Path(folder) / "memory.db").stat().st_size
        rows.append(["bytes on disk for each of text", round(size / sum(map(len, values)), 2), "2"])
    report(
        "memory_put", "Putting entries of 1 kB, searched by BM25 at once", ["", "measured", "wanted"], rows
    )


def kept() -> None:
    """Answers that stand in what is left of an article, made short for the question."""
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
    report(
        "memory_kept",
        f"Answers kept when an article is made short: our own set, {len(texts)} articles, {len(asked):,} questions, a third paraphrased",
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


def crash() -> None:
    """A writer is killed at a random moment, again and again, on one file."""
    kills, lost, acknowledged = 100, 0, 0
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
    report("memory_crash", "kill -9 of a writer", ["kills", "acknowledged", "lost", "file and index"], rows)


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
    server: Server, question: str, *, history: int = 12_000, depth: int = 4
) -> tuple[Answer, _Prompts]:
    prompts = _Prompts()
    with tempfile.TemporaryDirectory() as home:
        client = HARLM(
            model=f"openai/root@{server.url}", sub_model=f"openai/sub@{server.url}", mode="full", home=home, cache=False,
            max_depth=depth, window=1_000_000, budget=Budget(usd=float("inf")), concurrency=64,
            settings=Config(memory=MemorySettings(history_tokens=history)),
        )  # fmt: skip
        return client.ask(question, "a short text", sinks=[prompts]), prompts


def tree() -> None:
    """A run of depth 4 and branching 12: 1,885 nodes and 20,736 calls."""
    rows: list[list[object]] = []
    settings = MemorySettings()
    for wide, levels in ((6, 3), (12, 4)):
        started = time.perf_counter()
        with mock_server("bench.memory_server") as server:
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
    report(
        "memory_tree",
        "A deep run over HTTP (filler instead of a model): the largest prompt of any node, in tokens",
        ["", "nodes", "sub-calls", "all replies together", "largest prompt", "bound", "s", "status"],
        rows,
    )


def turns() -> None:
    """Twenty turns that print much, with and without folding."""
    rows: list[list[object]] = []
    totals = []
    for name, history in (("whole transcript", 10_000_000), ("folded", MemorySettings().history_tokens)):
        with mock_server("bench.memory_server") as server:
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
    report(
        "memory_turns",
        "A root run of twenty turns over HTTP (filler instead of a model): tokens of input",
        ["", "all turns", "largest prompt", "of the whole", "answer"],
        rows,
    )


def evict() -> None:
    """Accesses of real runs, replayed: how often an entry is hot with LRU, and with an eviction that knows the future."""
    traces: dict[str, list[str]] = {}
    recorded: list[str] = []
    put_one, get_one = HotStore.put, HotStore.get

    def put(self: HotStore, entry: Entry) -> None:
        recorded.append(entry.key)
        put_one(self, entry)

    def get(self: HotStore, key: str) -> Entry | None:
        recorded.append(key)
        return get_one(self, key)

    HotStore.put, HotStore.get = put, get  # type: ignore[method-assign] # to record
    try:
        for name, question, history in (
            ("tree, 6 wide, 3 deep", "TREE 6 wide, level 0 of 3, at 0 ", 2_000),
            ("twenty turns", "TURNS: which KEY is it?", 4_000),
            ("all pairs of thirty notes", "PAIRS", 4_000),
        ):
            recorded.clear()
            with mock_server("bench.memory_server") as server:
                _asked_of(server, question, history=history)
            traces[name] = list(recorded)
    finally:
        HotStore.put, HotStore.get = put_one, get_one  # type: ignore[method-assign] # as it was
    rows: list[list[object]] = []
    for name, trace in traces.items():
        for capacity in (12, 50, 256):
            lru, belady = _lru(trace, capacity), _belady(trace, capacity)
            rows.append(
                [
                    name,
                    f"{len(trace):,}",
                    capacity,
                    f"{lru:.1%}",
                    f"{belady:.1%}",
                    round(100 * (belady - lru), 1),
                ]
            )
    report(
        "memory_evict",
        "Share of accesses that found their entry hot, in traces of runs over HTTP",
        ["trace", "accesses", "entries", "LRU", "Belady", "points between"],
        rows,
    )


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
    parts = {
        "search": search, "vectors": vectors, "put": put, "kept": kept, "crash": crash, "tree": tree, "turns": turns,
        "evict": evict,
    }  # fmt: skip
    for name in sys.argv[1:] or parts:
        parts[name]()


if __name__ == "__main__":
    main()
