"""Programs for a chain of relations, each told in another document."""

from __future__ import annotations

from typing import Final

from harlm_bench.simulator.roots.bank import Program, Step
from harlm_bench.simulator.roots.bank.pieces import DOCS, RANKED

_ASKED: Final = """
def hop_question(link, thing):
    return (
        "Answer the question from the text only. If the text does not contain the answer, say NOT FOUND.\\n\\n"
        f"Question: Who or what is the {link} of {thing}? Answer with the name only.\\n\\nText:"
    )
def is_answer(reply):
    return bool(reply.strip()) and "NOT FOUND" not in reply.upper() and "UNKNOWN" not in reply.upper()
"""

PROGRAMS: Final = (
    Program(
        quality="expert",
        steps=(
            Step(
                says="divide the text into documents",
                code=DOCS + "\nprint(len(docs), names[:5])\nprint(docs[0][:400])",
            ),
            Step(
                says="follow the chain hop by hop, over the documents that mention the name reached so far",
                code=_ASKED
                + """
thing, trail = $start, []
for link in $links:
    relevant = [doc for doc in docs if thing in doc]
    instruction = hop_question(link, thing)
    parts = ["\\n\\n".join(relevant[i:i + 5]) for i in range(0, len(relevant), 5)]
    found = [reply.strip().strip(".") for reply in $batched(instruction, parts) if is_answer(reply)]
    print(link, "of", thing, len(relevant), found)
    thing = max(found, key=found.count) if found else "unknown"
    if thing == "unknown":
        break
result = thing
print("result:", result)
""",
            ),
        ),
    ),
    Program(
        quality="typical",
        steps=(
            Step(says="divide the text into documents", code=DOCS + "\nprint(len(docs), names[:5])"),
            Step(
                says="follow the chain and ask document after document",
                code=_ASKED
                + """
thing = $start
for link in $links:
    instruction = hop_question(link, thing)
    following = "unknown"
    for doc in docs:
        if thing.lower() not in doc.lower():
            continue
        reply = $single(instruction, doc)
        if is_answer(reply):
            following = reply.strip().strip(".")
            break
    print(link, "of", thing, "is", following)
    thing = following
    if thing == "unknown":
        break
result = thing
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
passages = "\\n".join(blocks[i] for i in order[:20])
instruction = $ask
result = $single(instruction, passages).strip()
print("result:", result)
""",
            ),
        ),
    ),
)
