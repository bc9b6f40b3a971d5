"""Programs for a person described by several vague statements, which stand in several documents."""

from __future__ import annotations

from typing import Final

from harlm_bench.simulator.roots.bank import Program, Step
from harlm_bench.simulator.roots.bank.pieces import DOCS, RANKED

_GROUPED: Final = """
groups, size = [[]], 0
for name, doc in zip(names, docs):
    if size + len(doc) > $characters and groups[-1]:
        groups.append([])
        size = 0
    groups[-1].append(f"# {name}\\n{doc}")
    size += len(doc)
groups = ["\\n\\n".join(group) for group in groups]
print(len(docs), len(groups), names[:5])
"""

PROGRAMS: Final = (
    Program(
        quality="expert",
        steps=(
            Step(says="divide the text into documents and groups of them", code=DOCS + _GROUPED),
            Step(
                says="have every sentence that bears on the question copied, all groups at once",
                code="""
instruction = $copy
replies = $batched(instruction, groups)
evidence = []
for reply in replies:
    evidence += [line.strip("- ") for line in reply.splitlines() if line.strip() and "NOTHING" not in line]
print(len(evidence), evidence[:3])
""",
            ),
            Step(
                says="answer from the copied sentences",
                code="""
instruction = $ask
collected = "\\n".join(dict.fromkeys(evidence))
print(len(collected))
result = $single(instruction, collected).strip()
print("result:", result)
""",
            ),
        ),
    ),
    Program(
        quality="typical",
        steps=(
            Step(says="divide the text into documents and groups of them", code=DOCS + _GROUPED),
            Step(
                says="ask each group who it could be",
                code="""
instruction = $ask
candidates = []
for group in groups:
    reply = $single(instruction, group)
    if "NOT FOUND" not in reply.upper() and reply.strip() not in candidates:
        candidates.append(reply.strip())
print(candidates)
""",
            ),
            Step(
                says="check each candidate against each statement, with the documents that its own names",
                code="""
constraints = $constraints
points = {}
for candidate in candidates[:12]:
    own = "\\n".join(doc for name, doc in zip(names, docs) if name == candidate)
    dossier = own
    for name, doc in zip(names, docs):
        if name != candidate and name in own:
            dossier += f"\\n\\n# {name}\\n{doc}"
    points[candidate] = 0
    for constraint in constraints:
        instruction = $holds.format(condition=constraint)
        reply = $single(instruction, dossier)
        points[candidate] += reply.strip().lower().startswith("yes")
print(points)
result = max(points, key=points.get) if points else "NOT FOUND"
print("result:", result)
""",
            ),
        ),
    ),
    Program(
        quality="sloppy",
        steps=(
            Step(
                says="search for the words of the question and ask about the best passages",
                code=RANKED
                + """
passages = "\\n".join(blocks[i] for i in order[:30])
instruction = $ask
result = $single(instruction, passages).strip()
print("result:", result)
""",
            ),
        ),
    ),
)
