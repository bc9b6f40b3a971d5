"""Loading, profiling, indexing and searching: megabytes a CPU second and milliseconds a question."""

from __future__ import annotations

import platform
import sysconfig
import tempfile
import time
from pathlib import Path

from harlm.context import Searcher, load, profile
from harlm.retrieval import tantivy_index as large
from harlm.types import Context
from perf.measure import Table, cpu_seconds, median, report

_QUERIES = (
    "http date header parsing",
    "how are weak references cleared",
    "maximum line length of a response",
    "default encoding of text files",
    "the event loop is already running",
)


def main() -> None:
    """Measure all."""
    library = Path(sysconfig.get_path("stdlib"))
    before = cpu_seconds()
    context = load(library)
    loading = cpu_seconds() - before
    size = context.characters / 1e6
    ten = Context.of_text("".join(document.text for document in context.documents)[:10_000_000])
    profiling, _ = median(lambda: profile(ten), 21)
    rows = [
        [
            "load (walk, read, decode)",
            f"{size:.1f} MB, {len(context.documents)} files",
            f"{size / loading:.0f} MB per CPU s",
        ],
        ["profile", "10 MB", f"{1000 * profiling:.2f} ms CPU"],
        *searched(context, size, "FTS5", 1 << 60),
        *(searched(context, size, "tantivy", 0) if large.is_installed() else ()),
    ]
    report(
        "retrieval",
        "Loading, profiling, indexing and searching",
        "Megabytes a CPU second and milliseconds a question over the standard library of this Python, with both kinds of index.",
        [Table(f"Python {platform.python_version()}'s library", ["", "what", "cost"], rows)],
    )


def searched(context: Context, size: float, name: str, worth_it: int) -> list[list[str]]:
    """Rows of one kind of index."""
    usual, large.WORTH_IT = large.WORTH_IT, worth_it
    with tempfile.TemporaryDirectory() as folder:
        searcher = Searcher(context, Path(folder) / "index.db")
        before = cpu_seconds()
        searcher.search("warm up", 1)
        indexing = cpu_seconds() - before
        times = []
        for query in _QUERIES * 4:
            started = time.process_time()
            searcher.search(query, 8)
            times.append(1000 * (time.process_time() - started))
        searcher.close()
        disk = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file()) / 1e6
    times.sort()
    large.WORTH_IT = usual
    return [
        [f"index of {name}, first search", f"{size:.1f} MB", f"{indexing:.2f} CPU s"],
        [f"index of {name} on disk", f"{size:.1f} MB", f"{disk / size:.2f} of the text"],
        [
            f"search with {name}, with sentences", f"{len(times)} queries",
            f"p50 {times[len(times) // 2]:.1f} ms, p95 {times[int(0.95 * len(times))]:.1f} ms CPU",
        ],
    ]  # fmt: skip


if __name__ == "__main__":
    main()
