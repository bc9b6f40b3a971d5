"""Untuned programs for pairs of users whose messages meet conditions on labels that no line shows."""

from __future__ import annotations

from typing import Final

from harlm_bench.simulator.roots.bank import Program, Step

_PARSED: Final = """\
import re
from collections import Counter
from datetime import datetime
from itertools import combinations
data = $text if isinstance($text, str) else "\\n".join($text)
items = []
for line in data.splitlines():
    match = re.match(r"Date: (.+?) \\|\\| User: (\\d+) \\|\\| Instance: (.+)", line)
    if match:
        date = datetime.strptime(match[1], "%b %d, %Y").strftime("%Y-%m-%d")
        items.append({"date": date, "user": match[2], "line": line.strip(), "label": ""})
people = sorted({row["user"] for row in items})
print(len(items), len(people))
"""
_FOUND: Final = """
table = {user: {"counts": Counter(), "days": {}} for user in people}
for row in items:
    if row["label"]:
        table[row["user"]]["counts"][row["label"]] += 1
        table[row["user"]]["days"].setdefault(row["label"], []).append(row["date"])
holds = lambda u, v: $fits
pairs = [
    f"({a}, {b})"
    for a, b in combinations(sorted(people, key=int), 2)
    if holds(table[a], table[b]) or holds(table[b], table[a])
]
print(len(pairs), pairs[:5])
result = "\\n".join(pairs) if pairs else "none"
print("result:", result)
"""

PROGRAMS: Final = (
    Program(
        quality="expert",
        steps=(
            Step(says="read users and lines", code=_PARSED),
            Step(
                says="classify all lines in one batch",
                code="""
prompt = $label
names = $labels
groups = [items[i:i + $lines] for i in range(0, len(items), $lines)]
listings = ["\\n".join(f"{n}: {row['line']}" for n, row in enumerate(group)) for group in groups]
outputs = $batched(prompt, listings)
for group, output in zip(groups, outputs):
    for number, name in re.findall(r"(\\d+) *[:.] *([\\w -]+)", output):
        if int(number) < len(group) and name.strip().lower() in names:
            group[int(number)]["label"] = name.strip().lower()
print(Counter(row["label"] for row in items))
""",
            ),
            Step(says="find the pairs", code=_FOUND),
        ),
    ),
    Program(
        quality="typical",
        steps=(
            Step(says="read users and lines", code=_PARSED),
            Step(
                says="classify the lines of each user with one call",
                code="""
prompt = $label
names = $labels
for user in people:
    own = [row for row in items if row["user"] == user][:$lines]
    listing = "\\n".join(f"{n + 1}: {row['line']}" for n, row in enumerate(own))
    output = $single(prompt, listing)
    for entry in output.splitlines():
        number, colon, name = entry.partition(":")
        if colon and number.strip().isdigit() and 0 < int(number) <= len(own):
            own[int(number) - 1]["label"] = name.strip().lower()
print(sum(row["label"] in names for row in items), "of", len(items))
""",
            ),
            Step(says="find the pairs", code=_FOUND),
        ),
    ),
    Program(
        quality="sloppy",
        steps=(
            Step(says="read users and lines", code=_PARSED),
            Step(
                says="classify the first lines and guess the others",
                code="""
prompt = $label
names = $labels
first = items[:$lines]
listing = "\\n".join(f"{n + 1}: {row['line']}" for n, row in enumerate(first))
output = $single(prompt, listing)
for entry in output.splitlines():
    number, colon, name = entry.partition(":")
    if colon and number.strip().isdigit() and 0 < int(number) <= len(first):
        first[int(number) - 1]["label"] = name.strip().lower()
common = Counter(row["label"] for row in first).most_common(1)[0][0]
for row in items:
    row["label"] = row["label"] or next((name for name in names if name[:5] in row["line"].lower()), common)
print(Counter(row["label"] for row in items))
""",
            ),
            Step(says="find the pairs", code=_FOUND),
        ),
    ),
)
