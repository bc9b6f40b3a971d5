"""Untuned programs for a chain of relations, each told in another document."""

from __future__ import annotations

from typing import Final

from harlm_bench.simulator.roots.bank import Program, Step

_TEXT: Final = """\
import re
data = $text if isinstance($text, str) else "\\n\\n".join($text)
intro = (
    "Answer the question from the text only. If the text does not contain the answer, say NOT FOUND.\\n\\n"
    "Question: Who or what is the {} of {}? Answer with the name only.\\n\\nText:"
)
"""

PROGRAMS: Final = (
    Program(
        quality="expert",
        steps=(
            Step(
                says="cut the text into paragraphs",
                code=_TEXT
                + """
blocks = [block for block in re.split(r"\\n\\s*\\n", data) if block.strip()]
print(len(data), len(blocks), blocks[0][:200])
""",
            ),
            Step(
                says="search for each name on the way and ask about what is found",
                code="""
current = $start
for relation in $links:
    query = f"{relation} of {current}"
    words = current.lower().split()
    hits = $search(query, blocks, 12)
    hits += [block for block in blocks if current in block][:12]
    prompt = intro.format(relation, current)
    joined = "\\n\\n".join(dict.fromkeys(hits))
    reply = $single(prompt, joined).strip()
    print(query, "->", reply)
    if "NOT FOUND" in reply.upper() or not reply:
        current = "unknown"
        break
    current = reply
result = current
print("result:", result)
""",
            ),
        ),
    ),
    Program(
        quality="typical",
        steps=(
            Step(
                says="read all chunks for each relation until it turns up",
                code=_TEXT
                + """
current = $start
for relation in $links:
    prompt = intro.format(relation, current)
    answer_found = ""
    for i in range(0, len(data), $characters):
        piece = data[i:i + $characters]
        reply = $single(prompt, piece).strip()
        if reply and "NOT FOUND" not in reply.upper() and reply.lower() != "unknown":
            answer_found = reply
            break
    print(relation, current, answer_found)
    if not answer_found:
        current = "unknown"
        break
    current = answer_found
result = current
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
                says="follow the names by regex",
                code=_TEXT
                + """
current = $start
for relation in $links:
    sentences = [s for s in re.split(r"(?<=\\.)\\s+", data) if current in s and not s.startswith("About")]
    others = []
    for sentence in sentences:
        others += [name for name in re.findall(r"[A-Z][a-z]+(?: [A-Z][a-z]+)+", sentence) if name != current]
    if not others:
        current = "unknown"
        break
    current = others[0]
result = current
print("result:", result)
""",
            ),
        ),
    ),
)
