"""The first events of a run: what is asked, and what the user should know before the answer."""

from __future__ import annotations

from collections.abc import Iterator

from harlm import config, events
from harlm.engine import Node
from harlm.engine.remaining import limits_of
from harlm.engine.waiting import PROMISED_S
from harlm.types import Context, Profile, Task


def started(task: Task, known: Profile, node: Node) -> events.RunStarted:
    """The event that a question was asked."""
    return events.RunStarted(
        question=task.question,
        root_model=node.models.root.name,
        sub_model=node.models.sub.name,
        documents=known.documents,
        characters=known.characters,
        tokens=known.tokens,
        skipped=task.context.skipped,
        limits=limits_of(node.account),
    )


def notes(context: Context, node: Node) -> Iterator[str]:
    """Notes for the user before the answer."""
    if node.models.root.name == config.OFFLINE_MODEL:
        yield (
            "offline/extractive finds, quotes and counts; it does not reason. "
            "For a language model set HARLM_MODEL or -m (harlm models lists them)"
        )
    names = dict.fromkeys((node.models.root.name, node.models.sub.name))
    for name in names if node.account.limits_money else ():
        if node.run.billing.price_of(name) is None:
            yield (
                f"the price of {name} is unknown, so its cost is not counted and the cost limit does not cover it; "
                "use --max-tokens or --max-calls to limit it"
            )
    batches, sub = node.run.batches, node.models.sub
    if batches is not None and not batches.takes(sub):
        yield f"models.cheap has no effect: HARLM makes no batches of calls to {sub.name}"
    elif batches is not None and node.seconds_to_work < PROMISED_S:
        yield "models.cheap has no effect: a batch may take a day, and the time limit is shorter"
    unread = [each for each in context.skipped if each.is_unread]
    if unread:
        first, what = unread[0], "1 file" if len(unread) == 1 else f"{len(unread):,} files"
        yield f"{what} could not be read, such as {first.name} ({first.reason})"
