"""What each tool does, whatever protocol it is called over."""

from __future__ import annotations

import asyncio
import difflib
import os
from collections.abc import Sequence
from pathlib import Path

from harlm.client import HARLM
from harlm.config import DEFAULT_USD, Config, overridden
from harlm.corpora import Corpora, Corpus
from harlm.engine.failing import partial_in
from harlm.errors import ConfigError, ContextError, HarlmError
from harlm.home import runs_of
from harlm.server.mcp.arguments import (
    AskArguments,
    EstimateArguments,
    ReadArguments,
    SearchArguments,
    TraceArguments,
)
from harlm.server.mcp.progress import Tell, told
from harlm.server.mcp.results import (
    LONGEST_ANSWER,
    AskResult,
    EstimateResult,
    FoundPassage,
    LinesRead,
    SearchResult,
    cut,
)
from harlm.server.mcp.roots import Roots
from harlm.server.mcp.traces import TraceSummary, trace_of
from harlm.threads import Threads
from harlm.tracing.request import Sources
from harlm.types import Context, Document, Hit

LONGEST_TEXT = 16 << 20
"""Characters of a text in a call."""

_LONGEST_PASSAGE, _LONGEST_QUOTE = 2_000, 500  # characters
_LONGEST_LINE = 4_000  # characters of one line, so that others are seen too
_NAMED = 10  # names in a message
_LONGEST_NAME = 100  # characters


class HarlmTools:
    """The tools over some corpora and folders.

    Args:
        config: the settings of every question, with its limits.
        corpora: what can be asked about by name.
        roots: where files can be named.
    """

    def __init__(self, config: Config, corpora: Corpora, roots: Roots) -> None:
        self._config = config
        self.corpora = corpora
        self.roots = roots
        self.runs = runs_of(config)

    async def ask(self, asked: AskArguments, tell: Tell) -> AskResult:
        """``harlm_ask``. Cancelling it cancels the run, which can be resumed.

        Raises:
            HarlmError: the question cannot be answered, not even in part.
        """
        source = self._source(corpus=asked.corpus, path=asked.path, text=asked.text)
        client = HARLM(settings=self._limited(asked.max_cost))
        async with told(tell, f"reading {_named(source)}") as progress:
            context, origin = await self._opened(source)
            try:
                answer = await client.aask(
                    asked.question,
                    context,
                    mode=asked.mode,
                    schema=asked.schema,
                    sinks=[progress],
                    origin=origin,
                )
            except HarlmError as error:
                if (so_far := partial_in(error)) is None:
                    raise
                return AskResult.of(so_far, " ".join(str(error).split()))
            return AskResult.of(answer)

    async def search(self, asked: SearchArguments) -> SearchResult:
        """``harlm_search``.

        Raises:
            ConfigError: there is no such corpus.
            ContextError: it cannot be read.
        """
        corpus = self._corpus(asked.corpus)
        read = await corpus.read()
        hits = await Threads().do(lambda stop: read.searcher.search(asked.query, asked.k, stop=stop))
        return SearchResult(
            corpus=corpus.name,
            documents=len(read.context.documents),
            passages=tuple(_passage(read.context.documents[hit.document], hit) for hit in hits),
        )

    async def read(self, asked: ReadArguments) -> LinesRead:
        """``harlm_read``.

        Raises:
            ConfigError: there is no such corpus, or the lines are out of order.
            ContextError: there is no such document, or it has fewer lines.
        """
        corpus = self._corpus(asked.corpus)
        document = _document(asked.document, (await corpus.read()).context, corpus.name)
        return _lines(corpus.name, document, asked.start_line, asked.end_line)

    async def estimate(self, asked: EstimateArguments) -> EstimateResult:
        """``harlm_estimate``.

        Raises:
            HarlmError: the place cannot be read, or a model cannot be used.
        """
        context, _ = await self._opened(self._source(corpus=asked.corpus, path=asked.path))
        client = HARLM(settings=self._config)
        return EstimateResult.of(await asyncio.to_thread(client.estimate, asked.question, context))

    async def trace(self, asked: TraceArguments) -> TraceSummary:
        """``harlm_get_trace``.

        Raises:
            TraceError: there is no such run, or it cannot be read.
        """
        return await asyncio.to_thread(trace_of, self.runs, asked.run)

    def close(self) -> None:
        """End the searches."""
        self.corpora.close()

    # -- what is asked about -------------------------------------------------------------------------------

    def _source(self, *, corpus: str = "", path: str = "", text: str = "") -> Corpus | Path | str:
        """What a call asks about.

        Raises:
            ConfigError: it names two things, or there is no such corpus.
            ContextError: the path may not be read, or the text is too long.
        """
        given = [name for name, value in (("corpus", corpus), ("path", path), ("text", text)) if value]
        if len(given) > 1:
            raise ConfigError(f"{' and '.join(given)} are given; a question is about one of them")
        if path:
            return _from_here(self.roots.file(path))
        if len(text) > LONGEST_TEXT:
            raise ContextError(
                f"the text has {len(text):,} characters, and at most {LONGEST_TEXT:,} can be sent; write it to a file in "
                f"{', '.join(map(repr, self.roots.shown)) or 'a root (--root FOLDER)'}, and name that as path"
            )
        return text or self._corpus(corpus)

    def _corpus(self, name: str) -> Corpus:
        if name in self.corpora:
            return self.corpora[name]
        if not name and len(self.corpora) == 1:
            return next(iter(self.corpora.values()))
        known = (
            ", ".join(map(repr, self.corpora)) or "none: start the server with a folder, or give path or text"
        )
        what = f"there is no corpus {name[:_LONGEST_NAME]!r}" if name else "no corpus is named"
        raise ConfigError(f"{what}; the corpora of this server are {known}")

    async def _opened(self, source: Corpus | Path | str) -> tuple[object, Sources | None]:
        """What ``HARLM.aask`` takes for a source, and where it comes from; ``None`` if the value says so itself."""
        return await _corpus_as_read(source) if isinstance(source, Corpus) else (source, None)

    def _limited(self, max_cost: float | None) -> Config:
        """The settings with a lower limit of money, if the caller wants one.

        Raises:
            ConfigError: the limit is no sum of money.
        """
        if max_cost is None:
            return self._config
        if not max_cost >= 0:
            raise ConfigError(f"max_cost={max_cost!r} is not a number of dollars, such as 0.5")
        own = self._config.budget.usd
        if max_cost >= (DEFAULT_USD if own is None else own):
            return self._config
        return overridden(self._config, {"budget.usd": max_cost})


