"""Exact reuse: a call that was paid for once, with the same model, messages and sampling, is not made again
at any node or in any later run. Only equal calls are reused, never similar ones.

The key is the content: BLAKE2b over the model with its address, all messages, temperature, seed and the
number of the sample, so that six equal questions of one cell get six replies. Replies that were cut, filtered
or empty are never kept, nor are errors.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from harlm.errors import MemoryFailure
from harlm.protocols import CallStore
from harlm.storage import StoreRoom
from harlm.types import Completion, Message, PaidCall, Sampling, Stop, Usage

Make = Callable[[], Awaitable[tuple[Completion, float]]]
"""Makes a call, and returns its reply and the seconds it took."""

_WHOLE: Sequence[Stop] = ("end", "enough")  # the stops of replies that answer their call
_KEY_FORMAT = 3  # raised when an old key no longer means the same call


@dataclass(frozen=True, slots=True)
class KnownReply:
    """The reply to a call.

    Attributes:
        completion: the reply; if it was known, with the usage of the call that paid for it.
        seconds: that the call took now; 0 if the reply was known.
        is_known: whether the reply was paid for before.
    """

    completion: Completion
    seconds: float
    is_known: bool


def call_key(model: str, messages: Sequence[Message], sampling: Sampling, sample: int = 0) -> str:
    """The key of a call: equal for equal calls.

    Args:
        model: name and address of the model.
        messages: the prompt.
        sampling: only its temperature and seed count.
        sample: 0, 1, 2, … among identical calls that must each get a reply of their own.

    Returns:
        48 hexadecimal digits.
    """
    state = hashlib.blake2b(digest_size=24)
    about = (model, _KEY_FORMAT, sampling.temperature, sampling.seed, sample, len(messages))
    for part in (repr(about), *(part for each in messages for part in (each.role, each.content))):
        data = part.encode("utf-8", "surrogatepass")
        state.update(len(data).to_bytes(8, "little"))
        state.update(data)
    return state.hexdigest()


class Reuse:
    """Makes each call once, and counts what that saves.

    Args:
        store: keeps the calls.
        flights: calls under way by key, if several runs share them.

    Attributes:
        made: calls whose replies were not known.
        reused: calls whose replies were known.
        saved_tokens, saved_micros: what the reused calls took when they were made: tokens of input and
            output, and millionths of a US dollar. ``saved_micros`` is ``None`` once a call of unknown price
            was reused.
    """

    def __init__(self, store: CallStore, flights: dict[str, asyncio.Future[None]] | None = None) -> None:
        self._store = store
        self._room = StoreRoom(store)
        self._flights = {} if flights is None else flights
        self.made = 0
        self.reused = 0
        self.saved_tokens = 0
        self.saved_micros: int | None = 0

    async def reply(self, key: str, make: Make, most_tokens: int | None = None) -> KnownReply:
        """The reply to a call: from the store, from the same call in flight, or from ``make``.

        Args:
            key: of the call.
            make: makes the call.
            most_tokens: the most that the reply may have; a longer known reply is not reused.

        Raises:
            Exception: as raised by ``make``. Another task that waited for the same call then makes it itself.
        """
        while True:
            if (paid := self._known(key, most_tokens)) is not None:
                self._count_saved(paid.usage)
                self._store.put(replace(paid, created=time.time()))  # counts one more use, now
                completion = Completion(text=paid.text, model=paid.model, usage=paid.usage)
                return KnownReply(completion, 0.0, is_known=True)
            flight = self._flights.get(key)
            if flight is None:
                break
            await asyncio.wait([flight])
        flight = self._flights[key] = asyncio.get_running_loop().create_future()
        try:
            await self._room.wait()
            completion, seconds = await make()
            self.made += 1
            if completion.stop in _WHOLE and completion.text:
                self._store.put(
                    PaidCall(
                        key=key,
                        model=completion.model,
                        text=completion.text,
                        usage=completion.usage,
                        created=time.time(),
                    )
                )
            return KnownReply(completion, seconds, is_known=False)
        finally:
            del self._flights[key]
            flight.set_result(None)

    def flush(self) -> None:
        """Return when every paid call is as safe as the store makes it.

        Raises:
            MemoryFailure: a call cannot be written.
        """
        self._store.flush()

    def _known(self, key: str, most_tokens: int | None) -> PaidCall | None:
        try:
            paid = self._store.get(key)
        except MemoryFailure:
            return None  # one more call is made; the store reports what is wrong
        if paid is None or (most_tokens is not None and paid.usage.output_tokens > most_tokens):
            return None
        return paid

    def _count_saved(self, usage: Usage) -> None:
        self.reused += 1
        self.saved_tokens += usage.input_tokens + usage.output_tokens
        if self.saved_micros is not None:
            self.saved_micros = None if usage.cost_micros is None else self.saved_micros + usage.cost_micros
