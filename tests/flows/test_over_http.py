"""Whole runs of a scripted model over real HTTP: every mode, every depth, and usage compared with the
server's.
"""

from __future__ import annotations

import json
from collections import Counter

import pytest

from harlm import HARLM, Answer, events
from harlm.testing import EventLog, Request, ScriptedServer
from tests.support.cli import harlm

DOCUMENTS = {f"part{n}.txt": f"Section {n}. The clerk of district {n} is named Clerk{n}." for n in range(6)}


def client(server: ScriptedServer, **settings: object) -> HARLM:
    return HARLM(
        model=f"openai/root@{server.base_url}",
        sub_model=f"openai/sub@{server.base_url}",
        **settings,  # type: ignore[arg-type] # settings of the test
    )


def billed(server: ScriptedServer) -> Counter[str]:
    """Calls by model, as the server counted them."""
    return Counter(f"openai/{request.model}" for request in server.requests)


def booked(answer: Answer) -> Counter[str]:
    return Counter({name: usage.calls for name, usage in answer.usage.by_model.items()})


def test_direct_mode_makes_one_call() -> None:
    with ScriptedServer(
        lambda request: 'Clerk3 [part3.txt "The clerk of district 3 is named Clerk3."]'
    ) as server:
        answer = client(server).ask("Who is the clerk of district 3?", DOCUMENTS)
    assert (answer.mode, answer.text) == ("direct", "Clerk3 [part3.txt:1]")
    assert booked(answer) == billed(server) == {"openai/root": 1}
    assert answer.usage.cost_usd is None


def test_repl_mode_runs_cells() -> None:
    def reply(request: Request) -> str:
        if len(request.messages) == 2:
            return '```repl\nhits = context.search("clerk of district 4", k=2)\nprint(hits)\n```'
        assert "part4.txt:1: The clerk of district 4 is named Clerk4." in request.prompt
        return '```repl\nFINAL("Clerk4 [part4.txt:1 \\"named Clerk4\\"]")\n```'

    with ScriptedServer(reply) as server:
        answer = client(server, mode="repl").ask("Who is the clerk of district 4?", DOCUMENTS)
    assert answer.text == "Clerk4 [part4.txt:1]"
    assert answer.sandbox in ("s3", "s2", "s1"), "the sandbox of a run isolates"
    assert answer.citations[0].quote == "named Clerk4"
    assert booked(answer) == billed(server) == {"openai/root": 2}


def test_full_with_batched_sub_calls() -> None:
    def reply(request: Request) -> str:
        if request.model == "sub":
            return request.prompt.rpartition("named ")[2].rstrip(".")
        if len(request.messages) == 2:
            return (
                "```repl\nnames = llm_query_batched(['Who? ' + text for text in context])\nprint(names)\n```"
            )
        return "```repl\nFINAL(', '.join(sorted(names)))\n```"

    with ScriptedServer(reply, latency_s=0.05) as server:
        answer = client(server, mode="full").ask("Name all clerks.", DOCUMENTS)
    assert answer.text == "Clerk0, Clerk1, Clerk2, Clerk3, Clerk4, Clerk5"
    assert booked(answer) == billed(server) == {"openai/root": 2, "openai/sub": 6}
    assert server.most_in_flight == 6
    assert answer.latency.parallelism > 2
    assert answer.latency.critical_path_s <= answer.latency.wall_s


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_recursion_to_a_depth(depth: int) -> None:
    """Each node gives half of its documents to each of two children; the leaves are plain calls."""

    def reply(request: Request) -> str:
        if len(request.messages) == 1:
            return f"leaf({request.prompt.count('<document')})"
        if len(request.messages) == 2:
            return (
                "```repl\nhalf = len(context) // 2 or 1\n"
                "parts = rlm_query_batched(['count', 'count'], [context[:half], context[half:] or context[:1]])\n"
                "print(parts)\n```"
            )
        return "```repl\nFINAL('node[' + ' '.join(parts) + ']')\n```"

    with ScriptedServer(reply) as server:
        log = EventLog()
        answer = client(server, mode="full", max_depth=depth).ask("Count.", DOCUMENTS, sinks=[log])
    nodes = log.of(events.NodeStarted)
    assert Counter(node.depth for node in nodes) == {level: 2**level for level in range(depth + 1)}
    assert answer.text.count("leaf(") == 2 ** (depth + 1)
    assert booked(answer) == billed(server)
    assert answer.usage.input_tokens == sum(
        sum(len(text) for _, text in r.messages) // 4 + 1 for r in server.requests
    )
    assert answer.usage.cached_tokens > 0


