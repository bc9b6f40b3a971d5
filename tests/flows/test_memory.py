"""Memory over real HTTP and real REPLs: nothing is paid for twice, prompts stay short, nothing is lost."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from aiohttp import web

from harlm import HARLM, Answer, Budget, events
from harlm.config import Config, MemorySettings, ModelSettings
from harlm.errors import ConfigError
from harlm.testing import EventLog, Request, ScriptedServer
from harlm.types import FREE
from tests.support.cli import harlm
from tests.support.embedding_server import Embeddings, embedding_server

Reply = Callable[[Request], "str | web.Response"]


def kept(home: Path) -> dict[str, str]:
    return {"HARLM_HOME": str(home)}


def asked(
    server: ScriptedServer, tmp: Path, *, cache: bool = True, sinks: tuple[EventLog, ...] = (), **memory: int
) -> Answer:
    client = HARLM(
        model=f"openai/root@{server.base_url}",
        sub_model=f"openai/sub@{server.base_url}",
        mode="full",
        home=tmp / "kept",
        cache=cache,
        window=1_000_000,
        settings=Config(
            models=ModelSettings(hedging=False),  # calls are counted
            memory=MemorySettings(**memory),  # type: ignore[arg-type] # numbers only
        ),
    )
    return client.ask("Which is it?", "a text of some length", sinks=sinks)


def of_roles(root: Reply, sub: Reply = lambda request: f"reply to {request.prompt}") -> Reply:
    def reply(request: Request) -> str | web.Response:
        return sub(request) if request.model == "sub" else root(request)

    return reply


def turns(*cells: str) -> Reply:
    """One cell for each turn, and the last one for all that follow."""

    def root(request: Request) -> str:
        (number,) = re.findall(r"Turn (\d+) of \d+\.", request.prompt.rpartition("\n")[2])
        return f"```repl\n{cells[min(int(number), len(cells)) - 1]}\n```"

    return root


def is_of_a_child(request: Request) -> bool:
    return "CHILD" in request.messages[1][1]


SAMPLES = "out = [llm_query('the same') for _ in range(3)] + [llm_query(f'item {at}') for at in range(4)]\nprint(out)"


def test_an_identical_run_makes_no_call(tmp_path: Path) -> None:
    number = [0]

    def sub(request: Request) -> str:
        number[0] += 1
        return f"reply {number[0]}"

    with ScriptedServer(of_roles(turns(SAMPLES, "FINAL(str(len(set(out))))"), sub)) as server:
        first = asked(server, tmp_path)
        calls = len(server.requests)
        again = asked(server, tmp_path)
        assert len(server.requests) == calls == 9
        assert again.text == first.text == "7", "equal questions of one cell are as many samples"
        assert (again.usage.calls, again.memory.reused, again.memory.misses) == (0, 9, 0)
        assert again.memory.saved_tokens == first.usage.input_tokens + first.usage.output_tokens
        shown = harlm("runs", "show", "last", environment=kept(tmp_path / "kept")).out
        assert "7 sub-calls, 9 reused" in shown
        assert "9 replies reused (" in shown
        other = asked(server, tmp_path, cache=False)
        assert (other.usage.calls, other.memory.reused) == (9, 0)


def test_an_identical_run_that_folds_and_searches_makes_no_call(tmp_path: Path) -> None:
    cells = [
        f"got = llm_query_batched([f'turn {at} item {{i}}' for i in range(8)])\nprint(got)\nprint('row ' * 900)\n"
        f"print(memory.note('note of turn {at}'), memory.search('item 3', k=3))"
        for at in range(9)
    ]
    with ScriptedServer(of_roles(turns(*cells, "FINAL(got[-1])")), latency_s=0.002) as server:
        first = asked(server, tmp_path, history_tokens=2_000)
        calls = len(server.requests)
        again = asked(server, tmp_path, history_tokens=2_000)
    assert calls == 9 * 8 + 10
    assert len(server.requests) == calls
    assert (again.text, again.memory.reused) == (first.text, calls)


def test_the_line_under_an_answer_counts_the_calls_that_were_reused(tmp_path: Path) -> None:
    with ScriptedServer(of_roles(turns(SAMPLES, "FINAL(out[-1])"))) as server:
        models = ("-m", f"openai/root@{server.base_url}", "--sub-model", f"openai/sub@{server.base_url}")
        lines = [
            harlm(
                "ask",
                "Which?",
                "-",
                *models,
                "--mode",
                "full",
                *more,
                stdin=b"text",
                environment=kept(tmp_path),
            ).err
            for more in ((), (), ("--no-cache",))
        ]
    assert ["9 calls" in line for line in lines] == [True, False, True]
    assert "· 0 calls" in lines[1]
    assert ", 9 reused ·" in lines[1]


def test_a_cell_that_is_run_again_makes_no_new_call(tmp_path: Path) -> None:
    cell = "replies = [llm_query(f'item {at}') for at in range(5)]\nprint(replies)"
    with ScriptedServer(of_roles(turns(cell, cell, "FINAL(replies[0])"))) as server:
        answer = asked(server, tmp_path)
    assert answer.usage.calls == 5 + 3
    assert answer.memory.reused == 5


def test_failures_are_not_reused(tmp_path: Path) -> None:
    fails = [True]

    def sub(request: Request) -> str | web.Response:
        return web.json_response({"error": {"message": "no"}}, status=400) if fails[0] else "good"

    cell = "try:\n    out = llm_query('x')\nexcept Exception as error:\n    out = 'failed'\nprint(out)"
    root = [turns(cell, "FINAL(out)")]
    with ScriptedServer(of_roles(lambda request: root[0](request), sub)) as server:
        assert asked(server, tmp_path).text == "failed"
        fails[0] = False
        root[0] = turns(cell, "FINAL(out)")
        again = asked(server, tmp_path)
        assert (again.text, again.memory.reused) == ("good", 1)


def test_the_long_answer_of_a_child_can_be_expanded_by_its_handle(tmp_path: Path) -> None:
    def root(request: Request) -> str:
        if is_of_a_child(request):
            return (
                "```repl\nprint('x')\n```"
                if len(request.messages) < 4
                else "```repl\nFINAL('word ' * 9000 + 'END')\n```"
            )
        if len(request.messages) < 4:
            return (
                "```repl\ngot = rlm_query('CHILD: say it all', 'some text')\nprint(len(got), got[-80:])\n"
                "whole = memory.expand(got.split('memory.expand(\"')[1].split('\"')[0])\nprint(len(whole), whole[-3:])\n```"
            )
        return "```repl\nFINAL(str(len(whole)))\n```"

    log = EventLog()
    with ScriptedServer(of_roles(root)) as server:
        answer = asked(server, tmp_path, sinks=(log,), return_tokens=500)
    assert answer.text == str(9_000 * 5 + 3)
    shown = [each.output for each in log.of(events.CellFinished) if "memory.expand" in each.output]
    assert int(shown[0].split()[0]) < 4_000
    assert "of 9,0" in shown[0] or "tokens" in shown[0]


LOOK = "print('row ' + str({number}) + ': ' + 'words that say little ' * 250 + (' the KEY is 4711' if {number} == 3 else ''))"


def test_twenty_turns_cost_less_than_half_and_lose_nothing(tmp_path: Path) -> None:
    cells = [LOOK.format(number=at) for at in range(19)]
    last = "whole = memory.expand(memory.search('KEY')[0])\nFINAL(whole[whole.index('KEY'):][:11])"
    sizes: dict[int, list[int]] = {}
    answers = []
    for history in (1_000_000, 12_000):
        with ScriptedServer(of_roles(turns(*cells, last))) as server:
            answers.append(asked(server, tmp_path / str(history), history_tokens=history))
            sizes[history] = [len(json.dumps(request.messages)) for request in server.requests]
    assert [each.text for each in answers] == ["KEY is 4711"] * 2 or answers[1].text == "KEY is 4711"
    assert max(sizes[12_000]) < max(sizes[1_000_000]) / 2.5
    folded, unfolded = (sum(each) - len(each) * each[0] for each in (sizes[12_000], sizes[1_000_000]))
    assert folded <= 0.36 * unfolded, "what follows the opening, which has a bound of its own"
    assert sum(sizes[12_000]) <= 0.41 * sum(sizes[1_000_000])
    log = answers[1].memory
    assert log.cold.entries_max >= 15


def test_the_memory_of_a_run_is_the_users_alone_and_can_be_forgotten(tmp_path: Path) -> None:
    with ScriptedServer(of_roles(turns(SAMPLES, "FINAL(out[-1])"))) as server:
        asked(server, tmp_path)
    home = tmp_path / "kept"
    for file in ("memory.db", "journal.db"):
        assert oct((home / file).stat().st_mode)[-3:] == "600"
    shown = harlm("cache", environment=kept(home))
    assert "reply from openai/sub" in shown.out
    assert "call from openai/root" in shown.out
    assert (
        harlm("cache", "clear", "--older-than", "1h", environment=kept(home))
        .err.strip()
        .endswith("0 results and 0 paid calls forgotten")
    )
    assert "results and 9 paid calls forgotten" in harlm("cache", "clear", environment=kept(home)).err
    with sqlite3.connect(home / "memory.db") as connection:
        assert connection.execute("SELECT count(*) FROM entries").fetchone() == (0,)
    connection.close()
    with sqlite3.connect(home / "journal.db") as connection:
        assert connection.execute("SELECT count(*) FROM calls").fetchone() == (0,)
    connection.close()
    rows = json.loads(harlm("cache", "--format", "json", environment=kept(home)).out)
    assert rows["rows"] == rows["journal"]["rows"] == []


def test_a_memory_that_is_damaged_costs_calls_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "memory.db").write_bytes(b"no database at all " * 300)
    with ScriptedServer(of_roles(turns(SAMPLES, "FINAL(out[-1])"))) as server:
        assert asked(server, tmp_path).text == "reply to item 3"
    assert list((tmp_path / "kept").glob("memory.db.broken-*"))


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("memory.expand('m99')", "there is no handle 'm99'"),
        ("memory.expand('../../etc/passwd')", "there is no handle"),
        ("memory.note('')", "the note is empty"),
        ("memory.note('x' * 30_000)", "30,000 characters; at most 20,000"),
        ("memory.search('x', max_tokens=0)", "max_tokens must be from 1 to 1,000,000,000, not 0"),
    ],
)
def test_a_wrong_call_to_the_memory_is_an_exception_in_the_cell(tmp_path: Path, call: str, said: str) -> None:
    cell = f"try:\n    {call}\nexcept Exception as error:\n    told = str(error)\nprint(told)"
    with ScriptedServer(of_roles(turns(cell, "FINAL(told)"))) as server:
        assert said in asked(server, tmp_path).text


def test_notes_and_results_are_found_from_another_depth(tmp_path: Path) -> None:
    def root(request: Request) -> str:
        is_child = is_of_a_child(request)
        first = len(request.messages) < 4
        if is_child:
            return (
                "```repl\nfound = memory.search('walrus')\nprint(found)\n```"
                if first
                else "```repl\nFINAL(found[0].text)\n```"
            )
        if first:
            return "```repl\nmemory.note('the walrus is called Otto')\ngot = rlm_query('CHILD: who?', 'text')\nprint(got)\n```"
        return "```repl\nFINAL(got)\n```"

    with ScriptedServer(of_roles(root)) as server:
        assert "Otto" in asked(server, tmp_path).text


def test_the_search_command_finds_passages(tmp_path: Path) -> None:
    for at in range(30):
        (tmp_path / f"{at}.txt").write_text(
            f"Page {at} tells of harbours.\n\n" + ("The walrus is called Otto." if at == 7 else "")
        )
    found = harlm(
        "search", "what is the walrus called", str(tmp_path), "-k", "2", environment=kept(tmp_path / "home")
    )
    assert found.out.splitlines()[0] == "7.txt:3: The walrus is called Otto."
    assert "30 documents" in found.err
    rows = json.loads(
        harlm("search", "walrus", str(tmp_path), "--format", "json", environment=kept(tmp_path / "home")).out
    )
    assert (rows[0]["source"], rows[0]["line"], rows[0]["quote"]) == (
        "7.txt",
        3,
        "The walrus is called Otto.",
    )
    nothing = harlm("search", "zebra", str(tmp_path), environment=kept(tmp_path / "home"))
    assert (nothing.code, nothing.out) == (0, "")
    assert "nothing was found" in nothing.err
    assert harlm("search", " ", str(tmp_path), environment=kept(tmp_path / "home")).code == 2


@pytest.mark.parametrize(
    ("summary", "is_shown"),
    [("The walrus of room 7 sleeps, says part 2.", True), ("The walrus of room 99 sleeps.", False)],
)
def test_summaries_of_the_sub_model_are_shown_if_they_are_true(
    tmp_path: Path, summary: str, is_shown: bool
) -> None:
    cells = [f"print('part {at}: ' + 'the walrus of room 7 sleeps ' * 400)" for at in range(12)]
    asked_for: list[str] = []

    def sub(request: Request) -> str:
        asked_for.append(request.prompt)
        return summary

    with ScriptedServer(of_roles(turns(*cells, "FINAL('done')"), sub)) as server:
        client = HARLM(
            model=f"openai/root@{server.base_url}",
            sub_model=f"openai/sub@{server.base_url}",
            mode="full",
            home=tmp_path,
            window=1_000_000,
            settings=Config(memory=MemorySettings(summaries="abstractive", history_tokens=8_000)),
        )
        assert client.ask("Which is it?", "a text").text == "done"
        last = [request for request in server.requests if request.model == "root"][-1]
    assert asked_for
    assert "Which is it?" in asked_for[0]
    assert (summary in last.messages[1][1].partition("<memory>")[2]) == is_shown


def test_the_search_command_finds_passages_by_meaning(tmp_path: Path) -> None:
    folder = tmp_path / "texts"
    folder.mkdir()
    for at in range(12):
        (folder / f"{at}.txt").write_text(
            f"Page {at} tells of harbours and of ships that sailed on day {at}."
        )
    none = harlm("search", "ships", str(folder), "--meaning", environment=kept(tmp_path))
    assert none.code == 3
    assert 'embedder = "minilm"' in none.err
    Path("harlm.toml").write_text('[memory]\nembedder = "hashing"\n')
    refused = harlm("search", "ships", str(folder), "--meaning", environment=kept(tmp_path))
    assert "harlm.toml sets memory.embedder; a project file may not" in refused.err
    Path("harlm.toml").unlink()
    config = tmp_path / "config" / "harlm"
    config.mkdir(parents=True)
    (config / "config.toml").write_text('[memory]\nembedder = "hashing"\n')
    place = {"XDG_CONFIG_HOME": str(tmp_path / "config"), **kept(tmp_path)}
    found = harlm("search", "ships of day 7", str(folder), "--meaning", "-k", "1", environment=place)
    assert found.out.startswith("7.txt:1: Page 7 tells")


def test_vectors_of_entries_are_made_in_the_background_and_paid_for(tmp_path: Path) -> None:
    pytest.importorskip("numpy")
    cells = (
        "import time\nout = [llm_query(f'item {at}') for at in range(9)]\ntime.sleep(0.5)\nprint(memory.search('item 3'))",
        "FINAL('done')",
    )
    does = Embeddings()
    with (
        ScriptedServer(of_roles(turns(*cells))) as server,
        embedding_server(does) as address,
    ):

        def ask(budget: Budget) -> Answer:
            return HARLM(
                model=f"openai/root@{server.base_url}", sub_model=f"openai/sub@{server.base_url}", mode="full",
                home=tmp_path / "kept", budget=budget, prices={"openai/root": FREE, "openai/sub": FREE},
                settings=Config(memory=MemorySettings(embedder=f"openai/embed@{address}")),
            ).ask("Which is it?", "a text")  # fmt: skip

        answer = ask(Budget(calls=40))
        embedded = len(does.requests)
        again = ask(Budget(calls=40))
        assert len(does.requests) == embedded, "vectors are kept by the hash of their text"
        with pytest.raises(ConfigError, match="the price of openai/embed is unknown"):
            ask(Budget(usd=0.5))
    assert answer.text == again.text == "done"
    name = next(name for name in answer.usage.by_model if "embed" in name)
    assert answer.usage.by_model[name].calls == embedded
    assert 1 <= embedded < 9, "texts that end about the same time share a request"
    assert answer.usage.by_model[name].input_tokens == embedded, "one for each request, as the server says"
    assert name not in again.usage.by_model


def test_vectors_still_being_made_at_the_end_count_in_the_answer(tmp_path: Path) -> None:
    pytest.importorskip("numpy")
    does = Embeddings()
    does.slow_s = 5.0
    cell = "import time\nout = llm_query('an item')\ntime.sleep(0.5)\nFINAL(out)"
    with ScriptedServer(of_roles(turns(cell))) as server, embedding_server(does) as address:
        answer = HARLM(
            model=f"openai/root@{server.base_url}", sub_model=f"openai/sub@{server.base_url}", mode="full",
            home=tmp_path / "kept", settings=Config(memory=MemorySettings(embedder=f"openai/embed@{address}")),
        ).ask("Which is it?", "a text")  # fmt: skip
    assert len(does.requests) == 1
    name = next(name for name in answer.usage.by_model if "embed" in name)
    assert answer.usage.by_model[name].calls == 1
    assert answer.usage.by_model[name].estimated
    assert answer.latency.wall_s < 4
