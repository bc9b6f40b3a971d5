"""Collects requests to one model for a moment, sends them as one batch of its provider, and returns the replies.

A request that comes alone is no fan-out, and is not sent: the caller makes it at once. Whatever else keeps a request out
of a batch, or a reply from coming back, is a ``NotInBatch``, after which the caller makes the call itself.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from harlm.errors import ModelError
from harlm.models.batches.running import BatchRun
from harlm.protocols import NOT_SENT
from harlm.types import Completion, Message, Sampling

if TYPE_CHECKING:
    from harlm.models.batches.wire import BatchResult, BatchWire
    from harlm.models.remote import RemoteModel

QUIET_S = 1.0
"""Seconds without a new request after which those collected are sent."""

LONGEST_S = 5.0
"""Seconds after which they are sent in any case."""

_LEAST = 2  # requests of a batch: nothing is gained by waiting for a single one
_MOST_FAILURES = 2  # batches in a row that the provider refused; then no other is made
_CLOSING_S = 5.0  # for the provider to be told that batches are not wanted any more
_STREAMING = ("stream", "stream_options")


class NotInBatch(ModelError):
    """A request got no reply from a batch: make the call itself.

    Attributes:
        note: what the user should know of it; empty for nothing, or if that was told.
    """

    note = ""


@dataclass(slots=True, eq=False)
class _Waiting:
    """A request that waits for its batch.

    Attributes:
        request: its id in the batch.
        line: as it stands there.
        sampling: with which it was asked.
        ends: with its result; ``None`` for a result that the provider did not return.
    """

    request: str
    line: bytes
    sampling: Sampling
    ends: asyncio.Future[BatchResult | None] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )
    run: BatchRun | None = None


class BatchedModel:
    """A model that is asked in batches of its provider. Replies may take a day.

    Args:
        model: the model.
        wire: the batch interface of its provider.

    Attributes:
        name, window: of the model.
        is_missing: whether the provider has shown that it makes no batches for this model.
    """

    def __init__(self, model: RemoteModel, wire: BatchWire) -> None:
        self.name = model.name
        self.window = model.window
        self.is_missing = False
        self._model = model
        self._wire = wire
        self._collected: dict[str, _Waiting] = {}
        self._bytes = 0
        self._first_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._failures = 0
        self._told: set[str] = set()
        self._running: dict[asyncio.Task[None], BatchRun] = {}

    async def complete(self, messages: Sequence[Message], sampling: Sampling) -> Completion:
        """The reply that comes with a batch; see ``harlm.protocols.LanguageModel``.

        Raises:
            NotInBatch: none came; only if it says so (``perhaps_billed``), the request may have cost something.
        """
        plain = replace(sampling, on_text=None, is_enough=None, on_rates=None)

        async def ask(body: dict[str, Any]) -> Completion:
            return self._completion(await self._result(body, plain), messages, plain)

        return await self._model.adapted(messages, plain, ask)

    async def replies(
        self, batch: str, choices: Mapping[str, tuple[str, ...]]
    ) -> Mapping[str, Completion | ModelError]:
        """The results of a batch of an earlier process; see ``harlm.engine.run.InBatches``."""
        results = await BatchRun(self._wire, batch=batch).results()
        found: dict[str, Completion | ModelError] = {}
        for request in choices.keys() & results.keys():
            sampling = Sampling(choices=choices[request])
            try:
                found[request] = self._completion(results[request], (), sampling)
            except ModelError as error:
                if not error.perhaps_billed:
                    found[request] = error
        return found

    async def close(self) -> None:
        """Tell the provider that batches which are under way are not wanted any more."""
        if self._timer is not None:
            self._timer.cancel()
        self._fail(self._collected.values(), self._none("the run has ended"))
        self._collected = {}
        for run in self._running.values():
            run.abandon()
        if self._running:
            await asyncio.wait(tuple(self._running), timeout=_CLOSING_S)
        late = tuple(self._running)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    # -- collecting ----------------------------------------------------------------------------------------

    async def _result(self, body: Mapping[str, Any], sampling: Sampling) -> BatchResult | None:
        if self.is_missing:
            raise self._none("its provider makes no batches for it")
        request = sampling.request_key or uuid.uuid4().hex
        if request in self._collected:
            request = uuid.uuid4().hex
        whole = {name: value for name, value in body.items() if name not in _STREAMING}
        waiting = _Waiting(request, self._wire.line(request, whole), sampling)
        self._collect(waiting)
        try:
            return await waiting.ends
        except asyncio.CancelledError:
            if waiting.run is None:
                if self._collected.pop(request, None) is not None:
                    self._bytes -= len(waiting.line)
                raise asyncio.CancelledError(NOT_SENT) from None
            waiting.run.leave()
            raise

    def _collect(self, waiting: _Waiting) -> None:
        loop, wire = asyncio.get_running_loop(), self._wire
        if self._collected and self._bytes + len(waiting.line) > wire.most_bytes:
            self._send()
        if not self._collected:
            self._first_at = loop.time()
        self._collected[waiting.request] = waiting
        self._bytes += len(waiting.line)
        if len(self._collected) >= wire.most_requests:
            self._send()
            return
        if self._timer is not None:
            self._timer.cancel()
        ends = min(loop.time() + QUIET_S, self._first_at + LONGEST_S)
        self._timer = loop.call_at(ends, self._send)

    def _send(self) -> None:
        """Send what was collected."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        collected, self._collected, self._bytes = [*self._collected.values()], {}, 0
        if len(collected) < _LEAST:
            self._fail(collected, self._none("it is the only request"))
            return
        run = BatchRun(self._wire, waiting=len(collected))
        for each in collected:
            each.run = run
        task = asyncio.get_running_loop().create_task(self._work(run, collected))
        self._running[task] = run
        task.add_done_callback(self._running.pop)

    # -- one batch -----------------------------------------------------------------------------------------

    async def _work(self, run: BatchRun, collected: Sequence[_Waiting]) -> None:
        """Send one batch, and hand on its results."""
        try:
            batch = await run.create([each.line for each in collected])
            for each in collected:
                if each.sampling.on_batch is not None and not each.ends.done():
                    each.sampling.on_batch(each.sampling.request, batch)
            results = await run.results()
        except ModelError as error:
            self._fail(collected, self._refused(error, run))
            return
        except BaseException:
            self._fail(collected, self._none("the run has ended", perhaps_billed=True))
            raise
        self._failures = 0
        for each in collected:
            if not each.ends.done():
                each.ends.set_result(results.get(each.request))

    def _refused(self, error: ModelError, run: BatchRun) -> NotInBatch:
        """Why a whole batch failed. A provider that refuses to make batches is not asked for others."""
        if run.is_abandoned:
            return self._none(str(error), perhaps_billed=True)
        is_made = bool(run.batch)
        self._failures += 1
        has_no_batches = not is_made and _is_definite(error)
        self.is_missing |= has_no_batches or self._failures >= _MOST_FAILURES
        why = "no batch could be made" if not is_made else "its batch failed"
        failure = self._none(f"{why} ({error})", perhaps_billed=error.perhaps_billed)
        more = "all of its calls are" if self.is_missing else "its calls are"
        failure.note = self._once(f"{self.name}: {why} ({error}); {more} made at once, at full price")
        return failure

    def _none(self, why: str, *, perhaps_billed: bool = False) -> NotInBatch:
        return NotInBatch(
            f"{self.name} was not asked in a batch: {why}", model=self.name, perhaps_billed=perhaps_billed
        )

    def _once(self, note: str) -> str:
        """The note, if it was not told before."""
        is_new = note not in self._told
        self._told.add(note)
        return note if is_new else ""

    @staticmethod
    def _fail(collected: Iterable[_Waiting], error: NotInBatch) -> None:
        note = error.note
        for each in collected:
            if not each.ends.done():
                failure = NotInBatch(str(error), model=error.model, perhaps_billed=error.perhaps_billed)
                failure.note, note = note, ""
                each.ends.set_exception(failure)

    # -- one result ----------------------------------------------------------------------------------------

    def _completion(
        self, result: BatchResult | None, messages: Sequence[Message], sampling: Sampling
    ) -> Completion:
        """The completion in a result.

        Raises:
            ModelError: it is a refusal, as for a call of its own.
            NotInBatch: it was not served, or there is no result.
        """
        if result is None:
            raise self._none("its result is missing", perhaps_billed=True)
        if not result.status:
            raise self._none(f"it was not served ({result.why})")
        if result.status >= 300:
            raise self._model.refusal_in(result.reply, result.status, result.request_id)
        return self._model.completion_in(result.reply, messages, sampling, result.request_id)


def _is_definite(error: ModelError) -> bool:
    """Whether a refusal will be the same next time."""
    status = error.status
    return status is not None and 400 <= status < 500 and status not in (401, 408, 409, 425, 429)
