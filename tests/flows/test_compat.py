"""DSPy, LangChain, LlamaIndex and programs for the reference RLM ask HARLM, which asks a provider on loopback: with the real packages, each in an interpreter of its own."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest

from harlm.testing import ChatServer, Request, ScriptedServer
from tests.support.clients import NO_CLIENTS, clients_python
from tests.support.foreign_programs import printed_by, reported_by
from tests.support.page_models import reply as reply_of_pages
from tests.support.pages import ROOT, blocks

pytestmark = pytest.mark.skipif(clients_python() is None, reason=NO_CLIENTS)

QUOTE = "This diary was kept by Ann."


def reply(request: Request) -> str:
    """A model that cites what it was given, and follows the schema that it was given."""
    told = "\n".join(text for _, text in request.messages)
    if '"name"' in told and "JSON Schema" in told:
        return json.dumps({"name": "Ann"})
    if "JSON Schema" in told:
        why = {"reasoning": "It says so."} if '"reasoning"' in told else {}
        return json.dumps({**why, "kind": "diary", "lines": 401})
    if "The harbour was built" in told:
        return "Bob did."
    name = (
        "context"
        if 'name="context"' in told
        else "message-2-user"
        if "I have read it" in told
        else "message-1-user"
    )
    return f'Ann kept it [{name} "{QUOTE}"].\nNobody else did.'


@pytest.fixture
def docs() -> None:
    Path("docs").mkdir()
    Path("docs/harbour.txt").write_text("Lorem ipsum.\nThe harbour was built by Bob.\n", encoding="utf-8")


def finds_the_code(request: Request) -> str:
    """A model that writes a program where it has a REPL, and answers from what it is shown elsewhere."""
    if request.model == "sub" or "llm_query" not in request.messages[0][1]:
        return "4711"
    if any(role == "assistant" for role, _ in request.messages):
        return "```repl\nanswer['content'] = found\nanswer['ready'] = True\n```"
    return "```repl\nfound = llm_query('Which code? ' + context[:200])\nprint(found)\n```"


def test_rlms() -> None:
    with ChatServer(finds_the_code) as server:
        report = reported_by("use_rlms.py", server.base_url)
    theirs, ours = report["rlm"], report["harlm.compat.rlms"]
    assert theirs["response"] == "4711"
    assert "4711" in ours["response"]
    for same in ("parameters", "completion", "fields", "root_model"):
        assert ours[same] == theirs[same], same
    assert ours["keeps_prompt"]
    assert ours["takes_time"]
    assert ours["models"].keys() <= theirs["models"].keys()
    assert all(each == theirs["models"]["root"] for each in ours["models"].values())


def test_dspy() -> None:
    with ChatServer(reply) as server:
        report = reported_by("use_dspy.py", server.base_url)
    assert report["answer"] == "Ann kept it.\nNobody else did."
    assert report["usage"]["prompt_tokens"] == report["tracked"] > 1_000
    (citation,) = report["facts"]["citations"]
    assert (citation["place"], citation["quote"]) == ("context:401", QUOTE)
    assert report["thought"] == ["It says so.", "diary", 401]
    assert report["json"] == ["diary", 401]
    assert report["plain"] == [
        "Ann kept it.\nNobody else did."
    ]  # whose quote is nowhere, so the place is left out
    assert report["history"] == 4
    assert "HarlmLM has no temperature for one call" in report["refused"]
    assert report["async"] == ["diary", 401]
    assert report["streamed"] == report["answer"]
    first = server.requests[0].prompt
    assert '<document name="context">' in first
    assert "<question>\nWho kept it?" in first
    assert "[[ ##" not in first


def test_langchain(docs: None) -> None:
    with ChatServer(reply) as server:
        report = reported_by("use_langchain.py", server.base_url)
    answer = "Ann kept it [message-2-user:401].\nNobody else did."
    assert report["answer"] == "".join(report["chunks"]) == report["streamed"] == answer
    assert len([chunk for chunk in report["chunks"] if chunk]) == 2
    assert report["async"] == [answer, answer]
    assert report["usage"]["input_tokens"] > 1_000
    assert (
        report["usage"]["total_tokens"] == report["usage"]["input_tokens"] + report["usage"]["output_tokens"]
    )
    assert report["streamed_usage"]["output_tokens"] == report["usage"]["output_tokens"]
    assert [each["quote"] for each in report["citations"]] == [QUOTE]
    assert report["streamed_citations"] == report["citations"]
    assert report["facts"]["run"]
    assert report["stopped"] == "Ann kept it [message-2-user:401]."
    assert report["typed"] == report["async_typed"] == "Ann"
    assert report["refused"].startswith("ConfigError: ChatHarlm has no temperature")
    assert report["over_files"] == report["chain"] == "Bob did."
    ((text, where),) = report["found"]
    assert "built by Bob" in text
    assert where["place"] == "docs/harbour.txt:2"
    assert report["found_later"] == 1
    assert "Be brief." in server.requests[0].prompt


def test_llama_index(docs: None) -> None:
    with ChatServer(reply) as server:
        report = reported_by("use_llama_index.py", server.base_url)
    answer = "Ann kept it [message-1-user:401].\nNobody else did."
    assert report["answer"] == answer
    assert report["raw"]["citations"][0]["quote"] == QUOTE
    assert report["counted"] == report["raw"]["usage"]["prompt_tokens"] > 1_000
    assert report["streamed"] == [answer]
    assert report["async"] == [answer, answer, answer]
    assert report["query"] == "Bob did."
    text, where, score, start = report["node"]
    assert "built by Bob" in text
    assert where["place"] == "docs/harbour.txt:2"
    assert score > 0
    assert start == where["start"]
    assert report["async_nodes"] == 1


def test_the_page_does_what_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """The blocks of the page that need packages of others are marked ``py``, each with what it prints after it."""
    Path("docs").mkdir()
    Path("docs/tls.md").write_text("Only billing still uses TLS 1.1.\n", encoding="utf-8")
    page = blocks((ROOT / "docs/how-to/drop-ins.md").read_text(encoding="utf-8"))
    pairs = [(code.body, text.body) for code, text in pairwise(page) if code.kind == "py"]
    assert len(pairs) >= 3
    mark = "-- next --"
    with ScriptedServer(reply_of_pages) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-loopback")
        printed = printed_by(f"\nprint({mark!r})\n".join(code for code, _ in pairs))
    assert [each.strip() for each in printed.split(mark)] == [text.strip() for _, text in pairs]
