"""Untuned programs for questions about a table of comma-separated values."""

from __future__ import annotations

from typing import Final

from harlm_bench.simulator.roots.bank import Program, Step

_TEXT: Final = 'data = $text if isinstance($text, str) else "\\n".join($text)\n'
_IMPORTS: Final = "import csv\nfrom collections import Counter\nfrom decimal import Decimal\n"

PROGRAMS: Final = (
    Program(
        quality="expert",
        calls=False,
        steps=(
            Step(
                says="parse the rows, keep those that fit and compute",
                code=_IMPORTS
                + _TEXT
                + """
start = next(i for i, line in enumerate(data.splitlines()) if line.count(",") >= 3)
reader = csv.DictReader(data.splitlines()[start:])
rows = [row for row in reader if None not in row.values() and $where]
print(len(rows))
for row in rows[:3]:
    print(row)
result = str($compute) if rows else "0"
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
                says="read the rows",
                code=_IMPORTS
                + _TEXT
                + """
reader = csv.reader(data.splitlines())
columns = next(reader)
everything = [dict(zip(columns, values)) for values in reader if len(values) == len(columns)]
print(columns, len(everything))
""",
            ),
            Step(
                says="filter and compute",
                code="""
rows = []
for row in everything:
    if $where:
        rows.append(row)
print(len(rows), rows[:1])
result = $compute if rows else "0"
print("result:", result)
""",
            ),
        ),
    ),
    Program(
        quality="sloppy",
        calls=False,
        steps=(
            Step(
                says="compute from the first rows",
                code=_IMPORTS
                + _TEXT
                + """
lines = data.splitlines()
columns = lines[0].split(",")
everything = [dict(zip(columns, line.split(","))) for line in lines[1:1001]]
rows = [row for row in everything if $where]
result = $compute if rows else "0"
print("result:", result)
""",
            ),
        ),
    ),
)
