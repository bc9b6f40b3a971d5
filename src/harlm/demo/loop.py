"""The last part of ``harlm demo``: one cell with a plain loop of calls, run as it stands and with calls made early. The cell is
this file's; the calls are answered by the offline model, each as late as a provider would answer it.
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

_LATENCY_S = 0.1
MODULES = (  # of the library, that the cells read
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
    """The offline model, as late as a model behind a network."""

    def __init__(self) -> None:
        self._model: LanguageModel = ExtractiveModel()
        self.name = self._model.name
        self.window = self._model.window

    async def complete(self, messages: Any, sampling: Any) -> Any:
        """See ``harlm.protocols.LanguageModel``."""
        await asyncio.sleep(_LATENCY_S)
        return await self._model.complete(messages, sampling)


class _Cell:
    """Remembers what the calls of a run's cell did."""

    def __init__(self) -> None:
        self.told: Scheduled | None = None

    def emit(self, event: Event) -> None:
        """Take one event."""
        if isinstance(event, Scheduled):
            self.told = event


def show_plain_loop(settings: Config, library: Context, show: Show) -> bool:
    """Run the cell twice, and show what came of it.

    Returns:
        whether both answers are the same.
    """
    documents = tuple(each for each in library.documents if each.name in MODULES)
    context = Context(documents=documents, shape="documents")
    show(f"A plain loop of {len(documents)} calls, as a model might write it:\n")
    for line in CELL.splitlines():
        show(f"   {line}")
    show(f"\n   {as_text(analyse(CELL)).splitlines()[0]}")
    alone, alone_s, _ = _asked(settings, context, "off")
    ahead, ahead_s, told = _asked(settings, context, "safe")
    is_same = alone.text == ahead.text
    at_once = (
        ""
        if told is None
        else f"; {told.early} made early, {told.wasted} wasted, {told.parallelism:.1f} at once"
    )
    show(
        f"\n   one after another (--speculation off): {alone_s:.2f} s; as HARLM runs it: {ahead_s:.2f} s, "
        f"{alone_s / ahead_s:.1f} times faster{at_once}"
    )
    show(f"   (SIMULATED latency: the offline model, {1000 * _LATENCY_S:.0f} ms late each time)")
    show(f"   {'The SAME answer' if is_same else 'ANOTHER answer'}, such as: {ahead.text.splitlines()[0]}\n")
    return is_same


def _asked(
    settings: Config, context: Context, speculation: Speculation
) -> tuple[Answer, float, Scheduled | None]:
    def root(messages: list[dict[str, str]]) -> str:
        turn = sum(message["role"] == "assistant" for message in messages)
        return f"```repl\n{_FINISH if turn else CELL}\n```"

    cell = _Cell()
    client = HARLM(
        model=root, sub_model=_LikeAProvider(), settings=settings, speculation=speculation, mode="full"
    )
    started = time.perf_counter()
    answer = client.ask("What is each of these modules for?", context, sinks=[cell])
    return answer, time.perf_counter() - started, cell.told
