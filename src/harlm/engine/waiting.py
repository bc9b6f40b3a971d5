"""Calls that wait in batches of their provider: which may, and what is paid when the process ends meanwhile.

The journal keeps the batch of each request. A run that is taken up again fetches its results before anything is
asked for: a reply that is there is known from then on, and what was not served is not counted any more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

import msgspec

from harlm import events
from harlm.engine.node import Node
from harlm.engine.stopping import TimeIsUp
from harlm.errors import ModelError
from harlm.protocols import LanguageModel
from harlm.types import Amounts, Completion

PROMISED_S = 24 * 3600.0
"""Seconds in which providers end a batch. A call with less time does not wait for one."""

_IN_BATCHES = "in batches"  # the name in the journal of the choices that are made here


class SentInBatch(msgspec.Struct, frozen=True, kw_only=True):
    """A request that was sent in a batch.

    Attributes:
        batch: the provider's id of the batch.
        model: the identity under which the model's replies are reused.
        request: the number of the request in the journal.
        key, ordinal, node, role: of its reply in the journal.
        choices: the texts of which the reply should be one.
    """

    batch: str
    model: str
    request: int
    key: str
    ordinal: int
    node: str
    role: str
    choices: tuple[str, ...] = ()


def may_wait(node: Node, model: LanguageModel, role: events.Role) -> bool:
    """Whether a call may wait for a batch: a call of a cell, with a day to go."""
    batches = node.run.batches
    return (
        batches is not None and role == "sub" and node.seconds_to_work >= PROMISED_S and batches.takes(model)
    )


def keep_batch(node: Node, sent: SentInBatch, request_key: str | None) -> None:
    """Keep in which batch a request was sent, and tell the user of each batch once."""
    run = node.run
    if request_key is not None:
        run.journal.choose(_IN_BATCHES, request_key, msgspec.json.encode(sent).decode())
    if sent.batch not in run.told_batches:
        run.told_batches.add(sent.batch)
        node.emit(
            events.Noted(
                message=f"calls wait in batch {sent.batch}, which may take up to a day (models.cheap)"
            )
        )


async def fetch_batches(node: Node) -> None:
    """Fetch the results of the batches of earlier attempts. Waits for those that have not ended.

    Raises:
        LimitExceeded: the time of the run has ended, or its user has stopped it.
    """
    run, earlier = node.run, node.run.journal.earlier
    waiting: defaultdict[tuple[str, str], dict[str, SentInBatch]] = defaultdict(dict)
    for (where, request_key), value in earlier.choices.items():
        if where != _IN_BATCHES:
            continue
        sent = msgspec.json.decode(value, type=SentInBatch)
        if sent.request in earlier.unsettled:
            waiting[sent.model, sent.batch][request_key] = sent
    if not waiting:
        return
    try:
        async with run.stopping.within(node.account.seconds_left):
            for (model, batch), requests in waiting.items():
                await _fetch(node, model, batch, requests)
    except TimeIsUp:
        raise node.account.too_late() from None
    finally:
        run.journal.reload()
        node.account.owe(run.journal.earlier.spent)


async def _fetch(node: Node, identity: str, batch: str, requests: dict[str, SentInBatch]) -> None:
    """Fetch the results of one batch."""
    run, batches = node.run, node.run.batches
    model = next((each for each in _models(node) if run.identity_of(each) == identity), None)
    if batches is None or model is None or not batches.takes(model):
        note = f"{identity} is not a model of this run with models.cheap, so the results of batch {batch} are not fetched"
        node.emit(events.Noted(message=f"{note}; its calls count as paid"))
        return
    node.emit(
        events.Noted(message=f"fetching batch {batch}, in which {len(requests)} calls of this run wait")
    )
    try:
        replies = await batches.replies(model, batch, {key: each.choices for key, each in requests.items()})
    except ModelError as error:
        note = f"the results of batch {batch} cannot be fetched ({error})"
        node.emit(events.Noted(message=f"{note}; its calls count as paid, and are made again"))
        return
    for key, reply in replies.items():
        _settle(node, model.name, requests[key], reply)


def _settle(node: Node, model: str, sent: SentInBatch, reply: Completion | ModelError) -> None:
    """Write down what one request cost, and its reply. One that was cut is asked for again, as at the first time."""
    journal = node.run.journal
    if isinstance(reply, ModelError):
        journal.settled(sent.request, Amounts(), model, None)
        return
    usage = node.run.billing.late(model, reply.usage)
    taken = Amounts(usage.input_tokens + usage.output_tokens, usage.cost_micros or 0, 1)
    journal.settled(sent.request, taken, model, usage)
    if reply.stop != "length":
        completion = replace(reply, usage=usage)
        journal.replied(sent.key, sent.ordinal, completion, node=sent.node, role=sent.role, is_paid=True)


def _models(node: Node) -> Iterable[LanguageModel]:
    models = node.models
    return (each for each in (models.sub, models.root, models.economy) if each is not None)
