"""Programs for questions about a table of comma-separated values."""

from __future__ import annotations

from typing import Final

from harlm_bench.simulator.roots.bank import Program, Step
from harlm_bench.simulator.roots.bank.pieces import CUT, TEXT

_READ: Final = (
    "import csv\nimport io\nfrom collections import Counter\nfrom decimal import Decimal\n"
    + TEXT
    + """
table = list(csv.DictReader(io.StringIO(text)))
print(len(table), list(table[0]))
print(table[0])
"""
)

PROGRAMS: Final = (
    Program(
        quality="expert",
        calls=False,
        steps=(
            Step(says="read the table with the csv module", code=_READ),
            Step(
                says="choose the rows and compute the answer exactly",
                code="""
rows = [row for row in table if $where]
print(len(rows), rows[:2])
result = $compute if rows else "0"
print("result:", result)
""",
            ),
        ),
    ),
    Program(
        quality="typical",
        calls=False,
        steps=(
            Step(
                says="split the lines and compute the answer",
                code="from collections import Counter\nfrom decimal import Decimal\n"
                + TEXT
                + """
lines = text.strip().split("\\n")
head = lines[0].split(",")
rows = []
for line in lines[1:]:
    row = dict(zip(head, line.split(",")))
    if len(row) == len(head) and $where:
        rows.append(row)
print(len(rows))
result = $compute if rows else "0"
print("result:", result)
""",
            ),
        ),
    ),
    Program(
        quality="sloppy",
        steps=(
            Step(
                says="ask about each chunk of the table",
                code=CUT
                + """
instruction = $ask
answers = []
for chunk in chunks[:8]:
    reply = $single(instruction, chunk)
    if "NOT FOUND" not in reply.upper():
        answers.append(reply.strip())
result = answers[0] if answers else "NOT FOUND"
print(answers)
print("result:", result)
""",
            ),
        ),
    ),
)
