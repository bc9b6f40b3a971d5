"""Programs for questions about how often labels, users or dates occur, where no line shows its label."""

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

_COMPUTE: Final = """
rows = [row for row in records if $where]
print(len(rows), Counter(row["label"] for row in rows))
$compute
print("result:", result)
"""

PROGRAMS: Final = (
    Program(
        quality="expert",
        steps=(
            Step(says="parse the lines into records", code=RECORDS),
            Step(
                says="label only the messages that count, in batches, and ask again for those that are missing",
                needs="labels",
                code=READ_LABELS
                + """
instruction = $label
todo = [row for row in records if $where]
"""
                + LABEL_IN_BATCHES,
            ),
            Step(says="compute the answer from the records", code=_COMPUTE),
        ),
    ),
    Program(
        quality="typical",
        steps=(
            Step(says="parse the lines into records", code=RECORDS),
            Step(
                says="label all messages, chunk by chunk",
                needs="labels",
                code=READ_LABELS + LABEL_IN_CHUNKS,
            ),
            Step(says="count in Python", code=_COMPUTE),
        ),
    ),
    Program(
        quality="sloppy",
        steps=(
            Step(
                says="ask each chunk the question and combine the answers",
                code="import re\n"
                + CUT
                + """
instruction = $ask
answers = []
for chunk in chunks:
    reply = $single(instruction, chunk)
    if "NOT FOUND" not in reply.upper():
        answers.append(reply.strip())
print(answers[:10])
if $is_count:
    numbers = [int(found[-1]) for found in (re.findall(r"\\d+", answer) for answer in answers) if found]
    result = f"Answer: {sum(numbers)}"
else:
    result = max(answers, key=answers.count) if answers else "NOT FOUND"
print("result:", result)
""",
            ),
        ),
    ),
)
