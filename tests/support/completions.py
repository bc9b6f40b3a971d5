"""Completions that a provider may send, and a model that sends them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from harlm.errors import BadCompletion
from harlm.tokens import estimate_tokens
from harlm.types import Completion, Message, ModelDescription, Sampling, ToolCall, Usage

Reply = Completion | str | Exception

PRINTS = ToolCall(name="repl", arguments='{"code": "print(context)"}')
"""A native call of a tool, with code for the REPL."""


def completion(text: str = "", *, tokens: int = 7, reasoning: int = 0, **fields: Any) -> Completion:
    """A completion of the model ``scripted/model`` with these fields."""
    usage = Usage(calls=1, input_tokens=9, output_tokens=tokens, reasoning_tokens=reasoning, cost_micros=0)
    return replace(Completion(text=text, model="scripted/model", usage=usage), **fields)


class SayingModel:
    """A model that replies with whole completions, and keeps what it was asked.

    Args:
        replies: in order; the last one is repeated. Or a function of the messages.
        name: of the model.
        window: as of any model.
        description: what its server says once it is asked.
        seems_local: whether its replies show that its server is local.

    Attributes:
        asked: the messages of each call.
        sampled: the sampling of each call.
        story: ``describe`` and ``complete``, in the order in which they were called.
    """

    def __init__(
        self,
        replies: Iterable[Reply] | Callable[[Sequence[Message]], Reply],
        *,
        name: str = "scripted/model",
        window: int = 128_000,
        description: ModelDescription | None = None,
        seems_local: bool = False,
    ) -> None:
        self.name = name
        self.window = window
        self.asked: list[Sequence[Message]] = []
        self.sampled: list[Sampling] = []
        self.story: list[str] = []
        self.description: ModelDescription | None = None
        self._reply = replies if callable(replies) else _in_order(list(replies))
        self._describes_as = description
        self._seems_local = seems_local

    @property
    def seems_local(self) -> bool:
        """See ``harlm.protocols.Described``."""
        return self._seems_local and bool(self.asked)

    async def describe(self) -> ModelDescription:
        """See ``harlm.protocols.Described``."""
        self.story.append("describe")
        self.description = self._describes_as or ModelDescription()
        return self.description

    async def complete(self, messages: Sequence[Message], sampling: Sampling) -> Completion:
        """The next reply; see ``harlm.protocols.LanguageModel``."""
        self.story.append("complete")
        self.asked.append(tuple(messages))
        self.sampled.append(sampling)
        reply = self._reply(messages)
        if isinstance(reply, Exception):
            raise reply
        if isinstance(reply, str):
            reply = completion(reply, tokens=estimate_tokens(reply))
        return replace(reply, model=self.name)


def _in_order(replies: list[Reply]) -> Callable[[Sequence[Message]], Reply]:
    waiting = iter(replies)
    last: Reply = BadCompletion("no reply", model="scripted/model")

    def reply(messages: Sequence[Message]) -> Reply:
        nonlocal last
        last = next(waiting, last)
        return last

    return reply
