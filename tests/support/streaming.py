"""A model that streams what a script says, and can be ended in the middle of a reply."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from harlm.models.usage import estimated_usage
from harlm.types import Completion, Message, Sampling


@dataclass(frozen=True, slots=True)
class Attempts:
    """A call whose first attempts break off after some text, and are made again.

    Attributes:
        broken: what was heard of the attempts that broke off.
        whole: the reply of the last one.
    """

    broken: tuple[str, ...]
    whole: str


Said = str | Attempts | Exception
Script = Callable[[Sequence[Message]], Said] | Sequence[Said]


class StreamingModel:
    """A ``LanguageModel`` that streams, with a pause after each line in which cells can run.

    Args:
        script: the replies in order, or a function of the messages.
        pause_s: after each line, in seconds; and the same before the reply ends.
        stops: whether it ends a reply that is enough.
        name: of the model.

    Attributes:
        asked: the messages of each call.
        wrote: the text of each reply, as far as it was written.
        marks: the number of cells that had ended when each reply did, if ``count`` is set.
        count: counts something at the end of each reply.
    """

    def __init__(
        self, script: Script, *, pause_s: float = 0.02, stops: bool = True, name: str = "scripted/model"
    ) -> None:
        self.name = name
        self.window = 128_000
        self.asked: list[Sequence[Message]] = []
        self.wrote: list[str] = []
        self.marks: list[int] = []
        self.count: Callable[[], int] = lambda: 0
        self._pause_s = pause_s
        self._stops = stops
        self._reply = script if callable(script) else _in_order(script)

    async def complete(self, messages: Sequence[Message], sampling: Sampling) -> Completion:
        """The next reply; see ``harlm.protocols.LanguageModel``."""
        self.asked.append(tuple(messages))
        said = self._reply(messages)
        if isinstance(said, Exception):
            raise said
        attempts = (*said.broken, said.whole) if isinstance(said, Attempts) else (said,)
        text, is_enough = "", False
        for attempt in attempts:
            text, is_enough = await self._written(attempt, sampling)
        self.wrote.append(text)
        self.marks.append(self.count())
        return Completion(
            text=text,
            model=self.name,
            usage=estimated_usage(messages, text),
            stop="enough" if is_enough else "end",
        )

    async def _written(self, reply: str, sampling: Sampling) -> tuple[str, bool]:
        if sampling.on_text is None:
            return reply, False
        text = ""
        for line in reply.splitlines(keepends=True):
            text += line
            sampling.on_text(text)
            if self._stops and sampling.is_enough is not None and sampling.is_enough(text):
                return text, True
            await asyncio.sleep(self._pause_s)
        return text, False


def _in_order(script: Sequence[Said]) -> Callable[[Sequence[Message]], Said]:
    waiting: Iterator[Said] = iter(script)
    return lambda messages: next(waiting)
