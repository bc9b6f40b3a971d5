"""The path of a call to a model: known → slot → sized → traced → layered.

Every model request of a run takes this path, so that it is reused, limited, paid for and traced in one place.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace

from harlm import events
from harlm.budget.pressure import NO_SPECULATION
from harlm.engine import prompts
from harlm.engine.node import Node
from harlm.engine.readable import readable
from harlm.engine.sampling import seed_of, temperature_in_key, temperature_of
from harlm.engine.served import note_another
from harlm.engine.stopping import TimeIsUp
from harlm.engine.waiting import SentInBatch, keep_batch, may_wait
from harlm.engine.wordless import in_words, no_reply
from harlm.errors import LimitExceeded, ModelError
from harlm.journal import KeptReply, call_key
from harlm.protocols import LanguageModel
from harlm.types import LONGEST_REPLY, Completion, Message, Sampling, Usage

_LARGER = 4  # factor from a limit that was too small to the limit of the second attempt
_QUESTION = 600  # characters of a prompt that are remembered with its reply
_TOO_LONG = f"a reply of {{}} was cut after {LONGEST_REPLY:,} characters; ask for less at a time"  # filled with the model
_CUT = 0.9  # share of the limit sent: a longer reply that stopped for its length was cut by that limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request of a node to a model.

    Attributes:
        model: the model.
        messages: the prompt.
        role: the purpose of the call, as the trace names it.
        limit: the most tokens that the reply may have; ``None`` chooses it from the sizes of earlier replies.
        is_last: whether this is the node's last call, which may use the time reserved for finishing.
        on_text: called with the reply so far, by models that can stream.
        is_enough: asked after that whether the reply may end there; see ``harlm.types.Sampling``.
        sample: 0, 1, 2, … among identical calls that must each get a reply of their own.
        schema: a JSON Schema that the reply should follow, for servers that support it.
        choices: the texts of which the reply should be one, for servers that constrain replies.
        logprobs: how many alternatives of each token are wanted with their log probabilities; ``None`` wants none.
        place: the key and the number under which the run's journal keeps the reply; set by ``make``.
        waits: whether the call may wait for a batch of its provider; set by ``make``.
        reads_calls: whether the caller reads calls of tools as code. Otherwise a reply that holds nothing else is an
            error.
    """

    model: LanguageModel
    messages: Sequence[Message]
    role: events.Role
    limit: int | None = None
    is_last: bool = False
    on_text: Callable[[str], None] | None = None
    is_enough: Callable[[str], bool] | None = None
    sample: int = 0
    schema: Mapping[str, object] | None = None
    choices: tuple[str, ...] = ()
    logprobs: int | None = None
    place: tuple[str, int] | None = None
    waits: bool = False
    reads_calls: bool = False


async def make(node: Node, call: Call) -> tuple[Completion, float]:
    """Make a call. A reply that is cut at a limit chosen by HARLM is requested again with a larger one.

    Returns:
        the reply, and the seconds that the call took; 0 if the reply was known.

    Raises:
        ModelError: as the model raises it; ``BadCompletion`` if the reply holds no words, but was paid for.
        LimitExceeded: the budget does not cover the call, or its time has run out.
    """
    account = node.account
    seconds = account.seconds_left if call.is_last else node.seconds_to_work
    try:
        async with node.run.stopping.within(seconds):
            completion, spent = await _known(node, call)
    except TimeIsUp:
        raise account.too_late() from None
    except LimitExceeded as refusal:
        account.refused = refusal
        raise
    return completion, spent


