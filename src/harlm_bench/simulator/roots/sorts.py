"""Which sort of work a question asks for, told from its words as a model tells it, with what the words name."""

from __future__ import annotations

import re
from collections.abc import Mapping

from harlm_bench.simulator.roots.bank import Family
from harlm_bench.simulator.roots.render import Value

Found = tuple[Family, Mapping[str, Value]]


def code(question: str) -> Found | None:
    """About a function, method or class of a module."""
    subject = re.search(r"(?:of|calls|from) `([\w.]+)`", question)
    if subject is None or re.search(r"\b(?:raises?|default value|function|method|class|module)\b", question) is None:
        return None
    module = re.search(r"\bIn (?:the (?:module|file) )?`?([\w./-]+)`?,", question)
    return "codeqa", {"module": module[1] if module else "", "subject": subject[1]}


def walk(question: str) -> Found | None:
    """About nodes and edges."""
    node = re.search(r"\b(?:the )?node `?(\w+)`?", question)
    if node is None or "nodes" not in question:
        return None
    depth = re.search(r"(\d+) steps?", question)
    is_backward = re.search(r"point to the node|parents? of", question) is not None
    return "graphwalks", {
        "node": node[1],
        "depth": int(depth[1]) if depth else 1,
        "walk": "parents" if is_backward else "steps",
    }


def needle(question: str) -> Found | None:
    """About the one value of a key."""
    found = re.search(r"\b(?:registered|magic|special|secret) (?:\w+ )?(?:number|word|uuid|value|code)?\s*(?:of|for)\b", question)
    return ("s-niah", {}) if found else None


RECOGNISERS = (code, walk, needle)
"""In the order in which they are tried."""
