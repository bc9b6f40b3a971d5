"""Programs for what several reports say of a thing: collect the statements, compare them in code."""

from __future__ import annotations

from typing import Final

from harlm_bench.simulator.roots.bank import Program, Step
from harlm_bench.simulator.roots.bank.pieces import CUT, DOCS

_READ: Final = """
def statements_in(reply):
    for line in reply.splitlines():
        parts = [part.strip() for part in line.split(",")]
        if len(parts) == 3 and "is mistaken" in parts[0]:
            yield {"voids": parts[0].split(" is mistaken")[0], "report": parts[1], "date": parts[2]}
        elif len(parts) == 4:
            yield {"value": parts[0], "standing": parts[1], "report": parts[2], "date": parts[3]}
"""
_DECIDE: Final = """
lines, values = ["site," + field + ",source"], []
for site in sites:
    void = {each["voids"] for each in said[site] if "voids" in each}
    valid = [each for each in said[site] if each.get("standing") == "stated" and each["report"] not in void]
    values = [each["value"] for each in valid]
    if valid:
        last = max(valid, key=lambda each: (each["date"], each["report"]))
        lines.append(f"{site},{last['value']},{last['report']}")
print(lines)
wanted = $wanted
if len(lines) == 1:
    result = "NOT FOUND"
elif wanted == "table":
    result = "\\n".join(lines)
elif wanted == "count":
    result = str(len(set(values)))
else:
    result = lines[1].rsplit(",", 2)[1 if wanted == "value" else 2]
print("result:", result)
"""

PROGRAMS: Final = (
    Program(
        quality="expert",
        steps=(
            Step(
                says="divide the text into reports",
                code=DOCS + "\nprint(len(docs), names[:5])\nprint(docs[0][:500])\n",
            ),
            Step(
                says="have all statements about each site listed, by groups of reports that mention it",
                code=_READ
                + """
field, sites = $field, $sites
said = {}
for site in sites:
    relevant = [f"# {name}\\n{doc}" for name, doc in zip(names, docs) if site in doc and field in doc]
    groups, size = [[]], 0
    for doc in relevant:
        if size + len(doc) > $characters and groups[-1]:
            groups.append([])
            size = 0
        groups[-1].append(doc)
        size += len(doc)
    groups = ["\\n\\n".join(group) for group in groups if group]
    instruction = $said.format(field=field, site=site)
    replies = $batched(instruction, groups)
    said[site] = [each for reply in replies for each in statements_in(reply)]
    print(site, len(relevant), len(said[site]))
""",
            ),
            Step(says="let code find the latest statement that is valid", code=_DECIDE),
        ),
    ),
    Program(
        quality="typical",
        steps=(
            Step(
                says="divide the text into reports",
                code=DOCS + "\nprint(len(docs), names[:5])\nprint(docs[0][:500])\n",
            ),
            Step(
                says="ask each report that mentions a site what it says of it",
                code=_READ
                + """
field, sites = $field, $sites
said = {}
for site in sites:
    said[site] = []
    instruction = $said.format(field=field, site=site)
    for name, doc in zip(names, docs):
        if site in doc:
            report = f"# {name}\\n{doc}"
            reply = $single(instruction, report)
            said[site] += statements_in(reply)
    print(site, said[site][:3])
""",
            ),
            Step(says="let code find the latest statement that is valid", code=_DECIDE),
        ),
    ),
    Program(
        quality="sloppy",
        steps=(
            Step(
                says="ask chunk after chunk and keep the last answer",
                code=CUT
                + """
instruction = $ask
result = "NOT FOUND"
for chunk in chunks[:10]:
    reply = $single(instruction, chunk)
    if "NOT FOUND" not in reply.upper():
        result = reply.strip()
        print(result)
print("result:", result)
""",
            ),
        ),
    ),
)
