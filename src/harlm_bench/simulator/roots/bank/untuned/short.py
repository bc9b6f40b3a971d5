"""Untuned programs for questions about a short text."""

from __future__ import annotations

from typing import Final

from harlm_bench.simulator.roots.bank import Program, Step

PROGRAMS: Final = (
    Program(
        quality="expert",
        steps=(
            Step(
                says="read everything at once with one query",
                code="""
document = $text if isinstance($text, str) else "\\n\\n".join($text)
prompt = $ask
reply = $single(prompt, document)
result = reply.strip().strip("*").strip()
print("result:", result)
""",
            ),
        ),
    ),
    Program(
        quality="typical",
        steps=(
            Step(
                says="ask once, and ask again if nothing is found",
                code="""
document = $text if isinstance($text, str) else "\\n\\n".join($text)
prompt = $ask
result = "NOT FOUND"
for attempt in range(2):
    reply = $single(prompt, document)
    result = reply.strip()
    if "NOT FOUND" not in result:
        break
print("result:", result)
""",
            ),
        ),
    ),
    Program(
        quality="sloppy",
        steps=(
            Step(
                says="search for the key words of the question",
                code="""
document = $text if isinstance($text, str) else "\\n\\n".join($text)
hits = [line for line in document.splitlines() if any(word in line.lower() for word in $words[:2])]
prompt = $ask
passages = "\\n".join(hits[:10])
result = $single(prompt, passages).strip()
print("result:", result)
""",
            ),
        ),
    ),
)
