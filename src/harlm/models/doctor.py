"""Asks an endpoint one short question, and says what it takes, streams, counts and limits. Only what was seen is told."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from harlm.config import ModelSettings
from harlm.models.access import Access
from harlm.models.choosing import ModelMaker
from harlm.models.names import PROVIDERS, parse_model_name
from harlm.models.remote import RemoteModel
from harlm.models.request_form import RequestForm
from harlm.models.wrappers import Layers
from harlm.types import Completion, Message, ModelDescription, Rates, Sampling

_QUESTION = (
    Message(role="system", content="Answer with one word."),
    Message(role="user", content="What is the capital of France?"),
)
_MOST_TOKENS = 512  # of the reply; models that think need more than the word
_SHOWN = 60  # characters of the reply


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCheck:
    """What one question has shown of a model.

    Attributes:
        name: its full name.
        address: where it was asked; empty for the built-in model, which is not asked.
        reply: its words, cut.
        seconds: until the reply was whole.
        first_s: until its first words arrived; ``None`` if it came at once.
        adapted: what requests to it leave out, rename or lower, in words.
        counts: how it reports the usage, in words.
        limits: its window and rate limits, in words.
        notes: what else is worth knowing.
    """

    name: str
    address: str
    reply: str = ""
    seconds: float = 0.0
    first_s: float | None = None
    adapted: tuple[str, ...] = ()
    counts: str = ""
    limits: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


async def check_model(
    name: str, settings: ModelSettings, variables: Mapping[str, str], weights: Path | None = None
) -> ModelCheck:
    """Ask a model one short question.

    Args:
        name: as ``--model`` takes it.
        settings: of models.
        variables: environment variables, in which keys are looked up.
        weights: the folder of model files; by default that of the platform's home.

    Raises:
        ConfigError: the model cannot be used.
        ModelError: it did not answer, even after what it refused was left out. It is asked once.
    """
    parsed = parse_model_name(name)
    if not parsed.is_brought and PROVIDERS[parsed.provider].protocol == "offline":
        return ModelCheck(name=parsed.full, address="", notes=("it is built in, and needs no endpoint",))
    async with AsyncExitStack() as cleanup:
        maker = ModelMaker(settings, Access(settings, variables, cleanup), Layers(), lambda _: None, weights)
        model = await maker.make(name)
        began = time.monotonic()
        heard: list[float] = []
        completion = await model.complete(
            _QUESTION,
            Sampling(
                max_tokens=_MOST_TOKENS,
                temperature=0.0,
                seed=1,
                on_text=lambda _: heard.append(time.monotonic()),
            ),
        )
        seconds = time.monotonic() - began
        if not isinstance(model, RemoteModel):
            return ModelCheck(
                name=parsed.full,
                address="",
                reply=" ".join(completion.text.split())[:_SHOWN],
                seconds=seconds,
                counts=_counts(completion),
                notes=(f"it comes from an installed package, and replied in {seconds:.2f} s",),
            )
        description = await model.describe()
    return ModelCheck(
        name=parsed.full,
        address=model.address,
        reply=" ".join(completion.text.split())[:_SHOWN],
        seconds=seconds,
        first_s=heard[0] - began if heard and model.form.streams else None,
        adapted=tuple(_adapted(model.form)),
        counts=_counts(completion),
        limits=tuple(_limits(description, model.window, completion.rates)),
        notes=tuple(_notes(completion, parsed.name)),
    )


def _adapted(form: RequestForm) -> Iterator[str]:
    if not form.streams:
        yield "whole replies are asked for instead of streams"
    if form.limit_name is None:
        yield "no limit of the reply is sent"
    elif any(each.startswith("limit ") for each in form.refused):
        yield f"the limit of the reply is sent as {form.limit_name}"
    if form.most_output is not None:
        yield f"replies are limited to {form.most_output:,} tokens"
    if not form.has_system:
        yield "the words of the system stand in the first message of the user"
    if form.path:
        yield f"{form.path} is added to the address"
    if left_out := sorted(each for each in form.refused if not each.startswith("limit ")):
        yield f"left out: {', '.join(left_out)}"


def _counts(completion: Completion) -> str:
    usage = completion.usage
    counted = f"{usage.input_tokens:,} + {usage.output_tokens:,} tokens"
    if usage.estimated:
        return f"{counted}, estimated in part, since it does not report them all"
    thoughts = f", {usage.reasoning_tokens:,} of them for thoughts" if usage.reasoning_tokens else ""
    cost = "" if usage.cost_micros is None else f", ${usage.cost_micros / 1e6:.6f}"
    return f"{counted}{thoughts}{cost}, as it reports"


def _limits(description: ModelDescription, window: int, rates: Rates | None) -> Iterator[str]:
    stated = (
        "as the server states"
        if description.window is not None
        else "assumed; set models.window if it differs"
    )
    yield f"window of {window:,} tokens ({stated})"
    if description.parameters is not None:
        yield f"{description.parameters / 1e9:.2g} billion parameters"
    for what, rate in (("requests", rates and rates.requests), ("tokens", rates and rates.tokens)):
        if rate:
            yield f"{rate.limit:,} {what}, {rate.left:,} left"


def _notes(completion: Completion, asked: str) -> Iterator[str]:
    if not completion.text.strip():
        yield f"it answered with no text (it stopped for {completion.reason or completion.stop!r})"
    if completion.thoughts:
        yield "it shows its thoughts, which are set aside"
    served = completion.served_by
    if served is not None and served.lower() not in asked.lower() and asked.lower() not in served.lower():
        yield f"it was asked for {asked!r} and says that {served!r} answered"
