"""Programs for walks on a list of edges: a search in code, or calls that read the edges."""

from __future__ import annotations

from typing import Final

from harlm_bench.simulator.roots.bank import Program, Step
from harlm_bench.simulator.roots.bank.pieces import CUT, TEXT

_EDGES: Final = (
    "import re\n"
    + TEXT
    + """
edges = re.findall(r"(\\w+) -> (\\w+)", text)
print(len(edges), edges[:3])
"""
)

PROGRAMS: Final = (
    Program(
        quality="expert",
        calls=False,
        steps=(
            Step(says="read the edges", code=_EDGES),
            Step(
                says="walk breadth first and keep the nodes of the right distance",
                code="""
node, depth, walk = $node, $depth, $walk
forward, backward = {}, {}
for start, end in edges:
    forward.setdefault(start, set()).add(end)
    backward.setdefault(end, set()).add(start)
if walk == "parents":
    found = backward.get(node, set())
else:
    seen, found = {node}, {node}
    for _ in range(depth):
        found = {end for start in found for end in forward.get(start, ())} - seen
        seen |= found
result = ", ".join(sorted(found)) or "none"
print("result:", result)
""",
            ),
        ),
    ),
    Program(
        quality="typical",
        steps=(
            Step(
                says="ask for the edges of the border, step by step",
                code=CUT
                + """
node, depth, walk = $node, $depth, $walk
seen, border = {node}, [node]
for step in range(depth):
    following = []
    for each in border:
        ask = "Which nodes point to the node {}?" if walk == "parents" else "Which nodes does the node {} point to?"
        instruction = (
            "Answer the question from the text only. If the text does not contain the answer, say NOT FOUND.\\n\\n"
            f"Question: {ask.format(each)} Answer with the names of the nodes, separated by commas.\\n\\nText:"
        )
        for chunk in chunks:
            if each not in chunk:
                continue
            reply = $single(instruction, chunk)
            if "NOT FOUND" not in reply.upper():
                following += [name.strip(" .") for name in reply.split(",")]
    border = []
    for name in following:
        if name and name not in seen and name.lower() != "none":
            seen.add(name)
            border.append(name)
    print(step, len(border))
result = ", ".join(sorted(border)) or "none"
print("result:", result)
""",
            ),
        ),
    ),
    Program(
        quality="sloppy",
        steps=(
            Step(
                says="let one call walk on the first chunk",
                code=CUT
                + """
instruction = $ask
chunk = chunks[0]
result = $single(instruction, chunk).strip()
print("result:", result)
""",
            ),
        ),
    ),
)
