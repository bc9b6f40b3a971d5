"""The demo of memory: replies of sub-calls, searched and fetched by a later turn."""

from __future__ import annotations

from harlm.config import Config
from harlm.demo.loop import MODULES
from harlm.demo.memory import show_remembering
from harlm.types import Context, Document


def test_the_tiers_that_served_are_shown() -> None:
    documents = tuple(
        Document(text=f"The module {name} has a heap queue and the days of a month.", name=name)
        for name in MODULES[:4]
    )
    lines: list[str] = []
    show_remembering(Config(), Context(documents=documents, shape="documents"), lines.append)
    shown = "\n".join(lines)
    assert "the hot tier holds 300 tokens instead of 16,000" in shown
    (hot,) = [line.split() for line in shown.splitlines() if line.strip().startswith("hot ")]
    assert int(hot[1]) > 0
