"""BM25 over very many passages, in tantivy (``harlm[tantivy]``).

Above about 50,000 passages it replaces ``harlm.retrieval.index``, since it takes a fraction of the time of
FTS5 (perf/memory.py). Its files are a cache: a folder for each context, named by its content, which is
rebuilt whenever it cannot be read. Stems are those of tantivy's own English stemmer, which are Porter's for
most words.
"""

from __future__ import annotations

import json
import shutil
import threading
from array import array
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from harlm.retrieval.passages import SCHEME, Passages
from harlm.retrieval.scripts import as_letters
from harlm.threads import StopFlag

WORTH_IT = 35_000_000
"""Characters from which on tantivy is used if it is installed: about 50,000 passages."""

_FORMAT = f"{SCHEME}.2"
_HEAP = 256 << 20  # bytes that tantivy may use to build an index
_KEPT = 8  # folders; the least recently used are removed first
_BATCH = 4_000  # passages between two commits, after each of which the index can be searched
_ANALYZER = "harlm"


def is_installed() -> bool:
    """Whether tantivy can be imported."""
    try:
        import tantivy  # noqa: F401 - only to see whether it works
    except ImportError:
        return False
    return True


class LargeIndex(Passages):
    """An index of tantivy as a ``harlm.retrieval.index.Ranking``. Safe to use from several threads.

    Args:
        index: an index of tantivy.
        spans: three numbers for each passage: number of the text, start, end.
    """

    def __init__(self, index: Any, spans: array[int]) -> None:
        import tantivy

        super().__init__(spans)
        self._tantivy = tantivy
        self._index = index
        self._analyzer = _analyzer()
        index.register_tokenizer(_ANALYZER, self._analyzer)
        self._lock = threading.Lock()
        self.refresh()

    def refresh(self) -> None:
        """Make everything searchable that was committed since the last refresh."""
        self._index.reload()
        self._searcher = self._index.searcher()

    @property
    def held(self) -> int:
        """The number of passages in the files of tantivy."""
        return int(self._searcher.num_docs)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def best(
        self, words: Sequence[str], k: int, within: int | None = None, *, stop: StopFlag | None = None
    ) -> list[tuple[int, float]]:
        """The ``k`` passages with the highest BM25 score for any of ``words``, as ``Ranking.best``.

        Raises:
            IndexError: the files cannot be read any more.
        """
        query = self._query(words)
        if query is None or k < 1:
            return []
        if within is not None:
            first, last = self.passages_of(within)
            inside = self._tantivy.Query.range_query(
                self._index.schema, "number", self._tantivy.FieldType.Unsigned, first, last
            )
            must = self._tantivy.Occur.Must
            query = self._tantivy.Query.boolean_query([(must, query), (must, inside)])
        with (stop or StopFlag()).holding(self._lock):
            try:
                hits = self._searcher.search(query, k, count=False).hits
                numbers = [self._searcher.doc(address)["number"][0] for _, address in hits]
            except (OSError, ValueError) as error:
                raise IndexError(f"the index cannot be read any more ({error})") from error
        return [(number, score) for number, (score, _) in zip(numbers, hits, strict=True)]

    def _query(self, words: Sequence[str]) -> Any:
        """The query for any of ``words``, stemmed as the passages are; ``None`` if there are none."""
        query, should = self._tantivy.Query, self._tantivy.Occur.Should
        stems = dict.fromkeys(stem for word in words for stem in self._analyzer.analyze(as_letters(word)))
        if not stems:
            return None
        # As in ``PassageIndex``, a word in more than half of all passages counts only if there is no other.
        telling = [stem for stem in stems if 2 * self._searcher.doc_freq("text", stem) <= self.held]
        terms = [
            (should, query.term_query(self._index.schema, "text", stem, "freq")) for stem in telling or stems
        ]
        return query.boolean_query(terms)

    def frequency(self, stem: str, *, stop: StopFlag | None = None) -> int:
        """The number of passages in which a stem, or the stem that tantivy makes of it, occurs."""
        stem = as_letters(stem)
        with (stop or StopFlag()).holding(self._lock):
            found = self._searcher.doc_freq("text", stem)
            if not found:
                found = max(
                    (self._searcher.doc_freq("text", own) for own in self._analyzer.analyze(stem)), default=0
                )
        return int(found)

    def close(self) -> None:
        """Do nothing: tantivy releases its files with the last reference."""


