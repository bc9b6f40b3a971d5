"""Untuned programs for questions about how often labels, users or dates occur."""

from __future__ import annotations

from typing import Final

from harlm_bench.simulator.roots.bank import Program, Step

_PARSED: Final = """\
import re
from collections import Counter
from datetime import datetime
data = $text if isinstance($text, str) else "\\n".join($text)
items = []
for line in data.splitlines():
    parts = [part.strip() for part in line.split("||")]
    if len(parts) == 3 and parts[0].startswith("Date:"):
        date = datetime.strptime(parts[0].removeprefix("Date:").strip(), "%b %d, %Y")
        items.append({
            "date": date.strftime("%Y-%m-%d"),
            "user": parts[1].removeprefix("User:").strip(),
            "line": line.strip(),
            "label": "",
        })
print(len(items))
"""
_ANSWER: Final = """
rows = [row for row in items if $where]
$compute
print("result:", result)
"""

PROGRAMS: Final = (
    Program(
        quality="expert",
        steps=(
            Step(says="split every line into its fields", code=_PARSED),
            Step(
                says="classify the relevant lines with one batch of calls",
                needs="labels",
                code="""
categories = $labels
prompt = $label
relevant = [row for row in items if $where]
groups = [relevant[i:i + $lines] for i in range(0, len(relevant), $lines)]
listings = []
for group in groups:
    listings.append("\\n".join(f"{n}: {row['line']}" for n, row in enumerate(group)))
outputs = $batched(prompt, listings)
for group, output in zip(groups, outputs):
    for number, name in re.findall(r"(\\d+) *[:.] *([\\w -]+)", output):
        name = name.strip().lower()
        if int(number) < len(group) and name in [category.lower() for category in categories]:
            group[int(number)]["label"] = name
print(Counter(row["label"] for row in relevant))
""",
            ),
            Step(says="aggregate", code=_ANSWER),
        ),
    ),
    Program(
        quality="typical",
        steps=(
            Step(says="split every line into its fields", code=_PARSED),
            Step(
                says="classify the lines in a loop",
                needs="labels",
                code="""
prompt = $label
names = $labels
for i in range(0, len(items), $lines):
    group = items[i:i + $lines]
    listing = ""
    for n, row in enumerate(group):
        listing += f"{n + 1}: {row['line']}\\n"
    output = $single(prompt, listing)
    answers = [line.split(":", 1) for line in output.splitlines() if ":" in line]
    for number, name in answers:
        if number.strip().isdigit() and 0 < int(number) <= len(group):
            group[int(number) - 1]["label"] = name.strip().lower()
    if i == 0:
        print(output[:200])
print(sum(row["label"] in names for row in items), "of", len(items))
""",
            ),
            Step(says="aggregate", code=_ANSWER),
        ),
    ),
    Program(
        quality="sloppy",
        calls=False,
        steps=(
            Step(says="split every line into its fields", code=_PARSED),
            Step(
                says="guess the labels from key words",
                needs="labels",
                code="""
names = $labels
hints = {"?": names[0], "please": names[-1], "sorry": names[0], "thank": names[0], "!": names[len(names) // 2]}
for row in items:
    lowered = row["line"].lower()
    row["label"] = next((name for name in names if name[:5] in lowered), "")
    for word, name in hints.items():
        if not row["label"] and word in lowered:
            row["label"] = name
    row["label"] = row["label"] or names[len(row["line"]) % len(names)]
print(Counter(row["label"] for row in items))
""",
            ),
            Step(says="aggregate", code=_ANSWER),
        ),
    ),
)
