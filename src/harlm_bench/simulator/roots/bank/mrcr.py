"""Programs for the k-th reply to a request that a dialogue holds several times."""

from __future__ import annotations

from typing import Final

from harlm_bench.simulator.roots.bank import Program, Step
from harlm_bench.simulator.roots.bank.pieces import CUT, TEXT

PROGRAMS: Final = (
    Program(
        quality="expert",
        calls=False,
        steps=(
            Step(
                says="collect the replies to this request in their order",
                code="import re\n"
                + TEXT
                + """
turns = re.findall(r"User: (.*?)\\s*Assistant: (.*)", text)
asked = re.compile(rf"\\b{re.escape($form)} about {re.escape($topic)}\\b", re.IGNORECASE)
replies = [reply.strip() for request, reply in turns if asked.search(request)]
print(len(turns), len(replies))
""",
            ),
            Step(
                says="take the one that is wanted",
                code="""
chosen = replies[$number - 1]
result = f"{$prefix} {chosen}".strip()
print("result:", result)
""",
            ),
        ),
    ),
    Program(
        quality="typical",
        calls=False,
        steps=(
            Step(
                says="go through the lines and count the requests",
                code=TEXT
                + """
wanted = $form + " about " + $topic
count = 0
result = "NOT FOUND"
for line in text.splitlines():
    if wanted in line.split("Assistant:")[0]:
        count += 1
        if count == $number:
            result = ($prefix + " " + line.split("Assistant:", 1)[1].strip()).strip()
            break
print(count)
print("result:", result)
""",
            ),
        ),
    ),
    Program(
        quality="sloppy",
        steps=(
            Step(
                says="ask each chunk for the reply",
                code=CUT
                + """
instruction = $ask
result = "NOT FOUND"
for chunk in chunks:
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
