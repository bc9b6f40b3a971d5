"""Programs for how many lines are about a topic."""

from __future__ import annotations

from typing import Final

from harlm_bench.simulator.roots.bank import Program, Step
from harlm_bench.simulator.roots.bank.pieces import CUT, LINES

_COUNT: Final = """
counts = Counter(found)
print(len(lines), counts)
result = "Answer: " + $compute
print("result:", result)
"""
_READ: Final = """
topics = $labels
def topics_in(reply):
    for line in reply.splitlines():
        match = re.match(r"\\s*\\d+\\s*[:.)-]\\s*\\W*(\\w[\\w -]*)", line)
        if match and match[1].strip().lower() in topics:
            yield match[1].strip().lower()
"""

PROGRAMS: Final = (
    Program(
        quality="expert",
        steps=(
            Step(
                says="label the lines in batches",
                code="import re\nfrom collections import Counter\n"
                + LINES
                + _READ
                + """
instruction = $label
parts = [lines[i:i + $lines] for i in range(0, len(lines), $lines)]
texts = ["\\n".join(f"{i}: {line}" for i, line in enumerate(part, 1)) for part in parts]
replies = $batched(instruction, texts)
found = [topic for reply in replies for topic in topics_in(reply)]
print(len(lines), len(found))
""",
            ),
            Step(says="count the labels", code=_COUNT),
        ),
    ),
    Program(
        quality="typical",
        steps=(
            Step(
                says="label the lines chunk by chunk",
                code="import re\nfrom collections import Counter\n"
                + LINES
                + _READ
                + """
instruction = $label
found = []
for start in range(0, len(lines), $lines):
    part = lines[start:start + $lines]
    numbered = "\\n".join(f"{i + 1}: {line}" for i, line in enumerate(part))
    reply = $single(instruction, numbered)
    found += topics_in(reply)
""",
            ),
            Step(says="count the labels", code=_COUNT),
        ),
    ),
    Program(
        quality="sloppy",
        steps=(
            Step(
                says="ask each chunk the question and combine the answers",
                code="import re\n"
                + CUT
                + """
instruction = $ask
replies = []
for chunk in chunks:
    reply = $single(instruction, chunk)
    if "NOT FOUND" not in reply.upper():
        replies.append(reply.strip())
print(replies[:10])
numbers = [int(found[-1]) for found in (re.findall(r"\\d+", reply) for reply in replies) if found]
if $is_count:
    result = f"Answer: {sum(numbers)}"
else:
    result = max(replies, key=replies.count) if replies else "NOT FOUND"
print("result:", result)
""",
            ),
        ),
    ),
)
