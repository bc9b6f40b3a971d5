"""Sessions: many questions over one live workspace, with one budget. A session is one stored run with several questions, saved after
each of them.
"""

from __future__ import annotations

import asyncio
import math
import shutil
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import msgspec

from harlm.budget import Caps
from harlm.checks import checked_question
from harlm.config import Config
from harlm.engine import Node, new_run_id
from harlm.engine.conversation import AnsweredQuestion, Conversation
from harlm.engine.failing import partial_in
from harlm.engine.waiting import fetch_batches
from harlm.errors import ConfigError, HarlmError, TraceError
from harlm.events import Event
from harlm.home import runs_of
from harlm.interruption import Interruption
from harlm.journal import JOURNAL
from harlm.loading import LoadingClock, load_async
from harlm.protocols import TraceSink
from harlm.resuming import (
    Resumption,
    config_of,
    context_of,
    keep_request,
    origin_of,
    take_up,
)
from harlm.running import ClientParts, announce, open_parts, solved, stopper, with_type
from harlm.storage import copied
from harlm.synchronous import LoopThread
from harlm.tracing.jsonl import find_run, write_private
from harlm.tracing.notebook import notebook_progress
from harlm.tracing.request import CONTEXT, QUESTIONS, Sources, read_request
from harlm.tracing.timeline import Timeline
from harlm.typed import schema_of
from harlm.types import Answer, Context, Mode, OutputSchema, Task, Usage

_COPIED = ("request.json", CONTEXT, QUESTIONS)

SessionMode = Literal["repl", "full"]
"""The modes that have a REPL, in which a session keeps its state."""


class SessionQuestion(msgspec.Struct, frozen=True, omit_defaults=True):
    """A question of a session, with the JSON Schema of its answer if it has one. ``answer`` and ``status`` are ``None`` as long as it
    has no answer.
    """

    question: str
    schema: Mapping[str, object] | None = None
    answer: str | None = None
    status: str | None = None


class _Saved(msgspec.Struct, frozen=True):
    v: int
    asked: list[SessionQuestion]


