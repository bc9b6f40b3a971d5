"""The program of a root that has no sub-model: it prints the passages that share words with the question and reads them
itself.
"""

from __future__ import annotations

from typing import Final

from harlm_bench.simulator.roots.bank import Program, Step
from harlm_bench.simulator.roots.bank.pieces import RANKED

PROGRAM: Final = Program(
    quality="typical",
    calls=False,
    steps=(
        Step(
            says="print the passages that share the most words with the question",
            code=RANKED
            + """
chosen = sorted(order[:25])
for i in chosen:
    print(blocks[i][:400])
""",
        ),
    ),
)