async def _known(node: Node, call: Call) -> tuple[Completion, float]:
    """The reply that an earlier attempt at this run got, or of an earlier identical call, or of a new one, which is then kept."""
    run = node.run
    await run.memory.room()
    identity = run.identity_of(call.model)
    messages = call.messages if call.role == "sub" else prompts.lasting(call.messages)
    sampling = Sampling(seed=node.settings.seed, temperature=temperature_in_key(node))
    key = call_key(f"{identity or call.model.name}{node.branch}", messages, sampling, call.sample)
    ordinal = run.journal.ask(key)
    waits = not call.is_last and may_wait(node, call.model, call.role)
    call = replace(call, place=(key, ordinal), waits=waits)
    if (kept := run.journal.known(key)) is not None:
        return _kept_before(node, call, kept)
    if run.reuse is None or identity is None:
        completion, seconds = await _in_a_slot(node, call)
        _remember(node, call, completion)
        return completion, seconds
    reply = await run.reuse.reply(key, lambda: _in_a_slot(node, call), call.limit)
    if reply.completion.stop == "end":
        _remember(node, call, reply.completion)
    if not reply.is_known:
        return reply.completion, reply.seconds
    run.journal.replied(key, ordinal, reply.completion, node=node.name, role=call.role, is_paid=False)
    return _without_paying(node, call, reply.completion)


def _kept_before(node: Node, call: Call, kept: KeptReply) -> tuple[Completion, float]:
    """What an earlier attempt at this run got for a call. It is paid for, and counts as at that time.

    Raises:
        ModelError: the call failed then.
    """
    if kept.error is not None:
        raise kept.error.raised()
    completion = kept.completion
    assert completion is not None
    if kept.is_paid:
        node.account.book(completion.model, completion.usage)
        if call.limit is None and completion.stop == "end":
            node.run.billing.reply_sizes.learn(call.model.name, call.role, completion.usage.output_tokens)
    if completion.stop == "end":
        _remember(node, call, completion)
    return _without_paying(node, call, completion)


def _without_paying(node: Node, call: Call, completion: Completion) -> tuple[Completion, float]:
    saved = _checked(call, readable(completion))
    key, ordinal = call.place or ("", 0)
    node.emit(
        events.Reused(
            role=call.role,
            model=call.model.name,
            messages=tuple(call.messages),
            text=saved.text,
            saved=saved.usage,
            key=key,
            ordinal=ordinal,
        )
    )
    return replace(saved, usage=Usage()), 0.0


def _remember(node: Node, call: Call, completion: Completion) -> None:
    """Keep the reply of a sub-call as a memory entry, which cells can search."""
    if call.role != "sub" or not completion.text:
        return
    asked = call.messages[-1].content if call.messages else ""
    node.run.memory.put(
        completion.text,
        kind="reply",
        node=node.name,
        depth=node.depth,
        question=prompts.excerpt(asked, _QUESTION),
        model=completion.model,
        usage=completion.usage,
    )


async def _in_a_slot(node: Node, call: Call) -> tuple[Completion, float]:
    """Make a call, and keep what comes back before anything else is done with it."""
    journal, (key, ordinal) = node.run.journal, call.place or ("", 0)
    try:
        async with nullcontext() if call.waits else node.run.call_slots:
            completion, seconds = await (_sized(node, call) if call.limit is None else _traced(node, call))
    except ModelError as error:
        journal.refused(key, ordinal, error, node=node.name, role=call.role)
        raise
    journal.replied(key, ordinal, completion, node=node.name, role=call.role, is_paid=True)
    return _checked(call, completion), seconds


def _checked(call: Call, completion: Completion) -> Completion:
    """A reply that holds what its caller reads; raises for any other, so that it is not kept."""
    if not call.reads_calls:
        return in_words(completion)
    if (error := no_reply(completion)) is not None:
        raise error
    return completion


async def _sized(node: Node, call: Call) -> tuple[Completion, float]:
    """Make a call, with a limit on its reply if money or tokens are limited."""
    account, billing, name = node.account, node.run.billing, call.model.name
    if not (account.limits_money or account.limits_tokens):
        return await _traced(node, call)
    sizes = billing.reply_sizes
    wanted = sizes.wanted(name, call.role)
    completion, seconds = await _traced(node, replace(call, limit=wanted))
    used = completion.usage.output_tokens
    if completion.stop == "end":
        sizes.learn(name, call.role, used)
    price = billing.price_of(name)
    ceiling = sizes.ceiling(price.max_output if price else None)
    was_cut = completion.stop == "length" and wanted * _CUT <= used <= wanted < ceiling
    if not was_cut:
        return completion, seconds
    try:
        larger, more = await _traced(
            node, replace(call, limit=min(ceiling, _LARGER * wanted), on_text=None, is_enough=None)
        )
    except (LimitExceeded, ModelError):
        return completion, seconds
    if larger.stop == "end":
        sizes.learn(name, call.role, larger.usage.output_tokens)
    return larger, seconds + more