class LiveSession:
    """Many questions over one context. What cells define for one question is there for the next; every question adds to the
    same bill. Use it as a context manager, sync or async, or ``close`` it.

    >>> with HARLM().session(Path("./docs")) as session:
    ...     session.ask("Which services use TLS 1.1?")
    ...     session.ask("And who owns them?")

    Args:
        parts: of the client.
        settings: of the session.
        flags: the values that the client was made with.
        context: the documents, or a value that stands for them; ``None`` for those of a session that is taken up again.
        mode: of every question; a session that is taken up again keeps its own.
        resumed: the session that is taken up again: its id, the beginning of it, or ``last``.
        origin: where the documents come from; by default the paths in ``context``.
        accept_changes: whether the documents may have changed since.
    """

    def __init__(
        self,
        parts: ClientParts,
        settings: Config,
        flags: dict[str, object],
        context: object,
        *,
        mode: SessionMode = "full",
        resumed: str | None = None,
        origin: Sources | None = None,
        accept_changes: bool = False,
    ) -> None:
        if mode not in ("repl", "full"):
            raise ConfigError(
                f"a session keeps the state of a REPL, which mode {mode!r} has not; use repl or full"
            )
        self._parts, self._settings, self._flags = parts, settings, flags
        self._context, self._mode = context, mode
        self._origin = origin or origin_of(context)
        self._accept_changes = accept_changes
        self._run_id = None if resumed is None else find_run(runs_of(settings), resumed).folder.name
        self._loaded: Context | None = None
        self._asked: list[SessionQuestion] = []
        self._closing: AsyncExitStack | None = None
        self._node: Node | None = None
        self._seconds: float | None = None
        self._relay = _Relay()
        self._thread: LoopThread | None = None
        self._is_at_work = False

    # -- what is known -------------------------------------------------------------------------------------

    @property
    def id(self) -> str:
        """The id of the session, under which it is stored; empty before its first question."""
        return self._run_id or ""

    @property
    def settings(self) -> Config:
        """The settings of the client."""
        return self._settings

    @property
    def asked(self) -> Sequence[SessionQuestion]:
        """The questions so far."""
        return tuple(self._asked)

    @property
    def usage(self) -> Usage:
        """What all questions together have used."""
        return Usage() if self._node is None else self._node.account.usage

    # -- asking --------------------------------------------------------------------------------------------

    async def aask(
        self,
        question: str,
        *,
        schema: object = None,
        sinks: Sequence[TraceSink] = (),
        interruption: Interruption | None = None,
    ) -> Answer:
        """The answer to the next question; arguments and errors as for ``HARLM.aask``. A question that ends with an error stays the
        last one, and its state is that of its last cell.
        """
        text = checked_question(question)
        with self._at_work():
            node = await self._opened()
            wanted = None if schema is None else schema_of(schema)
            self._asked.append(SessionQuestion(text, None if wanted is None else wanted.json_schema))
            self._save()
            with notebook_progress(sinks, is_wanted=self._settings.tracing.notebook) as told:
                return await self._answered(node, len(self._asked) - 1, wanted, told, interruption)

    async def aopen(self) -> Self:
        """Open the session now rather than with its first question. One that is taken up again then has its state."""
        with self._at_work():
            await self._opened()
        return self

    async def aundo(self) -> str:
        """Take the last question back, with what its cells have changed. What it has cost stays counted.

        Returns:
            the question.

        Raises:
            ConfigError: there is none.
        """
        with self._at_work():
            await self._opened()
            if not self._asked:
                raise ConfigError("there is no question to take back")
            undone = self._asked.pop()
            self._save()
            await self._reopened()
            return undone.question

    async def afork(self) -> LiveSession:
        """A second session that begins with the state of this one, and goes its own way from then on. It has an id of its own, and
        its bill begins with what this one has paid.
        """
        with self._at_work():
            await self._opened()
            before, fresh = self._folder, new_run_id()
            await asyncio.to_thread(_twin_of, before, before.with_name(fresh))
            twin = LiveSession(
                self._parts,
                self._settings,
                self._flags,
                self._loaded,
                mode=self._mode,
                resumed=None,
                origin=self._origin,
            )
            twin._run_id = fresh
            return twin

    async def aclose(self) -> None:
        """End the session; it stays stored. Safe to call twice."""
        closing, self._closing, self._node = self._closing, None, None
        if closing is not None:
            await closing.aclose()

    # -- without asyncio -----------------------------------------------------------------------------------

    def ask(self, question: str, **how: Any) -> Answer:
        """``aask``, with its arguments, for callers that do not use asyncio."""
        return self._in_thread().run(self.aask(question, **how))

    def undo(self) -> str:
        """``aundo`` for callers that do not use asyncio."""
        return self._in_thread().run(self.aundo())

    def fork(self) -> LiveSession:
        """``afork`` for callers that do not use asyncio."""
        return self._in_thread().run(self.afork())

    def close(self) -> None:
        """``aclose`` for callers that do not use asyncio."""
        if self._thread is not None:
            self._thread.run(self.aclose())
            self._thread.close()
            self._thread = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return await self.aopen()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    # -- inside --------------------------------------------------------------------------------------------

    def _in_thread(self) -> LoopThread:
        if self._thread is None:
            self._thread = LoopThread()
        return self._thread

    @property
    def _folder(self) -> Path:
        return runs_of(self._settings) / self.id

    async def _opened(self) -> Node:
        """The node of the session. One that is taken up again first answers its questions once more, from its journal."""
        if self._node is None:
            await self._open()
        assert self._node is not None
        return self._node

    async def _open(self) -> None:
        stored = self._run_id is not None
        resumption = self._stored() if stored else None
        config = (
            self._settings
            if resumption is None
            else config_of(resumption.request, self._settings, self._flags)
        )
        clock = LoadingClock(None)
        if resumption is None:
            context = await load_async(self._context, config.loading, clock)
        else:
            task = await context_of(resumption, self._loaded or self._context, None, config, clock)
            context, self._mode = task.context, "repl" if task.mode == "repl" else "full"
        self._loaded, self._seconds = context, config.budget.seconds
        timeless = msgspec.structs.replace(
            config, budget=msgspec.structs.replace(config.budget, seconds=None)
        )  # the user may think between two questions
        async with AsyncExitStack() as opening:
            node = await opening.enter_async_context(
                open_parts(
                    self._parts,
                    timeless,
                    sinks=[self._relay],
                    began=time.monotonic(),
                    goal="",
                    resumption=resumption,
                )
            )
            node.run.conversation = Conversation()
            opening.push_async_callback(node.run.conversation.close)
            self._run_id, self._node = node.run.id, node
            if resumption is None:
                await keep_request(self._task("", context), config, node, self._origin)
            else:
                await fetch_batches(node)
                take_up(resumption, node)
                for at in range(len(self._asked)):
                    schema = self._asked[at].schema
                    wanted = None if schema is None else schema_of(dict(schema))
                    with suppress(HarlmError):  # a question that had failed; its error was told then
                        await self._answered(node, at, wanted, (), None)
            self._closing = opening.pop_all()

    def _stored(self) -> Resumption:
        """The session as it is stored.

        Raises:
            TraceError: it is none, or cannot be read.
        """
        stored = find_run(runs_of(self._settings), self.id)
        self._asked = read_questions(stored.folder)
        return Resumption(
            folder=stored.folder,
            request=read_request(stored.folder),
            accept_changes=self._accept_changes,
            repeats=False,
        )

    async def _reopened(self) -> None:
        await self.aclose()
        await self._open()

    def _task(self, question: str, context: Context) -> Task:
        mode: Mode = self._mode
        return Task(question=question, context=context, mode=mode)

    async def _answered(
        self,
        session: Node,
        at: int,
        wanted: OutputSchema | None,
        sinks: Sequence[TraceSink],
        interruption: Interruption | None,
    ) -> Answer:
        """The answer to one of the questions, saved at once. The time limit holds for each of them."""
        assert self._loaded is not None
        task = replace(self._task(self._asked[at].question, self._loaded), schema=wanted)
        seconds = math.inf if self._seconds is None else self._seconds
        purse = session.account.purse(Caps(ends=time.monotonic() + seconds))
        session.run.continues(session.account)
        node = Node(run=session.run, models=session.models, account=purse, name=str(at))
        timeline = Timeline()
        self._relay.sinks = (*sinks, timeline)
        try:
            with (interruption or Interruption()).heard_by(stopper(node)):
                await announce(task, node, self._parts.note if not at else None)
                answer = await solved(task, node, is_strict=self._settings.engine.strict)
        except HarlmError as error:
            if (so_far := partial_in(error)) is not None:
                self._note(at, so_far)
            raise
        finally:
            self._relay.sinks = ()
        self._note(at, answer)
        return replace(with_type(answer, wanted), timeline=timeline.calls)

    def _note(self, at: int, answer: Answer) -> None:
        node = self._node
        if node is not None and node.run.conversation is not None:
            node.run.conversation.add(AnsweredQuestion(self._asked[at].question, answer.text))
        self._asked[at] = msgspec.structs.replace(self._asked[at], answer=answer.text, status=answer.status)
        self._save()

    def _save(self) -> None:
        if self._folder.is_dir():
            write_private(self._folder / QUESTIONS, msgspec.json.encode(_Saved(1, self._asked)))

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        """One thing at a time: the state of the REPL belongs to it.

        Raises:
            ConfigError: something else is under way.
        """
        if self._is_at_work:
            raise ConfigError("this session answers another question; wait for it, or fork the session")
        self._is_at_work = True
        try:
            yield
        finally:
            self._is_at_work = False


