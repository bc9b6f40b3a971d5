"""A model that says what a script says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence

from harlm.errors import BadCompletion
from harlm.tokens import estimate_tokens
from harlm.types import Completion, Message, Sampling, Usage

Script = Callable[[Sequence[Message]], str | Exception] | Sequence[str | Exception]


class ScriptedModel:
    """A ``LanguageModel`` without a model.

    Args:
        script: the replies in order, or a function of the messages. An exception is raised instead of returned.
        name, window: as of any model.
        latency_s: how long each reply takes.

    Attributes:
        asked: the messages of every call, in the order in which the calls began.
        most_in_flight: how many calls were under way at once.
    """

    def __init__(
        self, script: Script, *, name: str = "scripted/model", window: int = 128_000, latency_s: float = 0.0
    ) -> None:
        self.name = name
        self.window = window
        self.asked: list[Sequence[Message]] = []
        self.most_in_flight = 0
        self._in_flight = 0
        self._latency = latency_s
        self._reply = script if callable(script) else _in_order(script, name)

    async def complete(self, messages: Sequence[Message], sampling: Sampling) -> Completion:
        """The next reply; see ``harlm.protocols.LanguageModel``."""
        self.asked.append(tuple(messages))
        self._in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self._in_flight)
        try:
            await asyncio.sleep(self._latency)
            reply = self._reply(messages)
        finally:
            self._in_flight -= 1
        if isinstance(reply, Exception):
            raise reply
        usage = Usage(
            calls=1,
            input_tokens=sum(estimate_tokens(message.content) for message in messages),
            output_tokens=estimate_tokens(reply),
            cost_micros=0,
        )
        return Completion(text=reply, model=self.name, usage=usage)


def _in_order(
    replies: Sequence[str | Exception], name: str
) -> Callable[[Sequence[Message]], str | Exception]:
    waiting: Iterator[str | Exception] = iter(replies)

    def reply(messages: Sequence[Message]) -> str | Exception:
        return next(
            waiting, BadCompletion(f"the script of {name} has only {len(replies)} replies", model=name)
        )

    return reply
