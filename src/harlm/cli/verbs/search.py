"""``harlm search``: finds the passages that match a question best, without a model."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import click

from harlm.assembly import open_embedder
from harlm.cli.output import output_options, output_style, show_value
from harlm.cli.printing import say, show_found
from harlm.cli.settings import load_settings, read, reading_flags, reading_options
from harlm.config import Config
from harlm.context import Searcher
from harlm.home import home_of
from harlm.tracing.console import counted
from harlm.tracing.tree import one_line
from harlm.types import Context, Hit

_WIDTH = 300  # characters of a quote


@click.command("search")
@click.argument("query")
@reading_options
@click.option("-k", "count", metavar="N", type=click.IntRange(1, 1000), default=10, help="How many passages.")
@click.option(
    "--meaning",
    is_flag=True,
    help="Also search by meaning, with the embedder in memory.embedder; embeds every passage once.",
)
@click.option("--passages", is_flag=True, help="Show whole passages instead of their best sentences.")
@output_options()
@click.option("-q", "--quiet", is_flag=True, help="Print only errors on stderr.")
@click.option("-v", "--verbose", is_flag=True, help="Show tracebacks.")
def command(query: str, paths: tuple[str, ...], **options: Any) -> None:
    """Find the passages that match a question best. No model is used; the index is kept for the next
    search.
    """
    if not query.strip():
        raise click.UsageError("the query is empty; name what to look for")
    style, quiet = output_style(options), options["quiet"]
    config = load_settings(reading_flags(options), quiet=quiet).config
    context = read(paths, config, quiet=quiet)
    started = time.monotonic()

    def first(hits: tuple[Hit, ...], share: float) -> None:
        best = f"{_place(context, hits[0])}: {_quote(context, hits[0])}" if hits else "nothing yet"
        say(f"indexed {share:.0%}, first found: {one_line(best, 100)}")

    with Searcher(context, home_of(config) / "index.db", max_bytes=config.memory.index_mb << 20) as searcher:
        if options["meaning"]:
            hits = asyncio.run(_by_meaning(searcher, query, options["count"], config, quiet=quiet))
        else:
            hits = searcher.search(query, options["count"], first=None if quiet else first)
    seconds = time.monotonic() - started
    if style != "text":
        show_value([_row(context, hit) for hit in hits], style)
        return
    for hit in hits:
        text = _passage(context, hit) if options["passages"] else one_line(_quote(context, hit), _WIDTH)
        document = context.documents[hit.document]
        show_found(_shown_place(context, hit), text, document.path, document.place(hit.best[0]).line)
    if not quiet:
        found = counted(len(hits), "passage") if hits else "nothing was found"
        say(f"{found} in {counted(len(context.documents), 'document')}, {seconds:.2f} s")


async def _by_meaning(
    searcher: Searcher, query: str, count: int, config: Config, *, quiet: bool
) -> tuple[Hit, ...]:
    def on_progress(done: int, of: int) -> None:
        if not quiet and done % 4096 == 0 and of > 4096:
            say(f"embedded {done:,} of {of:,} passages")

    async with open_embedder(config) as embedder:
        hits, failure = await searcher.search_by_meaning(query, count, embedder, on_progress)
    if failure:
        say(f"found by words only: {failure}")
    return hits


def _place(context: Context, hit: Hit) -> str:
    document = context.documents[hit.document]
    return f"{document.name}:{document.place(hit.best[0]).label}"


def _shown_place(context: Context, hit: Hit) -> str:
    """The place of a hit; with its column in a line that is too long to find it there."""
    document = context.documents[hit.document]
    start, end = hit.best
    column = start - document.text.rfind("\n", 0, start)
    line_end = document.text.find("\n", end)
    width = (len(document.text) if line_end < 0 else line_end) - start + column
    is_line = document.marks is None and width > _WIDTH
    return f"{_place(context, hit)}:{column}" if is_line and column > 1 else _place(context, hit)


def _quote(context: Context, hit: Hit) -> str:
    return context.documents[hit.document].text[slice(*hit.best)]


def _passage(context: Context, hit: Hit) -> str:
    return context.documents[hit.document].text[hit.start : hit.end].strip()


def _row(context: Context, hit: Hit) -> dict[str, object]:
    document = context.documents[hit.document]
    place = document.place(hit.best[0])
    return {
        "source": document.name,
        "place": _place(context, hit),
        "line": place.line,
        "page": place.page,
        "start": hit.start,
        "end": hit.end,
        "score": round(hit.score, 4),
        "quote": _quote(context, hit),
        "text": _passage(context, hit),
    }