class _Relay:
    """A sink that passes events on to the sinks of the question that is being answered."""

    def __init__(self) -> None:
        self.sinks: Sequence[TraceSink] = ()

    def emit(self, event: Event) -> None:
        """Pass one event on."""
        for sink in self.sinks:
            sink.emit(event)


def read_questions(folder: Path) -> list[SessionQuestion]:
    """The questions of a stored session.

    Raises:
        TraceError: the run is no session, or cannot be read.
    """
    try:
        return msgspec.json.decode((folder / QUESTIONS).read_bytes(), type=_Saved).asked
    except FileNotFoundError:
        raise TraceError(
            f"run {folder.name} is no session; `harlm runs resume {folder.name}` takes it up"
        ) from None
    except (OSError, msgspec.MsgspecError) as error:
        raise TraceError(f"session {folder.name} cannot be read: {error}") from error


def _twin_of(folder: Path, to: Path) -> None:
    """Copy what a session needs to be taken up again.

    Raises:
        TraceError: it cannot be copied.
    """
    try:
        to.mkdir(mode=0o700)
        for name in (*_COPIED, "run.json"):
            if (folder / name).exists():
                shutil.copyfile(folder / name, to / name)
        copied(folder / JOURNAL, to / JOURNAL)
    except (OSError, sqlite3.Error) as error:
        raise TraceError(f"session {folder.name} cannot be forked: {error}") from error
