"""Untuned programs for how many lines are about a topic."""

from __future__ import annotations

from typing import Final

from harlm_bench.simulator.roots.bank import Program, Step

_ROWS: Final = """\
import re
from collections import Counter
data = $text if isinstance($text, str) else "\\n".join($text)
rows = [row for row in data.split("\\n") if row.strip()]
"""
_TELL: Final = """
counts = Counter(label for label in given if label)
print(counts, len(rows))
result = "Answer: " + $compute
print("result:", result)
"""

PROGRAMS: Final = (
    Program(
        quality="expert",
        steps=(
            Step(
                says="classify all lines at once and ask again for the missing ones",
                code=_ROWS
                + """
prompt = $label
names = $labels
given = [""] * len(rows)
for attempt in range(2):
    open_ones = [i for i, label in enumerate(given) if not label]
    groups = [open_ones[i:i + $lines] for i in range(0, len(open_ones), $lines)]
    listings = ["\\n".join(f"{i}: {rows[i]}" for i in group) for group in groups]
    for output in $batched(prompt, listings):
        for number, name in re.findall(r"(?m)^\\s*(\\d+)\\s*[:.]\\s*([\\w -]+)", output):
            if int(number) < len(rows) and name.strip().lower() in names:
                given[int(number)] = name.strip().lower()
print(given.count(""), "missing")
""",
            ),
            Step(says="count", code=_TELL),
        ),
    ),
    Program(
        quality="typical",
        steps=(
            Step(
                says="classify the lines in a loop",
                code=_ROWS
                + """
prompt = $label
names = $labels
given = []
for i in range(0, len(rows), $lines):
    listing = "\\n".join(f"{n}: {row}" for n, row in enumerate(rows[i:i + $lines], i + 1))
    output = $single(prompt, listing)
    for entry in output.splitlines():
        label = entry.split(":")[-1].strip().lower()
        if label in names:
            given.append(label)
""",
            ),
            Step(says="count", code=_TELL),
        ),
    ),
    Program(
        quality="sloppy",
        steps=(
            Step(
                says="classify the first lines and scale up",
                code=_ROWS
                + """
prompt = $label
names = $labels
some = rows[:$lines]
listing = "\\n".join(f"{n}: {row}" for n, row in enumerate(some, 1))
output = $single(prompt, listing)
given = [entry.split(":")[-1].strip().lower() for entry in output.splitlines()]
given = [label for label in given if label in names] * max(1, round(len(rows) / max(1, len(some))))
""",
            ),
            Step(says="count", code=_TELL),
        ),
    ),
)
