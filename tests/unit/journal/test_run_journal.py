"""The journal of a run returns, opened again, what earlier attempts were given: in the order in which it was asked for."""

from __future__ import annotations

import sqlite3
import stat
from collections import defaultdict
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.errors import BadCompletion, ModelError, RateLimited, StorageFull
from harlm.journal import JOURNAL, KeptValue, RunJournal
from harlm.redact import Redactor
from harlm.types import Amounts, Completion, Usage

USAGE = Usage(calls=1, input_tokens=7, output_tokens=3, cost_micros=15)
BOUND = Amounts(100, 50, 1)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / JOURNAL


def reply(text: str) -> Completion:
    return Completion(text=text, model="a/b", usage=USAGE)


def put(journal: RunJournal, key: str, text: str, *, role: str = "sub", node: str = "0") -> None:
    journal.replied(key, journal.ask(key), reply(text), node=node, role=role, is_paid=True)


def known(journal: RunJournal, key: str) -> str | None:
    kept = journal.known(key)
    return None if kept is None or kept.completion is None else kept.completion.text


# -- replies -----------------------------------------------------------------------------------------------


@given(st.lists(st.sampled_from("abc"), max_size=12), st.data())
def test_replies_are_returned_in_the_order_asked_whatever_came_first(
    keys: list[str], data: st.DataObject
) -> None:
    with TemporaryDirectory() as folder:
        expected = defaultdict[str, list[str]](list)
        with closing(RunJournal(Path(folder, JOURNAL))) as journal:
            asked = [(key, journal.ask(key), f"reply {at}") for at, key in enumerate(keys)]
            came = [each for each in data.draw(st.permutations(asked)) if data.draw(st.booleans())]
            for key, ordinal, text in came:
                journal.replied(key, ordinal, reply(text), node="0", role="sub", is_paid=True)
        for key, _, text in sorted(came, key=asked.index):
            expected[key].append(text)
        for _ in range(2):  # what one attempt takes is there for the next
            with closing(RunJournal(Path(folder, JOURNAL))) as again:
                for key in data.draw(st.permutations("abc")):
                    assert [known(again, key) for _ in expected[key]] == expected[key]
                    assert known(again, key) is None


def test_each_attempt_adds_behind_what_it_was_given(file: Path) -> None:
    for attempt in range(4):
        with closing(RunJournal(file)) as journal:
            for at in range(attempt):
                assert journal.ask("k") == at
                assert known(journal, "k") == f"reply {at}"
            put(journal, "k", f"reply {attempt}")


def test_a_reply_survives_with_all_its_fields_but_the_rates(file: Path) -> None:
    long = Completion(text="é" * 5_000, model="a/b", usage=USAGE, stop="length", thoughts="so", served_by="c")
    with closing(RunJournal(file)) as journal:
        journal.replied("k", 0, long, node="0", role="sub", is_paid=False)
    with closing(RunJournal(file)) as again:
        kept = again.known("k")
        assert kept is not None
        assert (kept.completion, kept.is_paid) == (long, False)
    assert file.stat().st_size < 40_000


def test_what_is_written_is_in_the_file_at_once_for_its_owner_only(file: Path) -> None:
    with closing(RunJournal(file)) as journal:
        put(journal, "k", "text")
        with closing(RunJournal(file)) as other:  # as after a kill: the first was never closed
            assert known(other, "k") == "text"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize(("turns_after", "is_raised"), [(0, False), (1, True)])
def test_a_failure_is_repeated_if_the_run_went_on_after_it_and_tried_again_otherwise(
    file: Path, turns_after: int, is_raised: bool
) -> None:
    with closing(RunJournal(file)) as journal:
        error = RateLimited("slow down", model="a/b", status=429)
        journal.refused("k", journal.ask("k"), error, node="0", role="sub")
        put(journal, "other", "turn", role="root", node="0.1")
        for _ in range(turns_after):
            put(journal, "root", "turn", role="root")
    with closing(RunJournal(file)) as again:
        kept = again.known("k")
        assert (kept is not None) is is_raised
        if kept is not None:
            assert kept.error is not None
            raised = kept.error.raised()
            assert (type(raised), str(raised), raised.model, raised.status) == (
                RateLimited, "slow down", "a/b", 429
            )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "raised"),
    [("Gone", ModelError), ("BadCompletion", BadCompletion), ("LimitExceeded", ModelError)],
)
def test_a_failure_of_a_kind_that_is_no_failure_of_a_model_is_one(
    file: Path, kind: str, raised: type[ModelError]
) -> None:
    with closing(RunJournal(file)) as journal:
        journal.refused("k", 0, ModelError("no", model="a/b"), node="0", role="root")
        put(journal, "root", "turn", role="root")
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE replies SET error = replace(error, 'ModelError', ?)", (kind,))
    with closing(RunJournal(file)) as again:
        kept = again.known("k")
        assert kept is not None
        assert kept.error is not None
        assert type(kept.error.raised()) is raised


