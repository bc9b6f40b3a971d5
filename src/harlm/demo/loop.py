"""The part of ``harlm demo`` that shows early calls: one cell with a plain loop of calls, run without and
with them.

The code of the cell is in this file. The offline model answers the calls, each with the latency of a
provider.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from harlm.client import HARLM
from harlm.config import Config, Speculation
from harlm.demo.questions import Show
from harlm.events import Event, Scheduled
from harlm.models.offline import ExtractiveModel
from harlm.protocols import LanguageModel
from harlm.scheduler import analyse
from harlm.scheduler.drawing import as_text
from harlm.types import Answer, Context

_LATENCY_S = 0.1  # seconds, simulated
MODULES = (  # files of the library that the cells read
    "bisect.py", "calendar.py", "colorsys.py", "copy.py", "csv.py", "fractions.py", "glob.py", "heapq.py", "pprint.py",
    "queue.py", "sched.py", "shlex.py", "statistics.py", "textwrap.py", "uuid.py", "weakref.py",
)  # fmt: skip

CELL = """\
lines = []
for module in context:
    first = llm_query(f"What is the module for?\\n\\n{module[:2000]}")
    if "not found" not in first.lower():
        lines.append(f"{module.name}: {first.splitlines()[0]}")
print(len(lines), "modules")"""

_FINISH = 'FINAL("\\n".join(lines))'


class _LikeAProvider:
    """The offline model with the latency of a provider. A ``harlm.protocols.LanguageModel``."""

    def __init__(self) -> None:
        self._model: LanguageModel = ExtractiveModel()
        self.name = self._model.name
        self.window = self._model.window

    async def complete(self, messages: Any, sampling: Any) -> Any:
        """See ``harlm.protocols.LanguageModel``."""
        await asyncio.sleep(_LATENCY_S)
        return await self._model.complete(messages, sampling)


class _LastScheduled:
    """Keeps the last report on the calls of a cell. A ``TraceSink``."""

    def __init__(self) -> None:
        self.event: Scheduled | None = None

    def emit(self, event: Event) -> None:
        """Receive one event."""
        if isinstance(event, Scheduled):
            self.event = event


def show_plain_loop(settings: Config, library: Context, show: Show) -> bool:
    """Run the cell without and with early calls, and show both times.

    Returns:
        Whether both answers are the same.
    """
    documents = tuple(each for each in library.documents if each.name in MODULES)
    context = Context(documents=documents, shape="documents")
    show(f"A plain loop of {len(documents)} calls, as a model might write it:\n")
    for line in CELL.splitlines():
        show(f"   {line}")
    show(f"\n   {as_text(analyse(CELL)).splitlines()[0]}")
    plain, plain_s, _ = _timed(settings, context, "off")
    early, early_s, scheduled = _timed(settings, context, "safe")
    is_same = plain.text == early.text
    at_once = (
        ""
        if scheduled is None
        else f"; {scheduled.early} made early, {scheduled.wasted} wasted, {scheduled.parallelism:.1f} at once"
    )
    show(
        f"\n   one after another (--speculation off): {plain_s:.2f} s; with early calls (the default): {early_s:.2f} s, "
        f"{plain_s / early_s:.1f} times faster{at_once}"
    )
    show(f"   (SIMULATED latency: {1000 * _LATENCY_S:.0f} ms for each call of the offline model)")
    same = "The SAME answer" if is_same else "A DIFFERENT answer"
    show(f"   {same}; its first line: {early.text.splitlines()[0]}\n")
    return is_same


def _timed(
    settings: Config, context: Context, speculation: Speculation
) -> tuple[Answer, float, Scheduled | None]:
    def root(messages: list[dict[str, str]]) -> str:
        turn = sum(message["role"] == "assistant" for message in messages)
        return f"```repl\n{_FINISH if turn else CELL}\n```"

    last = _LastScheduled()
    client = HARLM(
        model=root, sub_model=_LikeAProvider(), settings=settings, speculation=speculation, mode="full"
    )
    started = time.perf_counter()
    answer = client.ask("What is each of these modules for?", context, sinks=[last])
    return answer, time.perf_counter() - started, last.event
