"""Runs a stored run again from its journal, without a model and without a network, and compares what happens."""

from __future__ import annotations

import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from harlm import events
from harlm.common_parts import FixedModels
from harlm.config import Config
from harlm.engine import Models
from harlm.engine.failing import partial_in
from harlm.engine.small import DESCRIPTION
from harlm.errors import HarlmError, TraceError
from harlm.events import Event
from harlm.interruption import Interruption
from harlm.journal import JOURNAL
from harlm.loading import LoadingClock
from harlm.models.recorded import RecordedModel
from harlm.resuming import Resumption, config_of, context_of, harmless_config_of
from harlm.running import ClientParts, answered
from harlm.storage import copied
from harlm.tools.recorded import RecordedTool
from harlm.tools.toolset import Toolset
from harlm.tracing.jsonl import RunFolder, find_run
from harlm.tracing.moving import EXPORTED, import_run
from harlm.tracing.request import RunRequest, has_questions, is_imported, read_request
from harlm.types import Answer, ModelDescription

_SHOWN = 400  # characters of each side of a difference


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The first place in which two runs differ.

    Attributes:
        what: such as ``cell 3 of node 0``.
        before, now: the two sides; empty for what is missing.
    """

    what: str
    before: str
    now: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """The result of a replay.

    Attributes:
        run: the id of the run.
        cells, calls: how many were the same: cells, and calls to models and tools.
        seconds: how long it took.
        answer: the answer, partial or whole; ``None`` if there was none.
        difference: the first one; ``None`` if there is none.
    """

    run: str
    cells: int
    calls: int
    seconds: float
    answer: Answer | None
    difference: Difference | None


@contextmanager
def stored_run(runs: Path, run: str | Path) -> Iterator[RunFolder]:
    """A run, by its id, or in a file that ``harlm runs export`` has written.

    Raises:
        TraceError: there is no such run, or the file holds none.
    """
    if not isinstance(run, Path) and not run.endswith(EXPORTED):
        yield find_run(runs, run)
        return
    with tempfile.TemporaryDirectory(prefix="harlm-run-") as scratch:
        yield RunFolder(Path(scratch, import_run(Path(run), Path(scratch))))


async def replayed(stored: RunFolder, own: Config, context: object = None) -> Replay:
    """Run a stored run again. Nothing is asked and nothing that is stored changes.

    Args:
        stored: the run.
        own: settings of this process. A run from another machine gets its sandbox, and reads no paths.
        context: the documents, if they cannot be read from where they were.

    Raises:
        TraceError: the run cannot be replayed: it has no journal, or nothing of what it was asked.
        ContextError: its documents cannot be read, or have changed.
    """
    began = time.monotonic()
    if has_questions(stored.folder):
        raise TraceError(f"run {stored.folder.name} is a session, and only a run of one question is replayed")
    request = read_request(stored.folder)
    seen: list[Event] = []
    with tempfile.TemporaryDirectory(prefix="harlm-replay-") as home:
        is_ours = not is_imported(stored.folder)
        config = _apart(config_of(request, own, {}) if is_ours else harmless_config_of(request, own), home)
        original = Resumption(folder=stored.folder, request=request, repeats=False, reads_paths=is_ours)
        task = await context_of(original, context, None, config, LoadingClock(None))
        copy = _copied(stored.folder, Path(home))
        models = _fixed(request, copy / JOURNAL)
        parts = ClientParts(
            prices={each.name: each.price for each in request.models if each.price is not None},
            tools=Toolset(tuple(map(RecordedTool, request.tools))),
            models=models,
        )
        answer: Answer | None = None
        try:
            answer = await answered(
                parts,
                task,
                config,
                request.origin,
                sinks=[_Into(seen)],
                began=began,
                interruption=Interruption(),
                resumption=Resumption(folder=copy, request=request, repeats=False),
            )
        except HarlmError as error:
            answer = partial_in(error)
    before = list(stored.events())
    difference = first_difference(before, seen)
    return Replay(
        run=stored.folder.name,
        cells=sum(isinstance(each, events.CellFinished) for each in seen),
        calls=sum(isinstance(each, events.Reused | events.ToolCalled) for each in seen),
        seconds=time.monotonic() - began,
        answer=answer,
        difference=difference,
    )


def first_difference(before: Sequence[Event], now: Sequence[Event]) -> Difference | None:
    """The first difference between two runs: in the cells of the root, in those of other nodes, in the calls that were not in
    vain, in the answer, or in what it cost. Times do not count.
    """
    sides = [_Story(before), _Story(now)]
    for part in ("cells", "children", "calls", "answer"):
        old, new = (getattr(side, part) for side in sides)
        if part in ("cells", "answer"):
            pairs = _paired(old, new)
        else:  # which of two that run side by side comes first is open
            pairs = _paired(
                sorted((Counter(old) - Counter(new)).elements()),
                sorted((Counter(new) - Counter(old)).elements()),
            )
        for what, left, right in pairs:
            if left != right:
                return Difference(what=what, before=left, now=right)
    return None


def shortened(text: str, other: str) -> str:
    """A text from shortly before the place where it differs from another one."""
    at = next(
        (at for at, (one, two) in enumerate(zip(text, other, strict=False)) if one != two),
        min(len(text), len(other)),
    )
    start = max(0, at - _SHOWN // 4)
    end = start + _SHOWN
    return f"{'…' if start else ''}{text[start:end]}{'…' if end < len(text) else ''}"


_Line = tuple[str, str]  # what it is, and its content


class _Story:
    """What happened in a run, without times."""

    def __init__(self, told: Sequence[Event]) -> None:
        self.cells: list[_Line] = []
        self.children: list[_Line] = []
        self.calls: list[_Line] = []
        self.answer: list[_Line] = []
        roots = {each.node for each in told if isinstance(each, events.NodeStarted) and each.parent is None}
        for event in told:
            self._add(event, is_root=event.node in roots)

    def _add(self, event: Event, *, is_root: bool) -> None:
        match event:
            case events.CellStarted():
                self._cell(f"the code of a cell in turn {event.turn}", event.code, is_root=is_root)
            case events.CellFinished():
                printed = event.output + (event.error or "")
                self._cell(f"what a cell in turn {event.turn} printed", printed, is_root=is_root)
            case events.Scheduled():
                self._cell(
                    f"the calls of a cell in turn {event.turn}",
                    f"{event.pattern}, {event.calls - event.wasted} calls",
                    is_root=is_root,
                )
            case events.ToolCalled():
                self.calls.append(
                    (f"a call of {event.tool}", f"{event.arguments} -> {event.value}{event.error}")
                )
            case events.Answered(answer=answer):
                usage = answer.usage
                self.answer = [
                    ("the answer", answer.text),
                    ("its status", answer.status),
                    ("its citations", str([(each.source, each.quote) for each in answer.citations])),
                    ("the requests", str(usage.calls)),
                    ("the tokens", f"{usage.input_tokens} + {usage.output_tokens}"),
                    ("the cost in micro-dollars", str(usage.cost_micros)),
                ]

    def _cell(self, what: str, content: str, *, is_root: bool) -> None:
        if is_root:
            self.cells.append((what, content))
        else:
            self.children.append((f"{what} of another node", content))


def _paired(old: Sequence[_Line], new: Sequence[_Line]) -> Iterator[tuple[str, str, str]]:
    for at in range(max(len(old), len(new))):
        left = old[at] if at < len(old) else ("", "")
        right = new[at] if at < len(new) else ("", "")
        yield left[0] or right[0], left[1], right[1]


def _apart(config: Config, home: str) -> Config:
    """The settings of a run without what would reach beyond it: its home, the replies of other runs, a server of embeddings. Its
    time does not count.
    """
    changed = msgspec.structs.replace
    return changed(
        config,
        tracing=changed(config.tracing, home=home, otel=False),
        memory=changed(config.memory, cache=False, embedder=None, store=None),
        budget=changed(config.budget, seconds=None),
    )


def _copied(folder: Path, home: Path) -> Path:
    """A copy of the journal of a run, in a home of its own.

    Raises:
        TraceError: there is no journal, or it cannot be read.
    """
    copy = home / "runs" / folder.name
    copy.mkdir(parents=True, mode=0o700)
    journal = folder / JOURNAL
    if not journal.exists():
        raise TraceError(
            f"run {folder.name} has no journal, so it cannot be replayed; `harlm runs show` tells what it did"
        )
    try:
        copied(journal, copy / JOURNAL)
    except sqlite3.Error as error:
        raise TraceError(f"the journal of run {folder.name} cannot be read: {error}") from error
    return copy


def _fixed(request: RunRequest, journal: Path) -> FixedModels:
    """Stand-ins for the models of a run, which know what the servers said."""
    named = {
        each.name: RecordedModel(each.name, each.window, _described(journal, each.name))
        for each in request.models
    }
    root, sub, economy = request.root, request.sub, request.economy
    return FixedModels(
        models=Models(
            root=named[root], sub=named[sub], economy=named[economy] if economy is not None else None
        ),
        identities={each.name: each.identity for each in request.models},
    )


def _described(journal: Path, model: str) -> ModelDescription | None:
    with closing(sqlite3.connect(journal)) as connection:
        row = connection.execute(
            "SELECT value FROM choices WHERE node = ? AND what = ?", (model, DESCRIPTION)
        ).fetchone()
    return None if row is None else msgspec.json.decode(row[0], type=ModelDescription)


class _Into:
    """A sink that keeps events."""

    def __init__(self, seen: list[Event]) -> None:
        self._seen = seen

    def emit(self, event: Event) -> None:
        """Keep one event."""
        self._seen.append(event)
