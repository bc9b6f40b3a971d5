"""What a run writes into its folder, and what of it is found in its trace."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec
import pytest

from harlm import Price, events, storing
from harlm.config import Config, TracingSettings
from harlm.errors import StorageFull, TraceError
from harlm.events import Event
from harlm.journal import JOURNAL, RunJournal
from harlm.redact import Redactor
from harlm.storing import found_in_trace, journal_of, stored_run
from harlm.testing import ChatServer, EventLog
from harlm.tracing.cutting import LONG
from harlm.tracing.jsonl import JsonlSink, NoTrace
from harlm.types import Amounts, Usage
from tests.support.served import asking_of, says
from tests.support.story import STORY

RUN = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
NO_SECRETS = Redactor(())


def started(call: int, model: str = "a/b") -> Event:
    return events.CallStarted(node="0", call=call, role="sub", model=model, messages=())


def finished(
    call: int, text: str, *, key: str = "k", ordinal: int = 0, stop: str = "end", thoughts: str = ""
) -> Event:
    return events.CallFinished(
        node="0", call=call, text=text, usage=Usage(calls=1, input_tokens=call), stop=stop, latency_s=0.1,
        key=key, ordinal=ordinal, thoughts=thoughts,
    )  # fmt: skip


def reused(text: str, *, key: str = "k", ordinal: int = 0) -> Event:
    return events.Reused(
        node="0",
        role="sub",
        model="a/b",
        messages=(),
        text=text,
        saved=Usage(calls=1),
        key=key,
        ordinal=ordinal,
    )


def called(key: str, tool: str = "send") -> Event:
    return events.ToolCalled(node="0", tool=tool, arguments="{}", value="1", seconds=0.1, key=key)


RESUMED = events.Resumed(node="0", calls=1, cost_micros=1)


def told(folder: Path, *story: Event) -> Path:
    """The folder of a run with these events."""
    sink = JsonlSink(folder / RUN, NO_SECRETS)
    for event in (STORY[0], *story):
        sink.emit(msgspec.structs.replace(event, run=RUN))
    sink.close()
    return folder / RUN


def replies(folder: Path) -> list[tuple[str, int, str, bool]]:
    return [
        (each.key, each.ordinal, each.completion.text, each.is_paid)
        for each in found_in_trace(folder).replies
    ]


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        ([started(1), finished(1, "x")], [("k", 0, "x", True)]),
        ([started(1), started(2), finished(2, "y", ordinal=1), finished(1, "x")], [("k", 1, "y", True), ("k", 0, "x", True)]),
        ([reused("x")], [("k", 0, "x", False)]),
        ([started(1), finished(1, "x"), RESUMED, reused("x")], [("k", 0, "x", True)]),
        ([started(1), finished(1, "x"), RESUMED, started(1), finished(1, "y", key="l")], [("k", 0, "x", True), ("l", 0, "y", True)]),
        ([started(1), finished(1, "cut", stop="length"), started(2), finished(2, "longer")], [("k", 0, "longer", True)]),
        ([started(1), finished(1, "x", key="")], []),  # of an earlier version
        ([finished(1, "x")], []),
        ([started(1), finished(1, "x" * (LONG + 9))], []),
        ([started(1), finished(1, "x", thoughts="x" * (LONG + 9))], []),
        ([started(1)], []),
    ],
)  # fmt: skip
def test_whole_replies_are_found_with_their_places(
    tmp_path: Path, story: Sequence[Event], expected: list[tuple[str, int, str, bool]]
) -> None:
    assert replies(told(tmp_path, *story)) == expected


def test_a_reply_is_found_with_its_model_its_thoughts_and_its_bill(tmp_path: Path) -> None:
    found = found_in_trace(told(tmp_path, started(7, "a/c"), finished(7, "x" * 9_000, thoughts="so")))
    (reply,) = found.replies
    assert (reply.node, reply.role) == ("0", "sub")
    assert (reply.completion.text, reply.completion.model, reply.completion.thoughts) == (
        "x" * 9_000,
        "a/c",
        "so",
    )
    assert found.bills == [("a/c", Usage(calls=1, input_tokens=7))]


def test_each_paid_reply_has_its_bill_also_one_that_was_replaced(tmp_path: Path) -> None:
    folder = told(
        tmp_path,
        started(1),
        finished(1, "cut", stop="length"),
        started(2),
        finished(2, "x"),
        reused("y", ordinal=1),
    )
    assert [usage.input_tokens for _, usage in found_in_trace(folder).bills] == [1, 2]


def test_calls_of_tools_are_found_as_often_as_any_attempt_made_them(tmp_path: Path) -> None:
    folder = told(
        tmp_path,
        called("a"),
        called("b"),
        called("a"),
        called(""),
        RESUMED,
        called("a"),
        called("a"),
        called("a"),
    )
    assert [each.key for each in found_in_trace(folder).calls] == ["a", "a", "a", "b"]


def test_lines_that_cannot_be_read_cost_only_themselves(tmp_path: Path) -> None:
    folder = told(tmp_path, started(1), finished(1, "x"))
    with (folder / "events.jsonl").open("ab") as file:
        file.write(b'{"kind":"later"}\nno json\n{"kind":"reused","role":{"blob":"0","bytes":1}}\n{"half')
    assert replies(folder) == [("k", 0, "x", True)]


def test_a_run_without_a_trace_has_nothing(tmp_path: Path) -> None:
    assert list(found_in_trace(tmp_path / "nothing").replies) == []


# -- the folder ----------------------------------------------------------------------------------------------


async def test_trace_and_journal_are_in_the_folder_of_the_run_until_it_ends(tmp_path: Path) -> None:
    config = Config(tracing=TracingSettings(home=str(tmp_path)))
    async with AsyncExitStack() as cleanup:
        sink = stored_run(config, RUN, NO_SECRETS, [], cleanup, is_new=True)
        assert isinstance(sink, JsonlSink)
        journal = journal_of(config, RUN, NO_SECRETS, [], cleanup, sink, is_new=True)
        was_kept = journal.is_kept
        with pytest.raises(TraceError, match="open in another process"):
            stored_run(config, RUN, NO_SECRETS, [], cleanup, is_new=False)
    assert (was_kept, journal.is_kept) == (True, False)
    assert {"events.jsonl", JOURNAL} <= {each.name for each in (tmp_path / "runs" / RUN).iterdir()}


async def test_a_run_that_cannot_be_stored_has_a_trace_that_says_why_and_a_journal_that_keeps_nothing(
    tmp_path: Path,
) -> None:
    (tmp_path / "runs").touch()
    config = Config(tracing=TracingSettings(home=str(tmp_path)))
    async with AsyncExitStack() as cleanup:
        sink = stored_run(config, RUN, NO_SECRETS, [EventLog()], cleanup, is_new=True)
        assert isinstance(sink, NoTrace)
        journal = journal_of(config, RUN, NO_SECRETS, [], cleanup, sink, is_new=True)
        assert not journal.is_kept


async def test_a_journal_that_is_gone_is_made_again_for_a_run_that_is_taken_up(tmp_path: Path) -> None:
    told(tmp_path / "runs", started(1), finished(1, "x"))
    config = Config(tracing=TracingSettings(home=str(tmp_path)))
    for is_new, expected in ((True, None), (False, "x")):
        async with AsyncExitStack() as cleanup:
            sink = stored_run(config, RUN, NO_SECRETS, [], cleanup, is_new=is_new)
            journal = journal_of(config, RUN, NO_SECRETS, [], cleanup, sink, is_new=is_new)
            kept = journal.known("k")
            assert (kept is not None and kept.completion is not None and kept.completion.text) == (
                expected or False
            )


async def test_a_run_without_a_journal_says_so_and_one_on_a_full_disk_asks_for_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def not_opened(*_: object) -> RunJournal:
        raise TraceError("the journal cannot be opened")

    monkeypatch.setattr(storing, "opened_journal", not_opened)
    config = Config(tracing=TracingSettings(home=str(tmp_path)))
    log = EventLog()
    async with AsyncExitStack() as cleanup:
        sink = stored_run(config, RUN, NO_SECRETS, [log], cleanup, is_new=True)
        assert not journal_of(config, RUN, NO_SECRETS, [log], cleanup, sink, is_new=True).is_kept
        assert "cannot be taken up again" in log.of(events.Noted)[0].message
        monkeypatch.setattr(
            storing, "_shortage", lambda folder: OSError(errno.ENOSPC, "No space left on device")
        )
        full = journal_of(config, RUN, NO_SECRETS, [log], cleanup, sink, is_new=True)
        with pytest.raises(StorageFull, match="No space left on device"):
            full.sent(Amounts(calls=1))


def test_a_stored_run_tells_what_it_has_cost() -> None:
    with ChatServer(says) as model:
        client = asking_of(model, prices={"openai/m": Price(input=1_000.0, output=1_000.0)})
        answer = client.ask("Which?", "Only billing.")
    assert answer.usage.cost_micros is not None
    assert storing.paid_by(answer.run_id, client.settings).cost_micros == answer.usage.cost_micros > 0
    assert storing.paid_by("01NOTHERE", client.settings).calls == 0
