"""Resources: corpora and runs as bounded JSON, and nothing besides."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from harlm import HARLM
from harlm.errors import HarlmError
from harlm.server.mcp import resources
from harlm.server.mcp.resources import content, listed
from harlm.server.mcp.tools import HarlmTools
from harlm.testing import ChatServer
from tests.support.harlm_mcp import TLS, cites, documents, tools_over


@pytest.fixture
def tools() -> Iterator[HarlmTools]:
    documents()
    with ChatServer(cites) as server:
        tools = tools_over(server, "docs")
        yield tools
        tools.close()


def write_more(count: int) -> None:
    for at in range(count):
        Path(f"docs/{at}.md").write_text(f"document {at}")


async def read(tools: HarlmTools, uri: str) -> Any:
    return msgspec.json.decode(await content(tools, uri))


def test_corpora_and_runs_are_listed(tools: HarlmTools) -> None:
    assert [each.uri for each in listed(tools)] == ["harlm://corpora", "harlm://runs", "harlm://corpora/docs"]


async def test_everything_that_is_listed_can_be_read(tools: HarlmTools) -> None:
    for each in listed(tools):
        assert await read(tools, each.uri) is not None


async def test_a_corpus_lists_its_documents_with_their_sizes(tools: HarlmTools) -> None:
    corpus = await read(tools, "harlm://corpora/docs")
    (document,) = corpus["documents"]
    assert document["name"].endswith("tls.md")
    assert document["characters"] == corpus["characters"] == len(TLS)
    assert corpus["documents_in_all"] == 1


async def test_a_corpus_of_many_documents_is_bounded(
    tools: HarlmTools, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resources, "_MOST_DOCUMENTS", 3)
    write_more(9)
    corpus = await read(tools, "harlm://corpora/docs")
    assert (len(corpus["documents"]), corpus["documents_in_all"]) == (3, 10)


async def test_a_run_is_read_by_its_id(tools: HarlmTools) -> None:
    run = HARLM(model=lambda prompt: "yes", mode="direct").ask("Is it?", "a text").run_id
    assert [each["run"] for each in await read(tools, "harlm://runs")] == [run]
    assert (await read(tools, f"harlm://runs/{run}"))["answer"] == "yes"


@pytest.mark.parametrize(
    "uri",
    [
        "harlm://corpora/wiki",
        "harlm://corpora/../runs",
        "harlm://corpora/%2e%2e%2fruns",
        "harlm://corpora/docs/tls.md",
        "harlm://corpora/",
        "harlm://runs/",
        "harlm://runs/..",
        "harlm://runs/%2e%2e",
        "harlm://runs/01JZ5W3Y8K9QXW7RB2M4N6P8ST",
        "harlm://runs/a%00b",
        "harlm://",
        "file:///etc/passwd",
        "",
        "x" * 100_000,
    ],
)
async def test_what_is_no_resource_is_refused(tools: HarlmTools, uri: str) -> None:
    with pytest.raises(HarlmError) as refused:
        await content(tools, uri)
    assert len(str(refused.value)) < 1_000
