"""Programs for a needle in much text: find the place by code, then read it; or read everything."""

from __future__ import annotations

from typing import Final

from harlm_bench.simulator.roots.bank import Program, Step
from harlm_bench.simulator.roots.bank.pieces import CUT, RANKED, TEXT

PROGRAMS: Final = (
    Program(
        quality="expert",
        steps=(
            Step(
                says="rank the sentences by the rare words of the question and read the best ones",
                code=RANKED
                + """
best = "\\n".join(blocks[i] for i in sorted(order[:20]))
print(best[:2000])
""",
            ),
            Step(
                says="let one call read them",
                code="""
instruction = $ask
result = $single(instruction, best).strip()
print("result:", result)
""",
            ),
        ),
    ),
    Program(
        quality="typical",
        steps=(
            Step(
                says="go through the chunks one by one until the answer turns up",
                code=CUT
                + """
instruction = $ask
result = "NOT FOUND"
for i, chunk in enumerate(chunks):
    reply = $single(instruction, chunk)
    if "NOT FOUND" not in reply.upper():
        result = reply.strip()
        print("found in chunk", i)
        break
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
                says="find the line with a key word and take the value in it",
                code="import re\n"
                + TEXT
                + """
result = "NOT FOUND"
words = $words
for line in re.split(r"(?<=[.!?])\\s+|\\n", text):
    if words and words[-1] in line.lower():
        found = re.findall(r"[\\w-]*\\d[\\w-]*|\\w+", line)
        result = found[-1] if found else line
        break
print("result:", result)
""",
            ),
        ),
    ),
)
