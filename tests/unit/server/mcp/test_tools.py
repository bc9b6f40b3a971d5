"""What each tool does, without a protocol around it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harlm.corpora import Corpora
from harlm.errors import ConfigError, ContextError, HarlmError
from harlm.events import RunStarted
from harlm.server.mcp.arguments import (
    AskArguments,
    EstimateArguments,
    ReadArguments,
    SearchArguments,
    TraceArguments,
)
from harlm.server.mcp.results import LONGEST_ANSWER, AskResult
from harlm.server.mcp.tools import LONGEST_TEXT, HarlmTools
from harlm.testing import ChatServer, Request
from harlm.tracing.jsonl import RunFolder
from tests.support.harlm_mcp import cites, documents, tools_over

Q = "Which services still use TLS 1.1?"


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with ChatServer(cites) as server:
        yield server


@pytest.fixture
def tools(server: ChatServer) -> Iterator[HarlmTools]:
    documents()
    tools = tools_over(server, "docs")
    yield tools
    tools.close()


def write(name: str, text: str) -> None:
    """A document of the corpus."""
    file = Path("docs", name)
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, encoding="utf-8")


async def silent(seconds: float, message: str) -> None:
    """Tells no client."""


async def ask(tools: HarlmTools, **asked: Any) -> AskResult:
    return await tools.ask(AskArguments(**{"question": Q, **asked}), silent)


# -- harlm_ask ---------------------------------------------------------------------------------------------


async def test_a_question_over_the_only_corpus(tools: HarlmTools) -> None:
    result = await ask(tools)
    assert [each.place for each in result.sources] == ["docs/tls.md:3"]
    assert result.status == "ok"


async def test_a_question_over_a_file_in_the_roots(tools: HarlmTools) -> None:
    result = await ask(tools, path="docs/tls.md")
    assert [each.place for each in result.sources] == ["docs/tls.md:3"]


async def test_a_question_over_a_text(tools: HarlmTools, server: ChatServer) -> None:
    await ask(tools, text='{"service": "billing", "tls": 1.1}')
    assert '{"service": "billing", "tls": 1.1}' in server.requests[0].prompt


async def test_a_text_of_ten_megabytes_is_a_question(tools: HarlmTools, server: ChatServer) -> None:
    line = "The mill stands at the river, and nothing happens there on most days of the year.\n"
    text = line * (10_000_000 // len(line)) + "Only billing still uses TLS 1.1.\n"
    result = await ask(tools, text=text, mode="plan")
    assert result.status in ("ok", "partial", "not_found")
    assert server.requests
    assert max(len(each.prompt) for each in server.requests) < 1_000_000


async def test_a_text_that_is_too_long_says_where_to_put_it(tools: HarlmTools) -> None:
    with pytest.raises(ContextError, match=r"write it to a file in '.*docs', and name that as path"):
        await ask(tools, text="x" * (LONGEST_TEXT + 1))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"corpus": "wiki"}, "there is no corpus 'wiki'; the corpora of this server are 'docs'"),
        ({"corpus": "../docs"}, "there is no corpus '../docs'"),
        ({"corpus": "docs", "path": "docs/tls.md"}, "corpus and path are given"),
        ({"corpus": "docs", "path": "x", "text": "y"}, "corpus and path and text are given"),
        ({"path": "/etc/passwd"}, "is outside of what this server may read"),
        ({"path": "docs/../../x"}, "is outside of what this server may read"),
        ({"path": "docs/missing.md"}, "does not exist"),
        ({"text": " \n"}, "is empty"),
        ({"question": " "}, "question"),
        ({"max_cost": -1.0}, "max_cost=-1.0 is not a number of dollars"),
        ({"schema": {"type": "nothing"}}, "nothing"),
    ],
)
async def test_a_bad_question_is_refused_before_a_model_is_asked(
    tools: HarlmTools, server: ChatServer, asked: dict[str, Any], said: str
) -> None:
    with pytest.raises(HarlmError) as refused:
        await ask(tools, **asked)
    assert said in str(refused.value)
    assert server.arrived == 0


async def test_without_a_corpus_a_question_needs_a_path_or_a_text(server: ChatServer) -> None:
    documents()
    tools = tools_over(server)
    with pytest.raises(ConfigError, match=r"no corpus is named; .* none: start the server with a folder"):
        await ask(tools)
    assert (await ask(tools, path="docs")).status == "ok"


@pytest.mark.parametrize(
    ("own", "asked", "limit"),
    [
        ({"budget__usd": 0.5}, None, 0.5),
        ({"budget__usd": 0.5}, 0.2, 0.2),
        ({"budget__usd": 0.5}, 7.0, 0.5),
        ({}, 7.0, 1.0),
        ({}, 0.3, 0.3),
    ],
)
async def test_a_cost_in_a_call_only_lowers_the_limit(
    server: ChatServer, own: dict[str, float], asked: float | None, limit: float
) -> None:
    documents()
    name = f"openai/gpt-5@{server.base_url}"  # which has a price
    tools = tools_over(server, "docs", models__root=name, models__sub=name, **own)
    result = await ask(tools, max_cost=asked)
    events = RunFolder(tools.runs / result.run).events()
    (started,) = (each for each in events if isinstance(each, RunStarted))
    assert started.limits["usd"] == limit


async def test_a_schema_gives_data(server: ChatServer) -> None:
    documents()
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    with ChatServer(lambda request: '{"n": 3}') as numbers:
        result = await ask(tools_over(numbers, "docs"), schema=schema, mode="direct")
    assert result.data == {"n": 3}


async def test_a_limit_gives_the_partial_answer_and_its_reason() -> None:
    documents()

    def root(request: Request) -> str:
        return "```repl\nprint(llm_query('what?'))\n```" if request.model == "root" else "a word"

    with ChatServer(root) as server:
        result = await ask(tools_over(server, "docs", budget__calls=3), mode="full")
    assert result.status == "partial"
    assert "calls" in result.stopped_by
    assert result.as_text().startswith("PARTIAL ANSWER")


# -- the others --------------------------------------------------------------------------------------------


async def test_a_search_gives_places_and_lines(tools: HarlmTools, server: ChatServer) -> None:
    result = await tools.search(SearchArguments(query="Who uses TLS 1.1?"))
    (passage,) = result.passages
    assert passage.place == "docs/tls.md:3"
    assert passage.quote == "Only billing still uses TLS 1.1."
    assert server.arrived == 0
    read = await tools.read(ReadArguments(document=passage.document, start_line=3, end_line=3))
    assert read.text == passage.quote


async def test_a_search_for_nothing_finds_nothing(tools: HarlmTools) -> None:
    result = await tools.search(SearchArguments(query="xylophone"))
    assert result.passages == ()
    assert "Nothing" in result.as_text()


async def test_a_document_is_named_in_every_way_that_is_clear(tools: HarlmTools) -> None:
    write("deep/b.md", "deep\n")
    tools = HarlmTools(tools._config, Corpora({"docs": ["docs"]}, tools._config), tools.roots)
    for name in ("tls.md", "docs/tls.md", "b.md", "deep/b.md"):
        assert (await tools.read(ReadArguments(document=name))).document.endswith(name)


async def test_an_unknown_document_names_one_that_is_near(tools: HarlmTools) -> None:
    with pytest.raises(ContextError, match=r"no document 'docs/tsl.md'; perhaps 'docs/tls.md'"):
        await tools.read(ReadArguments(document="docs/tsl.md"))
    with pytest.raises(ContextError, match=r"it has '.*tls.md'"):
        await tools.read(ReadArguments(document="../../etc/passwd"))


async def test_lines_are_bounded_and_it_is_said_what_is_left(server: ChatServer) -> None:
    documents()
    write("long.txt", "".join(f"line {at} {'x' * 90}\n" for at in range(1, 5_001)))
    tools = tools_over(server, "docs")
    seen = 0
    at: int | None = 1
    while at is not None:
        read = await tools.read(ReadArguments(document="long.txt", start_line=at))
        assert len(read.text) <= LONGEST_ANSWER
        assert read.start_line == at == seen + 1
        seen, at = read.end_line, read.next_line
    assert seen == read.lines
    part = await tools.read(ReadArguments(document="long.txt", start_line=7, end_line=8))
    assert part.text.startswith("line 7 ")
    assert (part.end_line, part.next_line) == (8, 9)
    assert "lines 9 to 5,001 are left" in part.left


async def test_a_line_that_is_longer_than_a_result_is_cut(server: ChatServer) -> None:
    documents()
    write("wide.txt", "x" * 1_000_000 + "\nlast")
    read = await tools_over(server, "docs").read(ReadArguments(document="wide.txt"))
    assert "more characters in this line]" in read.text
    assert read.text.endswith("last")
    assert read.next_line is None


@pytest.mark.parametrize(
    ("start", "end", "said"), [(5, 4, "before start_line"), (99, None, "was asked for"), (1, 0, "before")]
)
async def test_lines_that_do_not_exist_are_refused(
    tools: HarlmTools, start: int, end: int | None, said: str
) -> None:
    with pytest.raises(HarlmError, match=said):
        await tools.read(ReadArguments(document="tls.md", start_line=start, end_line=end))


async def test_an_estimate_asks_no_model(tools: HarlmTools, server: ChatServer) -> None:
    for asked in ({}, {"corpus": "docs"}, {"path": "docs/tls.md"}):
        result = await tools.estimate(EstimateArguments(question=Q, **asked))
        assert {each.mode for each in result.modes} >= {"direct", "full"}
    assert server.arrived == 0


async def test_a_trace_of_an_answer(tools: HarlmTools) -> None:
    run = (await ask(tools)).run
    assert (await tools.trace(TraceArguments(run=run))).state == "ok"


async def test_questions_at_the_same_time_do_not_meet(tools: HarlmTools) -> None:
    results = await asyncio.gather(*(ask(tools, question=f"{Q} {at}") for at in range(5)))
    assert len({each.run for each in results}) == 5


async def test_a_changed_file_is_read_again(tools: HarlmTools, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harlm.corpora._LOOKED_S", 0.0)
    assert (await tools.search(SearchArguments(query="payroll"))).passages == ()
    write("new.md", "Payroll uses TLS 1.2.\n")
    assert (await tools.search(SearchArguments(query="payroll"))).passages