async def _corpus_as_read(corpus: Corpus) -> tuple[Context, Sources]:
    read = await corpus.read()
    return read.context, Sources(paths=corpus.sources, folder=os.getcwd())  # noqa: PTH109 - nothing is read


def _from_here(path: Path) -> Path:
    """A path as citations show it: below the current folder without that folder."""
    here = Path.cwd()
    return path.relative_to(here) if here in path.parents else path


def _named(source: Corpus | Path | str) -> str:
    return source.name if isinstance(source, Corpus | Path) else "the text"


def _passage(document: Document, hit: Hit) -> FoundPassage:
    text = document.text[hit.start : hit.end].strip()
    return FoundPassage(
        place=f"{document.name}:{document.place(hit.best[0]).label}",
        document=document.name,
        start_line=document.line_of(hit.start),
        end_line=document.line_of(max(hit.start, hit.end - 1)),
        score=round(hit.score, 4),
        quote=cut(document.text[slice(*hit.best)], _LONGEST_QUOTE),
        text=cut(text, _LONGEST_PASSAGE),
    )


def _document(name: str, context: Context, corpus: str) -> Document:
    """The document with a name, or with the path that citations show, or the only one whose name ends so.

    Raises:
        ContextError: there is none.
    """
    for each in context.documents:
        if name in (each.name, each.cited_as):
            return each
    below = [each for each in context.documents if each.name.endswith(f"/{name}")]
    if len(below) == 1:
        return below[0]
    near = difflib.get_close_matches(name[:_LONGEST_NAME], _names(context.documents), n=3)
    shown = near or _names(context.documents[:_NAMED])
    raise ContextError(
        f"the corpus {corpus!r} has no document {name[:_LONGEST_NAME]!r}; {'perhaps' if near else 'it has'} "
        f"{', '.join(map(repr, shown))}; harlm://corpora/{corpus} lists them"
    )


def _names(documents: Sequence[Document]) -> list[str]:
    return [each.name for each in documents[:5_000]]


def _lines(corpus: str, document: Document, first: int, last: int | None) -> LinesRead:
    """Lines of a document, as many as fit into one result.

    Raises:
        ConfigError: the last is before the first.
        ContextError: the document has fewer lines.
    """
    count = len(document.line_starts)
    if last is not None and last < first:
        raise ConfigError(f"end_line {last} is before start_line {first}")
    if first > count:
        raise ContextError(f"{document.name!r} has {count:,} lines, and line {first:,} was asked for")
    shown: list[str] = []
    room, at, wanted = LONGEST_ANSWER, first, min(last or count, count)
    while at <= wanted:
        line = _line(document, at)
        if shown and len(line) + 1 > room:
            break
        shown.append(line)
        room -= len(line) + 1
        at += 1
    left = f"lines {at:,} to {count:,} are left; read on from start_line {at}" if at <= count else ""
    return LinesRead(
        corpus=corpus, document=document.name, start_line=first, end_line=at - 1, lines=count,
        text="\n".join(shown),
        next_line=at if at <= count else None, left=left,
    )  # fmt: skip


def _line(document: Document, number: int) -> str:
    extent = document.line_extent(number)
    assert extent is not None
    start, end = extent
    text = document.text[start : min(end, start + _LONGEST_LINE + 1)].removesuffix("\n")
    return (
        text
        if end - start <= _LONGEST_LINE + 1
        else f"{text[:_LONGEST_LINE]}… [{end - start - _LONGEST_LINE:,} more characters in this line]"
    )
