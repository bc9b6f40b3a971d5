"""Untuned programs for what several reports say of a thing."""

from __future__ import annotations

from typing import Final

from harlm_bench.simulator.roots.bank import Program, Step

_TEXT: Final = """\
import re
reports = re.split(r"(?m)^# ", $text) if isinstance($text, str) else [str(doc) for doc in $text]
reports = [report for report in reports if report.strip()]
print(len(reports))
print(reports[0][:300])
"""

PROGRAMS: Final = (
    Program(
        quality="expert",
        steps=(
            Step(says="split the reports", code=_TEXT),
            Step(
                says="extract the sentences that matter from all reports at once",
                code="""
prompt = $copy
mentioning = [report for report in reports if any(site in report for site in $sites)]
portions = ["\\n\\n".join(mentioning[i:i + 10]) for i in range(0, len(mentioning), 10)]
replies = $batched(prompt, portions)
evidence = []
for reply in replies:
    for line in reply.splitlines():
        line = line.strip(" -")
        if line and "NOTHING" not in line and line not in evidence:
            evidence.append(line)
print(len(mentioning), len(evidence))
""",
            ),
            Step(
                says="answer from the extracted sentences",
                code="""
prompt = $ask
notes = "\\n".join(evidence)
print(notes[:500])
result = $single(prompt, notes).strip()
print("result:", result)
""",
            ),
        ),
    ),
    Program(
        quality="typical",
        steps=(
            Step(says="split the reports", code=_TEXT),
            Step(
                says="extract the sentences that matter, report by report",
                code="""
prompt = $copy
notes = ""
for report in reports:
    if not any(site in report for site in $sites):
        continue
    reply = $single(prompt, report)
    if "NOTHING" not in reply:
        notes += reply.strip() + "\\n"
print(len(notes))
""",
            ),
            Step(
                says="answer from the notes",
                code="""
prompt = $ask
result = $single(prompt, notes).strip()
print("result:", result)
""",
            ),
        ),
    ),
    Program(
        quality="sloppy",
        calls=False,
        steps=(
            Step(says="split the reports", code=_TEXT),
            Step(
                says="take the value that stands near the name of the site in the last report",
                code="""
rows = []
for site in $sites:
    value, source = "", ""
    for report in reports:
        for sentence in re.split(r"(?<=\\.)\\s+", report):
            if site in sentence and $field in sentence:
                numbers = re.findall(r"\\b\\d{2,3}\\b|\\b[a-z]+(?=\\.$)", sentence)
                codes = re.findall(r"R-\\d+", sentence)
                value = numbers[-1] if numbers else value
                source = codes[0] if codes else source
    rows.append((site, value, source))
if $wanted == "table":
    result = "\\n".join(["site," + $field + ",source"] + [",".join(row) for row in rows])
elif $wanted == "source":
    result = rows[0][2]
else:
    result = rows[0][1] or "NOT FOUND"
print("result:", result)
""",
            ),
        ),
    ),
)
