"""Searching ten million tokens by words, and a million vectors. ``python -m perf.memory_search [PART…]``: search, vectors."""

from __future__ import annotations

import random
import re
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from harlm.context import load
from harlm.retrieval import tantivy_index as large
from harlm.retrieval.index import PassageIndex, Ranking, open_index
from harlm.retrieval.postings import any_of
from harlm.retrieval.terms import STOPWORDS
from harlm.threads import StopFlag
from perf.measure import Table, cpu_seconds, report_parts
from perf.reading import items

_QUERIES, _PASSAGES, _VECTORS = 300, 42_000, (100_000, 1_000_000)
_WORD = re.compile(r"[A-Za-z]{3,}")

Find = Callable[[Sequence[str]], list[int]]


def search() -> Iterator[Table]:
    """About 10 million tokens each: this Python's own library with its tests, and prose."""
    library = load(Path(sysconfig.get_path("stdlib")))
    yield _search("this Python's library", [document.text for document in library.documents])
    yield _search("prose recombined from our reading set", _prose(_PASSAGES))


def _prose(passages: int) -> list[str]:
    """Texts of about a hundred passages, each of sentences of our own set in a new order."""
    sentences = [each for text in items()[0].values() for each in text.replace("\n", " ").split(". ")]
    chance = random.Random(4)
    made = [f"{'. '.join(chance.sample(sentences, 7))}." for _ in range(passages)]
    return ["\n\n".join(made[at : at + 100]) for at in range(0, passages, 100)]


def _search(what: str, texts: list[str]) -> Table:
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
    return Table(
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

    index = open_index(texts, file=folder / "index.db", key="perf", growing=growing)
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
    return [number for number, _ in index._matching(any_of(words), 0, len(index) - 1, 10, StopFlag())]  # noqa: SLF001 - what is compared with


def _best(index: Ranking, words: Sequence[str]) -> list[int]:
    return [number for number, _ in index.best(words, 10)]


def vectors() -> Iterator[Table]:
    """Synthetic vectors of 384 numbers, of which 48 are independent; the true neighbours by an exact scan."""
    import numpy

    from harlm.retrieval.vectors import Vectors

    rows: list[list[object]] = []
    chance = numpy.random.default_rng(0)
    shape = chance.standard_normal((48, 384)).astype("f4")
    for count in _VECTORS:
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
    yield Table(
        "Nearest of SYNTHETIC vectors: sign bits, then the best in full",
        ["vectors", "p50, CPU ms", "p95", "recall@10"],
        rows,
    )


def main() -> None:
    """Measure all; arguments name what to measure."""
    report_parts(
        "memory_search",
        "Searching memory",
        "BM25 with impacts that are added up, beside FTS5's own ranking and tantivy, and the scan of vectors by sign bits, "
        "beside an exact scan.",
        {"search": search, "vectors": vectors},
    )


if __name__ == "__main__":
    main()
