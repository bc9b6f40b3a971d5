"""The part of ``harlm demo`` that shows memory: a run whose cells search the replies of its sub-calls, and
the tiers that served them.

The code of the cells is in this file. The offline model answers the calls.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from harlm.client import HARLM
from harlm.config import Config
from harlm.demo.loop import MODULES
from harlm.demo.questions import Show
from harlm.models.offline import ExtractiveModel
from harlm.tracing.memory_table import memory_lines
from harlm.types import Context

_HOT_TOKENS = 300  # room for some of the sixteen replies; the others must be fetched from other tiers
_CELLS = (
    """\
for module in context:
    llm_query(f"What is the module for?\\n\\n{module[:2000]}")""",
    """\
for query in ("days of a month", "heap queue", "days of a month", "zebra crossings"):
    for hit in memory.search(query, k=3):
        print(memory.expand(hit.handle), memory.expand(hit.handle, question=query, max_tokens=20))""",
    'FINAL("done")',
)


def show_remembering(settings: Config, library: Context, show: Show) -> None:
    """Run the cells, and show how often each tier of memory served them."""
    documents = tuple(each for each in library.documents if each.name in MODULES)
    usual = settings.memory.hot_tokens
    memory = msgspec.structs.replace(settings.memory, hot_tokens=_HOT_TOKENS)

    def root(messages: Sequence[dict[str, str]]) -> str:
        turn = sum(message["role"] == "assistant" for message in messages)
        return f"```repl\n{_CELLS[turn]}\n```"

    client = HARLM(
        model=root,
        sub_model=ExtractiveModel(),
        settings=msgspec.structs.replace(settings, memory=memory),
        mode="full",
    )
    answer = client.ask("What is each of these modules for?", Context(documents=documents, shape="documents"))
    show("A later turn searches and fetches the replies of sub-calls, as a model might write it:\n")
    for line in _CELLS[1].splitlines():
        show(f"   {line}")
    show(
        f"\n   (here the hot tier holds {_HOT_TOKENS} tokens instead of {usual:,}, so that all tiers are used)"
    )
    for line in memory_lines(answer.memory, answer.usage):
        show(line)
    show("")