def test_children_cite_documents_of_the_root() -> None:
    def reply(request: Request) -> str:
        if "<question>\nfind it\n" in request.messages[1][1]:
            if len(request.messages) == 2:
                return "```repl\nprint(context)\n```"
            return '```repl\nFINAL("Clerk5 [part5.txt:1 \\"is named Clerk5\\"]")\n```'
        if len(request.messages) == 2:
            return "```repl\nfound = rlm_query('find it', [context[5]])\nprint(found)\n```"
        return "```repl\nFINAL(found)\n```"

    with ScriptedServer(reply) as server:
        answer = client(server, mode="full").ask("Who?", DOCUMENTS)
    assert answer.text == "Clerk5 [part5.txt:1]"
    assert answer.citations[0].source == "part5.txt"


def test_concurrency_is_one_limit_for_the_whole_tree() -> None:
    def reply(request: Request) -> str:
        if len(request.messages) == 1:
            return "x"
        if "<question>\nchild" in request.messages[1][1]:
            return (
                "```repl\nr = llm_query_batched(['a'] * 8)\nprint(r)\n```"
                if len(request.messages) == 2
                else "FINAL(done)"
            )
        if len(request.messages) == 2:
            return "```repl\nr = rlm_query_batched(['child'] * 4, context[:4])\nprint(r)\n```"
        return "FINAL(done)"

    with ScriptedServer(reply, latency_s=0.02) as server:
        answer = client(server, mode="full", concurrency=5, cache=False).ask("?", DOCUMENTS)
    assert server.most_in_flight <= 5
    assert answer.usage.calls == len(server.requests) == 2 + 4 * 2 + 4 * 8


def test_every_prompt_of_a_node_begins_with_the_one_before() -> None:
    """Providers cache prefixes, so messages that were sent once never change."""
    replies = ["```repl\nprint(1)\n```", "```repl\nprint(2)\n```", "FINAL(3)"]
    with ScriptedServer(lambda request: replies[request.number]) as server:
        client(server, mode="repl").ask("?", "a text")
    bodies = [json.dumps(request.body["messages"])[:-1] for request in server.requests]
    assert bodies[1].startswith(bodies[0])
    assert bodies[2].startswith(bodies[1])


def test_no_provider_key_is_sent_to_a_users_own_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-real-key")
    with ScriptedServer(lambda request: "fine") as server:
        client(server, mode="direct").ask("?", "x")
    assert "authorization" not in server.requests[0].headers


def test_a_key_reaches_the_provider_and_nothing_else() -> None:
    secret = "sk-top-secret-value"

    def reply(request: Request) -> str:
        if len(request.messages) == 2:
            return (
                "```repl\nimport os\nprint(dict(os.environ))\nprint(open('/proc/self/environ').read())\n```"
            )
        return "FINAL(seen)"

    with ScriptedServer(reply) as server:
        ran = harlm(
            "ask", "?", "-", "-m", f"openai/x@{server.base_url}", "--mode", "repl", "--json",
            stdin=b"text", environment={"HARLM_API_KEY": secret, "OPENAI_API_KEY": secret},
        )  # fmt: skip
    assert ran.code == 0, ran.err
    assert server.requests[0].headers["authorization"] == f"Bearer {secret}"
    assert secret not in ran.out + ran.err
    assert all(secret not in json.dumps(dict(request.body)) for request in server.requests)


def test_the_command_line_over_http() -> None:
    with ScriptedServer(lambda request: 'Seven [<stdin> "seven locks"]') as server:
        ran = harlm(
            "ask",
            "How many locks?",
            "-",
            "-m",
            f"{server.base_url}#my-model",
            stdin=b"There are seven locks.",
        )
    assert ran.out == "Seven [<stdin>:1]\n"
    assert server.requests[0].model == "my-model"
    assert "cost unknown" in ran.err
