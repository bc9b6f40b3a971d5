"""From a request to a run: which client, which documents, which limits, and what the run has cost in the end."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from harlm.client import HARLM
from harlm.config import DEFAULT_USD
from harlm.conversations import AskedOf, over, spoken
from harlm.corpora import Corpora
from harlm.engine.prompts import NOTHING_LEARNED
from harlm.errors import ConfigError, LimitExceeded
from harlm.interruption import Interruption
from harlm.server.failures import RequestRefused
from harlm.server.failures import closing as server_closing
from harlm.server.keys import Hold, KeyHolder
from harlm.server.metrics import ServerMetrics
from harlm.server.progress import RunProgress
from harlm.server.questions import about_corpus, about_itself
from harlm.server.wishes import Wishes
from harlm.storing import paid_by
from harlm.tracing.request import Sources
from harlm.types import Answer, Budget, Context

AUTO = "harlm/auto"
"""The model whose context is the conversation."""

_PREFIX = "harlm/"
_RICHEST_USD = 1e9  # a higher limit means no limit


@dataclass(frozen=True, slots=True)
class EndedRun:
    """An answer, and the limit that ended its run early, if one did."""

    answer: Answer
    limit: str | None = None


class Answering:
    """Answers requests with one client, for as long as the server runs.

    Args:
        client: runs the questions.
        corpora: what can be asked about.
        metrics: count the runs.

    Attributes:
        is_closing: whether no new run begins.
        under_way: how many runs have not ended.
    """

    def __init__(self, client: HARLM, corpora: Corpora, metrics: ServerMetrics) -> None:
        self.client, self.corpora, self.metrics = client, corpora, metrics
        self.is_closing, self.under_way = False, 0
        self._interruption = Interruption()
        self._settling: set[asyncio.Task[None]] = set()
        metrics.runs_from(lambda: self.under_way)

    @property
    def models(self) -> tuple[str, ...]:
        """All names that can be asked."""
        return (*(f"{_PREFIX}{name}" for name in self.corpora), AUTO)

    def admit(self, wishes: Wishes, holder: KeyHolder) -> AdmittedRun:
        """A run that may begin. ``answer`` it, which also ends it.

        Raises:
            RequestRefused: 400, there is no question; 402, 404, 429 or 503.
        """
        if self.is_closing:
            raise server_closing()
        if wishes.model not in self.models:
            raise RequestRefused(
                404,
                f"there is no model {wishes.model[:200]!r} here; use {', '.join(self.models)}",
                code="model_not_found",
                param="model",
            )
        asked = about_itself(wishes.said) if wishes.model == AUTO else about_corpus(wishes.said)
        return AdmittedRun(self, wishes, asked, holder.hold(self._most_micros(wishes)), holder)

    def interrupt(self) -> None:
        """Let all runs finish with what they have. May be called again for those that had not begun."""
        self._interruption.request()

    async def settled(self) -> None:
        """Return when the cost of every run that has ended is known."""
        if self._settling:
            await asyncio.wait(self._settling)

    def _most_micros(self, wishes: Wishes) -> int:
        """The micro-dollars that a run may cost."""
        own = self.client.settings.budget.usd
        own = DEFAULT_USD if own is None else min(own, _RICHEST_USD)
        return round(min(own, own if wishes.usd is None else wishes.usd) * 1_000_000)

    # -- for runs ------------------------------------------------------------------------------------------

    async def _documents(self, model: str, asked: AskedOf) -> tuple[Context, Sources]:
        """The documents of a question, and where they can be read again."""
        if model == AUTO:
            return spoken(asked), Sources()
        corpus = self.corpora[model.removeprefix(_PREFIX)]
        context = (await corpus.read()).context
        if not asked.is_alone:
            return over(asked, context), Sources()
        return context, Sources(paths=corpus.sources, folder=str(Path.cwd()))

    def limited(self, wishes: Wishes, hold: Hold, holder: KeyHolder) -> HARLM:
        """The client, with a lower limit if the request or its key has one."""
        if wishes.usd is None and not holder.is_limited:
            return self.client
        return self.client.limited(Budget(usd=hold.micros / 1_000_000))

    async def run(self, wishes: Wishes, asked: AskedOf, client: HARLM, progress: RunProgress) -> EndedRun:
        """Answer the question of a request.

        Raises:
            HarlmError: as ``HARLM.aask``; of a run that was stopped by a limit, only if it has found nothing.
        """
        context, origin = await self._documents(wishes.model, asked)
        if self.is_closing:
            raise server_closing()
        try:
            answer = await client.aask(
                asked.question, context, mode=wishes.mode, schema=wishes.schema, sinks=[progress], origin=origin,
                interruption=self._interruption,
            )  # fmt: skip
        except LimitExceeded as error:
            partial = error.partial
            if partial is None or partial.text.endswith(NOTHING_LEARNED) or wishes.schema is not None:
                raise
            return EndedRun(partial, error.limit)
        except ConfigError as error:
            if wishes.usd is None or self.client.settings.budget.usd is not None:
                raise
            raise RequestRefused(400, str(error), param="metadata.harlm_max_cost") from error
        return EndedRun(answer)

    @contextmanager
    def counted(self) -> Iterator[None]:
        """In this block, a run is under way."""
        self.under_way += 1
        try:
            yield
        finally:
            self.under_way -= 1

    def settle(self, hold: Hold, progress: RunProgress) -> None:
        """Have a run that has no answer settled with what its journal says that it has cost at most."""

        async def settle() -> None:
            spent = progress.micros
            try:
                paid = await asyncio.to_thread(paid_by, progress.run, self.client.settings)
                spent = max(spent, paid.cost_micros or 0)
            finally:
                hold.settle(spent)

        if not progress.run:
            hold.settle(0)
            return
        task = asyncio.create_task(settle())
        self._settling.add(task)
        task.add_done_callback(self._settling.discard)


class AdmittedRun:
    """One run of a request, in the books of its key.

    Args:
        asking: where it runs.
        wishes: what is asked.
        asked: the question in it.
        hold: its place in the books.
        holder: whose.
    """

    def __init__(
        self, asking: Answering, wishes: Wishes, asked: AskedOf, hold: Hold, holder: KeyHolder
    ) -> None:
        self._asking, self.wishes, self._asked, self._hold, self._holder = asking, wishes, asked, hold, holder
        self.progress = RunProgress()
        self._has_begun = False

    async def answer(self) -> EndedRun:
        """The answer. However this ends, the run is in the books of its key.

        Raises:
            HarlmError: as ``HARLM.aask``.
        """
        asking, wishes, progress, self._has_begun = self._asking, self.wishes, self.progress, True
        outcome, spent = "cancelled", None
        with asking.counted():
            try:
                client = asking.limited(wishes, self._hold, self._holder)
                answered = await asking.run(wishes, self._asked, client, progress)
                outcome, spent = answered.answer.status, answered.answer.usage.cost_micros or 0
                return answered
            except Exception:
                outcome = "failed"
                raise
            finally:
                asking.metrics.run(wishes.model, outcome, progress.tokens, spent or progress.micros)
                self._end(spent)

    def abandon(self) -> None:
        """Take the run out of the books if it has not begun."""
        if not self._has_begun:
            self._hold.settle(0)

    def _end(self, spent: int | None) -> None:
        if spent is None:
            self._asking.settle(self._hold, self.progress)
        else:
            self._hold.settle(spent)
