"""Exact reuse: a call that was made once, with the same model, the same messages and the same sampling, is not made again, in
whichever branch, depth or run. Knows keys and flights; refuses to take what is similar for what is the same.

The key is the content: BLAKE2b over the model with its address, all messages, temperature and seed, the version of our
prompts and the number of the sample, so that six equal questions of one cell get six replies. Replies that were cut, filtered
or empty, and errors, are never kept. Namespaces do not see each other: that is the store's doing.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence

from harlm.errors import MemoryFailure
from harlm.protocols import MemoryStore
from harlm.types import Completion, Message, Sampling

Make = Callable[[], Awaitable[tuple[Completion, float]]]
"""Makes a call: its reply, and the seconds it took."""


class Reuse:
    """Replies by what they reply to.

    Args:
        store: keeps them.
        version: of the prompts.
    """

    def __init__(self, store: MemoryStore, version: int = 0) -> None:
        self._store = store
        self._version = version
        self._flights: dict[str, asyncio.Future[None]] = {}

    def key(self, model: str, messages: Sequence[Message], sampling: Sampling, sample: int = 0) -> str:
        """What a call is known by.

        Args:
            model: its name and its address.
            sample: 0, 1, 2, … among calls that ask the same and are meant to be asked several times.
        """
        state = hashlib.blake2b(digest_size=24)
        about = (model, self._version, sampling.temperature, sampling.seed, sample, len(messages))
        for part in (repr(about), *(part for each in messages for part in (each.role, each.content))):
            data = part.encode("utf-8", "surrogatepass")
            state.update(len(data).to_bytes(8, "little"))
            state.update(data)
        return state.hexdigest()

    async def reply(
        self, key: str, make: Make, keep: Callable[[Completion], None], most_tokens: int | None = None
    ) -> tuple[Completion, float, bool]:
        """The reply of a call: known, under way elsewhere, or made now.

        Args:
            make: makes the call.
            keep: puts a reply that may be reused into the store, under the key.
            most_tokens: that the reply may have; a known one that is longer does not count.

        Returns:
            the reply, the seconds that it took, and whether it was known; then its usage is that of long ago.

        Raises:
            Exception: what ``make`` raises. Whoever waited for the same then makes it anew.
        """
        while True:
            if (known := self._known(key, most_tokens)) is not None:
                return known, 0.0, True
            flight = self._flights.get(key)
            if flight is None:
                break
            await asyncio.wait([flight])
        flight = self._flights[key] = asyncio.get_running_loop().create_future()
        try:
            completion, seconds = await make()
            if completion.stop == "end" and completion.text:
                keep(completion)
            return completion, seconds, False
        finally:
            del self._flights[key]
            flight.set_result(None)

    def _known(self, key: str, most_tokens: int | None) -> Completion | None:
        try:
            entry = self._store.get(key)
        except MemoryFailure:
            return None  # a call more is made; the store says what is wrong
        if entry is None or not isinstance(entry.value, str):
            return None
        if most_tokens is not None and entry.usage.output_tokens > most_tokens:
            return None
        return Completion(text=entry.value, model=entry.model, usage=entry.usage)
