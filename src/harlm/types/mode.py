"""The ways to solve a task: modes and strategies, how their reading grows with the text, and how they end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, get_args

from msgspec import Meta

Mode = Literal["direct", "plan", "repl", "full"]
"""How a task is solved: one call, a strategy without a root model, a REPL without sub-models, or a REPL with them."""

MODES: tuple[Mode, ...] = ("direct", "plan", "repl", "full")

BuiltInStrategy = Literal["direct", "search", "label", "map", "follow", "filter", "compare", "table"]
"""A way to answer that needs no root model.

``direct``: one call over the part of the context that search selects. ``search``: search, read the best passages, check the
answer against them. ``label``: judge every item once, and compute in code. ``map``: read every part, and join what was found
level by level. ``follow``: look up one step after another. ``filter``: keep the items that meet every condition. ``compare``:
collect what several sources say of the same things, and let code decide between them. ``table``: compute over the tables.
"""

STRATEGIES: tuple[BuiltInStrategy, ...] = get_args(BuiltInStrategy)

Strategy = Annotated[str, Meta(max_length=200)]
"""A strategy: a built-in one, or one that an installed package brings. Settings take only names of these."""

Growth = Literal["constant", "logarithmic", "linear", "factorable pairs", "arbitrary pairs"]
"""How the tokens that an exact answer must read grow with the text. ``constant``: it needs a slice that code
can find. ``logarithmic``: the place where something changes in ordered text. ``linear``: every atom.
``factorable pairs``: every pair of atoms, each pair judged from what was learned about each atom alone.
``arbitrary pairs``: every pair, both atoms read together.
"""

Status = Literal["ok", "partial", "not_found"]
"""``ok``: the model finished. ``partial``: the answer is from what was learned until a limit, a failure, the last turn or
a model that led nowhere ended the node, or the reply was cut. ``not_found``: the model says that the context does not
contain the answer.
"""

STATUSES: tuple[Status, ...] = ("ok", "partial", "not_found")

STATUS_RANK: Mapping[Status, int] = {"partial": 0, "not_found": 1, "ok": 2}
"""Which of two answers found more: the one with the higher rank."""
