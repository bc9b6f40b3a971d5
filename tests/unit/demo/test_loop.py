"""The demo of early calls: one cell, run without and with them."""

from __future__ import annotations

import re

from harlm.config import Config
from harlm.demo.loop import CELL, MODULES, show_plain_loop
from harlm.scheduler import analyse
from harlm.types import Context, Document


def library(*names: str) -> Context:
    documents = tuple(Document(text=f"The module {name} sorts numbers.", name=name) for name in names)
    return Context(documents=documents, shape="documents")


def test_both_runs_have_the_same_answer_and_only_one_is_early() -> None:
    lines: list[str] = []
    assert show_plain_loop(Config(), library(*MODULES[:3], "not_a_module_of_the_demo.py"), lines.append)
    shown = "\n".join(lines)
    assert "A plain loop of 3 calls" in shown
    assert re.search(r"; [1-3] made early, 0 wasted, ", shown)
    assert "The SAME answer; its first line: bisect.py" in shown
    assert "SIMULATED latency: 100 ms" in shown


def test_the_cell_of_the_demo_is_a_map() -> None:
    assert analyse(CELL).shape == "map"
