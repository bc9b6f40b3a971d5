"""Which calls may wait for a batch, and how those of an earlier attempt end. Whole runs are in ``tests/flows/test_cheap.py``."""

from __future__ import annotations

import asyncio
import math
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from harlm.budget import Account, Caps
from harlm.engine import Node
from harlm.engine.waiting import PROMISED_S, SentInBatch, fetch_batches, keep_batch, may_wait
from harlm.errors import LimitExceeded, ModelError, ModelUnavailable
from harlm.events import Event, Noted, Role
from harlm.journal import JOURNAL, RunJournal
from harlm.protocols import LanguageModel
from harlm.testing import EventLog, ScriptedModel
from harlm.types import Amounts, Completion, Usage
from tests.support.nodes import PRICES, node_with

MODEL = ScriptedModel([])
REPLY = Completion(
    text="yes", model=MODEL.name, usage=Usage(calls=1, input_tokens=100, output_tokens=10, cost_micros=None)
)
REFUSED = ModelError("expired", model=MODEL.name)


class ScriptedBatches:
    """Batches whose results are known, for one model; they never end without any."""

    def __init__(self, outcome: Mapping[str, Completion | ModelError] | ModelError | None = None) -> None:
        self.outcome = outcome
        self.asked: list[tuple[str, set[str]]] = []

    def takes(self, model: LanguageModel) -> bool:
        return model is MODEL

    def around(
        self,
        model: LanguageModel,
        meter: Callable[[LanguageModel], LanguageModel],
        direct: LanguageModel,
        *,
        on_event: Callable[[Event], None],
    ) -> LanguageModel:
        return meter(model)

    async def replies(
        self, model: LanguageModel, batch: str, choices: Mapping[str, tuple[str, ...]]
    ) -> Mapping[str, Completion | ModelError]:
        self.asked.append((batch, set(choices)))
        if isinstance(self.outcome, ModelError):
            raise self.outcome
        if self.outcome is None:
            await asyncio.Event().wait()
        return self.outcome or {}


def node_for(batches: ScriptedBatches | None, caps: Caps | None = None) -> tuple[Node, EventLog]:
    node, log = node_with(MODEL, caps=caps, prices=PRICES)
    node.run.batches = batches
    node.run.identity_of = lambda model: f"{model.name} at home"
    return node, log


@pytest.mark.parametrize(
    ("role", "seconds", "holds"),
    [
        ("sub", math.inf, True),
        ("sub", PROMISED_S * 1.5, True),
        ("sub", PROMISED_S / 2, False),
        ("root", math.inf, False),
        ("summary", math.inf, False),
    ],
)
def test_calls_of_cells_may_wait_if_there_is_a_day_left(role: Role, seconds: float, holds: bool) -> None:
    node, _ = node_for(ScriptedBatches())
    if not math.isinf(seconds):
        account = Account()
        account.ends = account._now() + seconds
        node = replace(node, account=account)
    assert may_wait(node, MODEL, role) is holds
    assert not may_wait(node, ScriptedModel([]), role)
    node.run.batches = None
    assert not may_wait(node, MODEL, role)


# -- an earlier attempt ------------------------------------------------------------------------------------


def killed(folder: Path, model: str = "scripted/model at home") -> None:
    """A journal of a run that was killed while two calls waited in a batch, and one was made by itself."""
    with closing(RunJournal(folder / JOURNAL, "R")) as journal:
        node, _ = node_for(None)
        node.run.journal = journal
        for at in range(2):
            number = journal.sent(Amounts(5_000, 900, 1))
            sent = SentInBatch(
                batch="b1", model=model, request=number, key=f"k{at}", ordinal=0, node="0", role="sub"
            )
            keep_batch(node, sent, f"request-{at}")
        journal.sent(Amounts(5_000, 700, 1))


async def taken_up(folder: Path, batches: ScriptedBatches) -> tuple[RunJournal, EventLog, int]:
    """The journal after its batches were fetched, the events, and the micro-dollars that count as spent."""
    journal = RunJournal(folder / JOURNAL, "R")
    node, log = node_for(batches)
    node.run.journal = journal
    node.account.owe(journal.earlier.spent)
    await fetch_batches(node)
    node.account.settle_arrears()
    return journal, log, node.account.usage.cost_micros or 0


async def test_replies_are_known_at_the_price_of_batches_and_what_was_not_served_is_free(
    tmp_path: Path,
) -> None:
    killed(tmp_path)
    batches = ScriptedBatches({"request-0": REPLY, "request-1": REFUSED})
    journal, log, spent = await taken_up(tmp_path, batches)
    assert batches.asked == [("b1", {"request-0", "request-1"})]
    assert spent == 700 + (100 * 1 + 10 * 4) // 2
    kept = journal.known("k0")
    assert kept is not None
    assert kept.completion is not None
    assert (kept.completion.text, kept.is_paid, kept.completion.usage.cost_micros) == ("yes", True, 70)
    assert journal.known("k1") is None
    assert next(each.message for each in log.events if isinstance(each, Noted)).startswith(
        "fetching batch b1"
    )
    journal.close()
    again = ScriptedBatches()
    journal, _, _ = await taken_up(tmp_path, again)  # a third attempt
    journal.close()
    assert again.asked == []


async def test_a_reply_that_was_cut_is_paid_and_asked_for_again(tmp_path: Path) -> None:
    killed(tmp_path)
    cut = replace(REPLY, stop="length")
    journal, _, spent = await taken_up(tmp_path, ScriptedBatches({"request-0": cut, "request-1": cut}))
    assert spent == 700 + 2 * 70
    assert journal.known("k0") is None
    journal.close()


@pytest.mark.parametrize(
    ("batches", "model"),
    [
        (ScriptedBatches(ModelUnavailable("away", model="m")), "scripted/model at home"),
        (ScriptedBatches({}), "scripted/model at home"),
        (ScriptedBatches({"request-0": REPLY}), "another/model"),
    ],
)
async def test_what_cannot_be_found_out_counts_at_its_bound(
    tmp_path: Path, batches: ScriptedBatches, model: str
) -> None:
    killed(tmp_path, model)
    journal, log, spent = await taken_up(tmp_path, batches)
    assert spent == 2 * 900 + 700
    assert any(isinstance(each, Noted) for each in log.events)
    journal.close()


async def test_a_run_whose_time_is_up_does_not_wait_for_batches(tmp_path: Path) -> None:
    killed(tmp_path)
    node, _ = node_for(ScriptedBatches(), Caps(ends=0.0))
    with closing(RunJournal(tmp_path / JOURNAL, "R")) as journal:
        node.run.journal = journal
        with pytest.raises(LimitExceeded):
            await fetch_batches(node)


def test_the_user_is_told_of_each_batch_once_and_the_journal_of_each_request(tmp_path: Path) -> None:
    killed(tmp_path)
    with closing(sqlite3.connect(tmp_path / JOURNAL)) as connection:
        assert connection.execute("SELECT count(*) FROM choices").fetchone() == (2,)
    node, log = node_for(None)
    for batch in ("b1", "b1", "b2"):
        sent = SentInBatch(batch=batch, model="m", request=1, key="k", ordinal=0, node="0", role="sub")
        keep_batch(node, sent, None)
    assert len([each for each in log.events if isinstance(each, Noted)]) == 2
