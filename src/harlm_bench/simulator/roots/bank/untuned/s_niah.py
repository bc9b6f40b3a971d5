"""Untuned programs for a needle in much text."""

from __future__ import annotations

from typing import Final

from harlm_bench.simulator.roots.bank import Program, Step

_TEXT: Final = 'data = $text if isinstance($text, str) else "\\n".join($text)'

PROGRAMS: Final = (
    Program(
        quality="expert",
        steps=(
            Step(
                says="grep for the key of the question with some text around each hit",
                code="import re\n"
                + _TEXT
                + """
keys = $keys or $words
spots = []
for key in keys:
    found = [match.start() for match in re.finditer(re.escape(key), data, re.IGNORECASE)]
    print(key, len(found))
    if found and (not spots or len(found) < len(spots)):
        spots = found
windows = [data[max(0, spot - 200):spot + 300] for spot in spots[:40]]
print(windows[:3])
""",
            ),
            Step(
                says="ask about all of these places in one batch",
                code="""
prompt = $ask
replies = $batched(prompt, windows)
answers = [reply.strip() for reply in replies if "NOT FOUND" not in reply.upper()]
result = max(answers, key=answers.count) if answers else "NOT FOUND"
print("result:", result)
""",
            ),
        ),
    ),
    Program(
        quality="typical",
        steps=(
            Step(
                says="ask about each chunk and collect the answers",
                code=_TEXT
                + """
prompt = $ask
answers = []
for start in range(0, len(data), $characters):
    piece = data[start:start + $characters + 200]
    reply = $single(prompt, piece)
    if "NOT FOUND" not in reply.upper():
        answers.append(reply.strip())
print(answers)
result = max(answers, key=answers.count) if answers else "NOT FOUND"
print("result:", result)
""",
            ),
        ),
    ),
    Program(
        quality="sloppy",
        steps=(
            Step(
                says="ask about the beginning, the middle and the end",
                code=_TEXT
                + """
prompt = $ask
result = "NOT FOUND"
for start in (0, len(data) // 2, max(0, len(data) - $characters)):
    piece = data[start:start + $characters]
    reply = $single(prompt, piece)
    if "NOT FOUND" not in reply.upper():
        result = reply.strip()
print("result:", result)
""",
            ),
        ),
    ),
)
