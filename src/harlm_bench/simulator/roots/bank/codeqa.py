"""Programs for questions about code: find the module, then have the part that matters read."""

from __future__ import annotations

from typing import Final

from harlm_bench.simulator.roots.bank import Program, Step
from harlm_bench.simulator.roots.bank.pieces import CUT, TEXT

_SOURCE: Final = (
    "import re\n"
    + TEXT
    + """
docs = [$text] if isinstance($text, str) else list($text)
found = [doc for doc in docs if getattr(doc, "name", "") == $module]
if found:
    source = found[0]
else:
    start = max(0, text.find("# " + $module + "\\n"))
    after = re.compile(r"\\n\\n# [\\w./-]+\\.py\\n").search(text, start + 1)
    source = text[start:after.start() if after else len(text)]
print(len(source), source.count("\\ndef "), source.count("\\nclass "))
"""
)

PROGRAMS: Final = (
    Program(
        quality="expert",
        steps=(
            Step(says="cut out the module that the question names", code=_SOURCE),
            Step(
                says="have the module read in parts of whole lines",
                code="""
instruction = $ask
parts, size = [[]], 0
for line in source.splitlines():
    if size > $characters and line[:1].strip():
        parts.append([])
        size = 0
    parts[-1].append(line)
    size += len(line) + 1
parts = ["\\n".join(part) for part in parts]
name = $subject.split(".")[-1]
parts = [part for part in parts if name in part] or parts
replies = [reply.strip() for reply in $batched(instruction, parts)]
answers = [reply for reply in replies if "NOT FOUND" not in reply.upper()]
result = answers[0] if answers else "NOT FOUND"
print(answers)
print("result:", result)
""",
            ),
        ),
    ),
    Program(
        quality="typical",
        steps=(
            Step(
                says="find the places where the name occurs",
                code="import re\n"
                + TEXT
                + """
name = $subject.split(".")[-1]
spots = [match.start() for match in re.finditer(rf"\\b{re.escape(name)}\\b", text)]
print(len(spots))
for spot in spots[:5]:
    print(text[max(0, spot - 80):spot + 120])
    print("-----")
""",
            ),
            Step(
                says="ask about the code around each of them",
                code="""
instruction = $ask
answers = []
for spot in spots[:12]:
    part = text[max(0, spot - 1500):spot + 2500]
    reply = $single(instruction, part)
    if "NOT FOUND" not in reply.upper():
        answers.append(reply.strip())
result = max(answers, key=answers.count) if answers else "NOT FOUND"
print(answers)
print("result:", result)
""",
            ),
        ),
    ),
    Program(
        quality="sloppy",
        steps=(
            Step(
                says="ask about each chunk of the code",
                code=CUT
                + """
instruction = $ask
result = "NOT FOUND"
for chunk in chunks[:10]:
    reply = $single(instruction, chunk)
    if "NOT FOUND" not in reply.upper():
        result = reply.strip()
        break
print("result:", result)
""",
            ),
        ),
    ),
)
