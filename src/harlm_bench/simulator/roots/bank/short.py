"""Programs for questions about a short text. The text fits into one call; the rest is clumsiness."""

from __future__ import annotations

from typing import Final

from harlm_bench.simulator.roots.bank import Program, Step
from harlm_bench.simulator.roots.bank.pieces import CUT, TEXT

PROGRAMS: Final = (
    Program(
        quality="expert",
        steps=(
            Step(
                says="the text is short, so one call can read all of it",
                code=TEXT
                + """
instruction = $ask
result = $single(instruction, text).strip()
print("result:", result)
""",
            ),
        ),
    ),
    Program(
        quality="typical",
        steps=(
            Step(
                says="ask about each chunk of the text",
                code=CUT
                + """
instruction = $ask
answers = []
for chunk in chunks:
    reply = $single(instruction, chunk)
    if "NOT FOUND" not in reply.upper():
        answers.append(reply.strip())
result = answers[0] if answers else "NOT FOUND"
print("result:", result)
""",
            ),
        ),
    ),
    Program(
        quality="sloppy",
        steps=(
            Step(
                says="ask about the beginning of the text",
                code=TEXT
                + """
instruction = $ask
head = text[:4000]
reply = $single(instruction, head)
result = reply.strip()
print("result:", result)
""",
            ),
        ),
    ),
)
