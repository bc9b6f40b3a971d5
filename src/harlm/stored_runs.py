"""What a client does with runs that are stored: it takes them up again, and replays them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harlm.config import Config
from harlm.home import runs_of
from harlm.interruption import Interruption
from harlm.loading import LoadingClock
from harlm.protocols import TraceSink
from harlm.resuming import bring_here, config_of, context_of, resumption_of
from harlm.running import ClientParts, answered
from harlm.synchronous import run_here
from harlm.tracing.jsonl import find_run
from harlm.typed import schema_of
from harlm.types import Answer

if TYPE_CHECKING:
    from harlm.replaying import Replay


class StoredRuns:
    """The part of a client that works on stored runs.

    Args:
        settings: of the client.
        flags: the values that it was made with, by the names of settings; they override those of a run.
        parts: what it brings to each run.
    """

    def __init__(self, settings: Config, flags: dict[str, object], parts: ClientParts) -> None:
        self._config, self._flags, self._parts = settings, flags, parts

    @property
    def settings(self) -> Config:
        """The settings of the client."""
        return self._config

    async def aresume(
        self,
        run: str,
        context: object = None,
        *,
        schema: object = None,
        accept_changes: bool = False,
        repeats: bool | None = None,
        trusts: bool = False,
        sinks: Sequence[TraceSink] = (),
        began: float | None = None,
        interruption: Interruption | None = None,
    ) -> Answer:
        """The answer of a run that was stopped, killed or cut short: it runs again under its id, and pays for nothing twice but for
        requests that were in flight. It has its own settings, with the arguments that this object was made with.

        Args:
            run: its id, the beginning of it, or ``last``.
            context: its documents, if they cannot be read from where they were.
            schema: as in ``aask``; by default the JSON Schema that the run was asked with.
            accept_changes: whether its documents may have changed since.
            repeats: whether calls of tools that change something are made again if it is unknown whether they took place, or the
                cell is told so; ``None`` refuses to take up such a run.
            trusts: whether a run that was imported may be taken up: with its settings, paths and tools, which someone else has chosen.
            sinks: as in ``aask``.
            began: when the time limit began to count, by ``time.monotonic``; by default now.
            interruption: as in ``aask``.

        Raises:
            TraceError: there is no such run, it has its answer, or it is open in another process, or it was imported.
            ContextError: its documents have changed, or cannot be read.
            HarlmError: as ``aask``.
        """
        await asyncio.to_thread(bring_here, self._config, run)
        stored = find_run(runs_of(self._config), run)
        resumption = resumption_of(stored, accept_changes=accept_changes, repeats=repeats, trusts=trusts)
        config = config_of(resumption.request, self._config, self._flags)
        began = time.monotonic() if began is None else began
        clock = LoadingClock(config.budget.seconds, began)
        kept = resumption.request.schema
        wanted = schema if schema is not None else dict(kept) if kept is not None else None
        task = await context_of(
            resumption, context, None if wanted is None else schema_of(wanted), config, clock
        )
        origin = resumption.request.origin
        return await answered(
            self._parts,
            task,
            config,
            origin,
            sinks=sinks,
            began=began,
            interruption=interruption or Interruption(),
            resumption=resumption,
        )

    def resume(self, run: str, context: object = None, **how: Any) -> Answer:
        """``aresume``, with its arguments, for callers that do not use asyncio."""
        return run_here(self.aresume(run, context, **how))

    def replay(self, run: str | Path, context: object = None) -> Replay:
        """A stored run once more, from its journal: no model is asked, no tool is called, nothing that is stored changes.

        Args:
            run: its id, the beginning of it, or ``last``; or a file that ``harlm runs export`` has written.
            context: its documents, if they cannot be read from where they were.

        Returns:
            what was the same, and the first difference if something was not.

        Raises:
            TraceError: there is no such run, or it has no journal.
            ContextError: its documents have changed, or cannot be read.
        """
        from harlm.replaying import replayed, stored_run  # here, since most runs are not replayed

        with stored_run(runs_of(self._config), run) as stored:
            return run_here(replayed(stored, self._config, context))