def test_a_request_that_is_made_again_has_its_key_again(file: Path) -> None:
    with closing(RunJournal(file, "R")) as journal, closing(RunJournal(file, "R")) as again:
        first = journal.request_key("k", 0, 100)
        assert first == again.request_key("k", 0, 100)
        others = [
            journal.request_key("k", 1, 100),
            journal.request_key("k", 0, None),
            journal.request_key("l", 0, 100),
        ]
        assert len({first, *others}) == 4
    assert RunJournal().request_key("k", 0, 100) is None


def test_secrets_are_not_kept(file: Path) -> None:
    secret = "sk-a-key-that-must-stay-secret"
    with closing(RunJournal(file, "R", Redactor([secret]).clean)) as journal:
        put(journal, "k", f"it is {secret}")
        journal.refused("k", 1, ModelError(f"bad key {secret}", model="a/b"), node="0", role="sub")
        journal.called(
            journal.calling("t", "tool", f'"{secret}"', is_pure=False), {"a": secret}, f"no {secret}"
        )
    assert secret.encode() not in b"".join(each.read_bytes() for each in file.parent.iterdir())
    with closing(RunJournal(file)) as again:
        assert known(again, "k") == "it is [redacted]"


# -- money -------------------------------------------------------------------------------------------------


def test_what_earlier_attempts_paid_is_known_and_what_was_under_way_counts_in_full(file: Path) -> None:
    with closing(RunJournal(file)) as journal:
        numbers = [journal.sent(BOUND) for _ in range(3)]
        assert len(set(numbers)) == 3
        journal.settled(numbers[0], Amounts(10, 15, 1), "a/b", USAGE)
        journal.settled(numbers[1], Amounts(), "", None)
    with closing(RunJournal(file)) as again:
        (served, done), (_, open_) = again.earlier.spent
        assert (served, done) == ("a/b", USAGE)
        assert (open_.calls, open_.input_tokens, open_.cost_micros, open_.unconfirmed_micros) == (
            1,
            100,
            50,
            50,
        )
        assert again.sent(BOUND) not in numbers


# -- tools -------------------------------------------------------------------------------------------------


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(["value", "error", "refused"])), max_size=10),
    st.integers(0, 10),
)
def test_values_of_tools_are_returned_in_order_over_any_number_of_attempts(
    calls: list[tuple[str, str]], stopped_at: int
) -> None:
    with TemporaryDirectory() as folder:
        for until in (stopped_at, len(calls), len(calls)):
            with closing(RunJournal(Path(folder, JOURNAL))) as journal:
                for at, (key, ends) in enumerate(calls[:until]):
                    value, error = (at, "") if ends == "value" else (None, f"{ends} {at}")
                    kept = journal.known_value(key)
                    if kept is not None:
                        assert (kept.has_ended, kept.value, kept.error) == (True, value, error)
                    elif ends == "refused":
                        journal.refuse(key, "tool", "{}", error)
                    else:
                        journal.called(journal.calling(key, "tool", "{}", is_pure=False), value, error)
        with closing(RunJournal(Path(folder, JOURNAL))) as journal:
            assert sum(map(len, journal.earlier.values.values())) == len(calls)
            assert journal.earlier.doubtful == []


def test_a_call_that_may_have_taken_place_is_in_doubt_until_it_is_settled(file: Path) -> None:
    with closing(RunJournal(file)) as journal:
        number = journal.calling("k", "send", '{"to": "me"}', is_pure=False)
        journal.calling("p", "look", "{}", is_pure=True)
    with closing(RunJournal(file)) as again:
        assert [(each.tool, each.arguments) for each in again.earlier.doubtful] == [("send", '{"to": "me"}')]
        assert again.known_value("p") is None, "a pure tool is called again"
        assert again.known_value("k") == KeptValue(has_ended=False, number=number)
        again.called(number, "sent", "")
    with closing(RunJournal(file)) as settled:
        assert settled.earlier.doubtful == []
        assert settled.known_value("k") == KeptValue(has_ended=True, value="sent", number=number)


