"""Programs for pairs of users whose messages meet conditions on labels that no line shows."""

from __future__ import annotations

from typing import Final

from harlm_bench.simulator.roots.bank import Program, Step
from harlm_bench.simulator.roots.bank.pieces import (
    CUT,
    LABEL_IN_BATCHES,
    LABEL_IN_CHUNKS,
    READ_LABELS,
    RECORDS,
)

_PAIRS: Final = """
users = {}
for row in records:
    if row["label"]:
        user = users.setdefault(row["user"], {"counts": Counter(), "days": {}})
        user["counts"][row["label"]] += 1
        user["days"].setdefault(row["label"], []).append(row["date"])
def fits(u, v):
    return $fits
found = []
ids = sorted(users, key=int)
for i, first in enumerate(ids):
    for second in ids[i + 1:]:
        if fits(users[first], users[second]) or fits(users[second], users[first]):
            found.append(f"({first}, {second})")
print(len(users), len(found))
result = "\\n".join(found) or "none"
print("result:", result)
"""

PROGRAMS: Final = (
    Program(
        quality="expert",
        steps=(
            Step(says="parse the lines into records", code=RECORDS),
            Step(
                says="label all messages in batches, and ask again for those that are missing",
                code=READ_LABELS
                + """
instruction = $label
todo = records
"""
                + LABEL_IN_BATCHES,
            ),
            Step(says="compute the pairs in Python", code=_PAIRS),
        ),
    ),
    Program(
        quality="typical",
        steps=(
            Step(says="parse the lines into records", code=RECORDS),
            Step(
                says="label all messages, chunk by chunk",
                code=READ_LABELS + LABEL_IN_CHUNKS,
            ),
            Step(says="compute the pairs in Python", code=_PAIRS),
        ),
    ),
    Program(
        quality="sloppy",
        steps=(
            Step(
                says="ask each chunk for its pairs and join them",
                code=CUT
                + """
instruction = $ask
found = []
for chunk in chunks:
    reply = $single(instruction, chunk)
    for line in reply.splitlines():
        if line.strip().startswith("(") and line.strip() not in found:
            found.append(line.strip())
print(len(found), found[:3])
result = "\\n".join(found) or "none"
print("result:", result)
""",
            ),
        ),
    ),
)
