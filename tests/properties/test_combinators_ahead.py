"""A scout ahead of a cell with combinators is as invisible as ahead of any other: it stops at them, and no call is made twice or lost."""

from __future__ import annotations

import os
from random import Random

from harlm.config import SandboxSettings
from harlm.guest.vocabulary import COMBINATORS, INNER
from harlm.sandbox.tiers import ChosenSandbox
from harlm.types import Early
from tests.support.equivalence import Twins

_PROGRAMS = 2_000 if os.environ.get("HARLM_FUZZ") else 80
_FUNCTIONS = ("llm_query", "llm_query_batched", *COMBINATORS, *INNER)
_STEPS = (
    "items = [f'{{n}} {{line}}' for n, line in enumerate(split(context, 'line')[:{n}])]",
    "found = label(items, ['yes', 'no'], {instruction!r})",
    "out += [llm_query(f'{seed} {{item}}') for item in items[:{n}]]",
    "for item, value in zip(items, found):\n    out.append(llm_query(f'{{item}} is {{value}}, {seed}'))",
    "if found and found[0] == 'yes':\n    out.append(llm_query('first, {seed}'))\nelse:\n    out.append(llm_query('other, {seed}'))",
    "for n in range({n}):\n    reply = llm_query(f'step {{n}} {seed}')\n    out.append(reply)\n    if reply.startswith('maybe'):\n        break",
    "out += llm_query_batched([f'{{item}} {seed}' for item in items])",
    "out.append(sum(value == 'yes' for value in found))",
    "made = pairs(list(range({n})), lambda one, other: llm_query(f'{{one}} {{other}} {seed}')[:3] == 'yes')",
    "made = pairs(found, lambda one, other: one == other == 'yes')",
    "out.append(len(label([reply for reply in map(str, out)], ['yes', 'no'], answer=lambda values: values.count('yes'))))",
    "try:\n    label(items, ['yes'])\nexcept ValueError as error:\n    out.append(str(error))",
    "print(out[-3:])",
)


def _program(seed: int) -> str:
    """A cell that mixes calls of models with combinators."""
    chance = Random(seed)
    steps = [
        step.format(
            n=chance.randint(1, 4), seed=f"{seed}-{at}", instruction=chance.choice(["", "Be strict."])
        )
        for at, step in enumerate(chance.choices(_STEPS, k=chance.randint(3, 8)))
    ]
    return "\n".join(["items, found, out, made = ['a'], [], [], []", *steps, "print(out, found, made)"])


async def test_cells_with_combinators_do_the_same_with_a_scout() -> None:
    sandbox = ChosenSandbox(SandboxSettings(allow_unsafe=True, cell_seconds=10))
    early = Early()
    try:
        async with Twins(sandbox, functions=_FUNCTIONS) as twins:
            for seed in range(_PROGRAMS):
                cell = _program(seed)
                pair = await twins.run([cell], seed)
                assert pair.is_same, f"{seed}:\n{cell}\n{pair}"
                early += pair.record.early
    finally:
        await sandbox.close()
    assert early.made > _PROGRAMS / 4  # or there was nothing to be seen