def test_a_choice_is_kept_and_may_be_made_again(file: Path) -> None:
    with closing(RunJournal(file)) as journal:
        assert journal.choice("0", "route") is None
        journal.choose("0", "route", "full")
        journal.choose("0", "route", "repl")
    with closing(RunJournal(file)) as again:
        assert again.choice("0", "route") == "repl"
        assert again.choice("0.1", "route") is None


# -- the file ----------------------------------------------------------------------------------------------


def test_a_journal_without_a_file_keeps_nothing_and_says_so() -> None:
    journal = RunJournal()
    assert not journal.is_kept
    put(journal, "k", "text")
    assert journal.sent(BOUND) == 1
    journal.settled(1, BOUND, "a/b", USAGE)
    journal.called(journal.calling("k", "tool", "{}", is_pure=False), 1, "")
    assert journal.known("k") is None
    journal.close()
    journal.close()


async def test_what_was_written_is_durable_when_it_says_so(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    monkeypatch.setattr("os.fsync", synced.append)
    with closing(RunJournal(file)) as journal:
        put(journal, "k", "text")
        assert synced == []
        await journal.durable()
        assert len(synced) == 1
    await RunJournal().durable()


def fill(journal: RunJournal) -> None:
    """Take the room that the disk has."""
    rows = journal._rows
    connection = None if rows is None else rows._connection
    assert connection is not None
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages}")
    put(journal, "big", "".join(map(chr, range(200, 50_000))) + "x" * 100_000)


def test_on_a_full_disk_nothing_more_is_asked_for_and_what_was_written_stays(file: Path) -> None:
    with closing(RunJournal(file, "R")) as journal:
        put(journal, "k", "text")
        open_ = journal.calling("t", "tool", "{}", is_pure=False)
        fill(journal)
        assert "full" in (journal.failure or "")
        with pytest.raises(StorageFull, match=r"free some space, then `harlm runs resume R`") as raised:
            journal.sent(BOUND)
        assert raised.value.limit == "disk"
        with pytest.raises(StorageFull):
            journal.calling("u", "tool", "{}", is_pure=True)
        journal.called(open_, 1, "")  # what comes back meanwhile is handed on
        put(journal, "l", "text")
    with closing(RunJournal(file, "R")) as again:
        assert known(again, "k") == "text"
        assert known(again, "big") is None
        assert again.failure is None
        assert again.sent(BOUND)


async def test_a_disk_that_does_not_keep_what_is_written_ends_the_requests(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: int) -> None:
        raise OSError(5, "Input/output error")

    with closing(RunJournal(file)) as journal:
        put(journal, "k", "text")
        monkeypatch.setattr("os.fsync", broken)
        await journal.durable()
        with pytest.raises(StorageFull, match="Input/output error"):
            journal.sent(BOUND)


def test_arguments_that_are_no_utf8_are_kept_as_far_as_they_can_be(file: Path) -> None:
    with closing(RunJournal(file)) as journal:
        number = journal.calling("k", "tool", "\ud800", is_pure=False)
        journal.called(number, None, "\ud800")
        assert journal.failure is None
    assert msgspec.json.encode(number)


def test_requests_of_which_it_is_unknown_what_they_cost_are_named_until_that_is_known(file: Path) -> None:
    with closing(RunJournal(file)) as journal:
        for _ in range(3):
            journal.sent(BOUND)
        journal.settled(2, BOUND, "a/b", USAGE)
        doubtful = Usage(calls=1, cost_micros=50, estimated=True, unconfirmed_micros=50)
        journal.settled(3, BOUND, "a/b", doubtful)  # it was cancelled
    with closing(RunJournal(file)) as journal:
        assert journal.earlier.unsettled == {1, 3}
        journal.settled(1, BOUND, "a/b", USAGE)
        put(journal, "k", "late")
        journal.reload()
        assert journal.earlier.unsettled == {3}
        assert sum(usage.cost_micros or 0 for _, usage in journal.earlier.spent) == 15 + 15 + 50
        assert known(journal, "k") == "late"
