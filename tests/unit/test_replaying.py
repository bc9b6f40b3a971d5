"""A stored run is run again without a model, and the first difference is named."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm import HARLM, TraceError, events
from harlm.errors import ContextError
from harlm.events import Event
from harlm.journal import JOURNAL
from harlm.replaying import Difference, first_difference, shortened, stored_run
from harlm.testing import Request, ScriptedServer
from harlm.tracing.jsonl import RunFolder
from harlm.tracing.moving import export_run
from harlm.types import Answer, Usage


def reply(request: Request) -> str:
    if request.model == "sub":
        return f"<{request.prompt}>"
    if any(role == "assistant" for role, _ in request.messages):
        return "```repl\nFINAL(x[0])\n```"
    return "```repl\nx = [llm_query(f'item {at}') for at in range(3)]\nprint(x)\n```"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one run, whose server is gone."""
    home = tmp_path_factory.mktemp("home")
    with ScriptedServer(reply) as server:
        client = HARLM(
            model=f"openai/root@{server.base_url}",
            sub_model=f"openai/sub@{server.base_url}",
            home=str(home),
            mode="full",
            speculation="off",
        )
        client.ask("What?", "a text")
    return home


@pytest.fixture
def run(home: Path) -> Iterator[RunFolder]:
    """The run, whose files are as before afterwards."""
    with stored_run(home / "runs", "last") as stored:
        before = {each: each.read_bytes() for each in stored.folder.iterdir() if each.is_file()}
        yield stored
        for file, content in before.items():
            file.write_bytes(content)


def contents(home: Path) -> dict[Path, bytes]:
    """All files but those that SQLite makes for readers."""
    return {
        each: each.read_bytes()
        for each in home.rglob("*")
        if each.is_file() and not each.name.endswith(("-wal", "-shm"))
    }


def test_a_run_is_the_same_without_its_server_and_stays_as_it_is(home: Path, run: RunFolder) -> None:
    before = contents(home)
    replay = HARLM(home=str(home)).replay("last")
    assert replay.difference is None
    assert (replay.run, replay.cells, replay.calls) == (run.folder.name, 2, 5)
    assert replay.answer is not None
    assert replay.answer.text == "<item 0>"
    assert contents(home) == before


def test_an_exported_run_is_replayed_without_a_home(run: RunFolder, tmp_path: Path) -> None:
    export_run(run, tmp_path / "x.harlm")
    for named in (tmp_path / "x.harlm", str(tmp_path / "x.harlm")):
        assert HARLM(home=str(tmp_path / "other")).replay(named).difference is None
    assert not (tmp_path / "other" / "runs").exists()


def test_what_was_changed_is_the_first_difference(home: Path, run: RunFolder) -> None:
    file = run.folder / "events.jsonl"
    file.write_text(file.read_text(encoding="utf-8").replace("FINAL(x[0])", "FINAL(x[1])"), encoding="utf-8")
    difference = HARLM(home=str(home)).replay("last").difference
    assert difference is not None
    assert difference.what == "the code of a cell in turn 2"
    assert (difference.before.strip(), difference.now.strip()) == ("FINAL(x[1])", "FINAL(x[0])")


def test_a_run_without_a_journal_or_with_a_damaged_one_says_so(home: Path, run: RunFolder) -> None:
    client = HARLM(home=str(home))
    (run.folder / JOURNAL).write_bytes(b"no database " * 900)
    with pytest.raises(TraceError, match=r"the journal of run .* cannot be read"):
        client.replay("last")
    assert (run.folder / JOURNAL).read_bytes()[:11] == b"no database"
    (run.folder / JOURNAL).unlink()
    with pytest.raises(TraceError, match="has no journal, so it cannot be replayed"):
        client.replay("last")


def test_other_documents_are_refused(home: Path, run: RunFolder) -> None:
    with pytest.raises(ContextError, match="changed since"):
        HARLM(home=str(home)).replay("last", "another text")


# -- differences -------------------------------------------------------------------------------------------


def story(*told: Event) -> list[Event]:
    return [
        events.NodeStarted(node="0", depth=0, question="q", mode="full", documents=1, characters=1),
        *told,
    ]


def cell(code: str, turn: int = 1, node: str = "0") -> Event:
    return events.CellStarted(node=node, turn=turn, code=code)


def printed(output: str, wall_s: float = 0.1) -> Event:
    return events.CellFinished(
        node="0",
        turn=1,
        output=output,
        output_chars=1,
        error=None,
        finished=False,
        wall_s=wall_s,
        waiting_s=0,
    )


def called(value: str, seconds: float = 0.1) -> Event:
    return events.ToolCalled(node="0", tool="sql", arguments="{}", value=value, seconds=seconds)


def answered(text: str = "x", **usage: int) -> Event:
    return events.Answered(node="0", answer=Answer(text=text, usage=Usage(**usage)))  # type: ignore[arg-type] # numbers only


@pytest.mark.parametrize(
    ("before", "now", "what"),
    [
        ([cell("a")], [cell("b")], "the code of a cell in turn 1"),
        ([cell("a")], [], "the code of a cell in turn 1"),
        ([], [cell("a", turn=3)], "the code of a cell in turn 3"),
        ([printed("a")], [printed("b")], "what a cell in turn 1 printed"),
        ([cell("a", node="0.1")], [cell("b", node="0.1")], "the code of a cell in turn 1 of another node"),
        ([called("a")], [called("b")], "a call of sql"),
        ([answered("a")], [answered("b")], "the answer"),
        ([answered(calls=1)], [answered(calls=2)], "the requests"),
        ([answered(cost_micros=1)], [answered(cost_micros=2)], "the cost in micro-dollars"),
        ([cell("a"), called("a"), answered("a")], [cell("a"), called("b"), answered("b")], "a call of sql"),
    ],
)
def test_the_first_difference_is_found(before: list[Event], now: list[Event], what: str) -> None:
    found = first_difference(story(*before), story(*now))
    assert found is not None
    assert found.what == what
    assert found.before != found.now


def test_times_and_the_order_of_what_runs_side_by_side_do_not_count() -> None:
    one = story(printed("a", 0.1), called("a"), called("b"), cell("c", node="0.1"), cell("d", node="0.2"))
    two = story(printed("a", 9.9), called("b", 3), called("a"), cell("d", node="0.1"), cell("c", node="0.2"))
    assert first_difference(one, two) is None


@given(
    st.lists(st.sampled_from([cell("a"), cell("b"), printed("c"), called("d"), answered("e")]), max_size=6)
)
def test_nothing_differs_from_itself(told: list[Event]) -> None:
    assert first_difference(story(*told), story(*told)) is None


@given(st.text(max_size=2_000), st.text(max_size=2_000))
def test_a_shortened_text_shows_where_it_differs(one: str, two: str) -> None:
    if one != two:
        assert shortened(one, two) != shortened(two, one)
    assert len(shortened(one, two)) <= 402


def test_a_difference_is_json() -> None:
    difference = Difference(what="the answer", before="a", now="b")
    assert json.loads(msgspec.json.encode(difference)) == {"what": "the answer", "before": "a", "now": "b"}
