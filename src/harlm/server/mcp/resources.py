"""Corpora and stored runs as resources: JSON that a client can show or attach."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from urllib.parse import unquote

import msgspec

from harlm.errors import ContextError
from harlm.server.mcp.tools import HarlmTools
from harlm.server.mcp.traces import recent_runs, trace_of
from harlm.types import Document

CORPORA, RUNS = "harlm://corpora", "harlm://runs"

_MOST_DOCUMENTS = 1_000
_MOST_SKIPPED = 50


class ResourceRow(msgspec.Struct, frozen=True, kw_only=True):
    """A resource, or with ``{…}`` in its address a template of them."""

    uri: str
    name: str
    description: str


TEMPLATES: Sequence[ResourceRow] = (
    ResourceRow(
        uri=f"{CORPORA}/{{name}}", name="corpus", description="The documents of a corpus, with their sizes."
    ),
    ResourceRow(
        uri=f"{RUNS}/{{run}}", name="run", description="A stored run: answer, sources, tree of calls, cost."
    ),
)


class _DocumentRow(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    kind: str
    characters: int


def listed(tools: HarlmTools) -> list[ResourceRow]:
    """The resources of a server; single runs are found through the list of runs."""
    return [
        ResourceRow(uri=CORPORA, name="corpora", description="The corpora that questions can be about."),
        ResourceRow(uri=RUNS, name="runs", description="The newest stored runs."),
        *(
            ResourceRow(uri=f"{CORPORA}/{name}", name=name, description=f"The documents of {name}.")
            for name in tools.corpora
        ),
    ]


async def content(tools: HarlmTools, uri: str) -> bytes:
    """What stands at an address, as JSON.

    Raises:
        ContextError: there is no such resource, or a corpus cannot be read.
        TraceError: there is no such run, or it cannot be read.
    """
    if uri == CORPORA:
        return _json([_corpus_row(tools, name) for name in tools.corpora])
    if uri == RUNS:
        return _json(await asyncio.to_thread(recent_runs, tools.runs))
    folder, _, last = uri.rpartition("/")
    name = unquote(last)
    if folder == RUNS:
        return _json(await asyncio.to_thread(trace_of, tools.runs, name))
    if folder == CORPORA and name in tools.corpora:
        return await _corpus(tools, name)
    known = ", ".join(each.uri for each in (*listed(tools), *TEMPLATES))
    raise ContextError(f"there is no resource {uri[:200]!r}; there are {known}")


def _corpus_row(tools: HarlmTools, name: str) -> dict[str, object]:
    return {"name": name, "uri": f"{CORPORA}/{name}", "sources": tools.corpora[name].sources}


async def _corpus(tools: HarlmTools, name: str) -> bytes:
    context = (await tools.corpora[name].read()).context
    return _json(
        {
            **_corpus_row(tools, name),
            "documents_in_all": len(context.documents),
            "characters": context.characters,
            "documents": [_row(each) for each in context.documents[:_MOST_DOCUMENTS]],
            "skipped_in_all": len(context.skipped),
            "skipped": context.skipped[:_MOST_SKIPPED],
        }
    )


def _row(document: Document) -> _DocumentRow:
    return _DocumentRow(name=document.name, kind=document.kind, characters=len(document.text))


def _json(value: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=1)