def open_large(
    passages: Callable[[array[int]], Iterable[str]],
    texts: int,
    folder: Path | None,
    key: str,
    growing: Callable[[LargeIndex, float], None] | None = None,
    *,
    max_bytes: int = 1 << 62,
    stop: StopFlag | None = None,
) -> LargeIndex:
    """The index of a context: read from ``folder`` if it is stored there, else built and stored there.

    Args:
        passages: gives the text of each passage, and adds its span to the array that it takes.
        texts: the number of texts.
        folder: the folder of all such indexes; ``None`` builds in memory.
        key: the content address of the texts.
        growing: called while the index is built, as ``harlm.retrieval.index.Growing``.
        max_bytes: of all such indexes; those used longest ago are removed first.
        stop: ends the building early.

    Raises:
        Stopped: the building is to end.
    """
    stop = stop or StopFlag()
    own = None if folder is None else folder / key
    if own is not None:
        with suppress(OSError, ValueError, KeyError):  # there is none, or it cannot be read
            return _stored(own)
    try:
        return _built(passages, texts, own, growing, max_bytes, stop)
    except OSError:
        if own is None:
            raise
        shutil.rmtree(own, ignore_errors=True)  # a full or read-only disk; the index works in memory too
        return _built(passages, texts, None, growing, max_bytes, stop)


def _stored(own: Path) -> LargeIndex:
    import tantivy

    about = json.loads((own / "about.json").read_text(encoding="ascii"))
    spans = array("Q")
    spans.frombytes((own / "spans").read_bytes())
    if about["format"] != _FORMAT or about["passages"] != len(spans) // 3:
        raise ValueError("another format, or not whole")
    index = LargeIndex(tantivy.Index.open(str(own / "index")), spans)
    if index.held != about["passages"]:
        raise ValueError("not whole")
    (own / "about.json").touch()
    return index


def _built(
    passages: Callable[[array[int]], Iterable[str]],
    texts: int,
    own: Path | None,
    growing: Callable[[LargeIndex, float], None] | None,
    max_bytes: int,
    stop: StopFlag,
) -> LargeIndex:
    import tantivy

    builder = tantivy.SchemaBuilder()
    builder.add_text_field("text", tokenizer_name=_ANALYZER, index_option="freq")
    builder.add_unsigned_field("number", stored=True, indexed=True, fast=True)
    schema = builder.build()
    if own is not None:
        shutil.rmtree(own, ignore_errors=True)
        (own / "index").mkdir(parents=True)
    raw = tantivy.Index(schema) if own is None else tantivy.Index(schema, path=str(own / "index"))
    spans = array("Q")
    index = LargeIndex(raw, spans)
    writer = raw.writer(_HEAP, 1)
    for number, text in enumerate(passages(spans)):
        document = tantivy.Document(text=text)
        # As an argument of the constructor it would be signed, which makes the writer fail.
        document.add_unsigned("number", number)
        writer.add_document(document)
        if growing is not None and number % _BATCH == _BATCH - 1:
            writer.commit()
            index.refresh()
            growing(index, (spans[-3] + 1) / texts)
    stop.check()
    writer.commit()
    writer.wait_merging_threads()
    index.refresh()
    if own is not None:
        (own / "spans").write_bytes(spans.tobytes())
        about = {"format": _FORMAT, "passages": len(index)}
        # Written last, since an index counts as complete only with this file.
        (own / "about.json").write_text(json.dumps(about), encoding="ascii")
        _forget_oldest(own.parent, max_bytes)
    return index


def _forget_oldest(folder: Path, max_bytes: int) -> None:
    """Remove the indexes used longest ago. A process that uses one keeps its open files."""
    newest_first = sorted(folder.glob("*/about.json"), key=lambda about: about.stat().st_mtime, reverse=True)
    size = 0
    for at, about in enumerate(newest_first):
        size += sum(each.stat().st_size for each in about.parent.rglob("*") if each.is_file())
        if at and (at >= _KEPT or size > max_bytes):
            shutil.rmtree(about.parent, ignore_errors=True)


def _analyzer() -> Any:
    import tantivy

    return (
        tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
        .filter(tantivy.Filter.remove_long(80))
        .filter(tantivy.Filter.lowercase())
        .filter(tantivy.Filter.ascii_fold())
        .filter(tantivy.Filter.stemmer("english"))
        .build()
    )