async def _traced(node: Node, call: Call) -> tuple[Completion, float]:
    """Make a call, with its events and its time measured."""
    number = next(node.run.call_numbers)
    node.emit(
        events.CallStarted(
            call=number,
            role=call.role,
            model=call.model.name,
            messages=tuple(call.messages),
            early=node.is_early,
        )
    )
    node.clock.call_started()
    started = time.monotonic()
    try:
        request_key = None if call.place is None else node.run.journal.request_key(*call.place, call.limit)
        sampling = Sampling(
            max_tokens=call.limit,
            temperature=temperature_of(node, call.sample),
            schema=call.schema,
            choices=call.choices,
            logprobs=call.logprobs,
            seed=seed_of(node, call.sample),
            on_text=call.on_text if node.prefix is None else node.prefix.listening(call.on_text),
            is_enough=call.is_enough,
            request_key=request_key,
            call=number,
            on_batch=_batch_keeper(node, call, request_key) if call.waits else None,
        )
        completion = await _layered(node, call.model, waits=call.waits).complete(call.messages, sampling)
    except BaseException as error:
        node.emit(_failed(number, error))
        raise
    finally:
        seconds = time.monotonic() - started
        node.clock.call_ended(seconds)
        if node.prefix is not None:
            node.prefix.open()
    if call.role == "root":
        node.run.slowest_root_s = max(node.run.slowest_root_s, seconds)
    if len(completion.text) > LONGEST_REPLY:
        node.emit(events.Noted(message=_TOO_LONG.format(completion.model)))
    completion = readable(completion)
    if not completion.thoughts and completion.stop == "end":
        node.run.thoughtless.add(call.model.name)
    note_another(node, completion)
    key, ordinal = call.place or ("", 0)
    node.emit(
        events.CallFinished(
            call=number,
            key=key,
            ordinal=ordinal,
            text=completion.text,
            thoughts=completion.thoughts,
            usage=completion.usage,
            stop=completion.stop,
            latency_s=round(seconds, 6),
        )
    )
    return completion, seconds


def _batch_keeper(node: Node, call: Call, request_key: str | None) -> Callable[[int, str], None]:
    """Keeps in which batch a call was sent."""
    key, ordinal = call.place or ("", 0)
    model = node.run.identity_of(call.model) or call.model.name

    def keep(request: int, batch: str) -> None:
        sent = SentInBatch(
            batch=batch,
            model=model,
            request=request,
            key=key,
            ordinal=ordinal,
            node=node.name,
            role=call.role,
            choices=call.choices,
        )
        keep_batch(node, sent, request_key)

    return keep


def _layered(node: Node, model: LanguageModel, *, waits: bool = False) -> LanguageModel:
    """``model`` with all layers of the call path around it, paid for by ``node``; built once for each node."""
    known = node.layered.get((id(model), waits))
    if known is not None:
        return known
    billing, account, batches = node.run.billing, node.account, node.run.batches
    if waits and batches is not None:
        layered = batches.around(
            model,
            lambda inner: billing.metered(inner, account, in_batch=True),
            _layered(node, model),
            on_event=node.emit,
        )
        node.layered[id(model), waits] = layered
        return layered
    layered = node.layered[id(model), waits] = node.run.around(
        model,
        lambda inner: billing.metered(inner, account),
        on_event=node.emit,
        may_hedge=lambda: account.pressure < NO_SPECULATION,
    )
    return layered


def _failed(number: int, error: BaseException) -> events.CallFailed:
    match error:
        case ModelError():
            return events.CallFailed(call=number, error=str(error), status=error.status)
        case asyncio.CancelledError():
            return events.CallFailed(call=number, error="cancelled")
        case LimitExceeded():
            return events.CallFailed(call=number, error=str(error))
        case _:
            return events.CallFailed(call=number, error=f"{type(error).__name__}: {error}")
