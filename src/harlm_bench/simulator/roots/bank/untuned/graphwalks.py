"""Untuned programs for walks on a list of edges."""

from __future__ import annotations

from typing import Final

from harlm_bench.simulator.roots.bank import Program, Step

_TEXT: Final = 'graph = $text if isinstance($text, str) else "\\n".join($text)\n'

PROGRAMS: Final = (
    Program(
        quality="expert",
        calls=False,
        steps=(
            Step(
                says="build the graph and walk with a queue",
                code="from collections import defaultdict, deque\n"
                + _TEXT
                + """
children, parents = defaultdict(list), defaultdict(list)
for line in graph.splitlines():
    start, arrow, end = line.partition(" -> ")
    if arrow:
        children[start.strip()].append(end.strip())
        parents[end.strip()].append(start.strip())
if $walk == "parents":
    found = parents[$node]
else:
    distance, queue = {$node: 0}, deque([$node])
    while queue:
        node = queue.popleft()
        if distance[node] == $depth:
            continue
        for child in children[node]:
            if child not in distance:
                distance[child] = distance[node] + 1
                queue.append(child)
    found = [node for node, steps in distance.items() if steps == $depth]
result = ", ".join(sorted(set(found))) if found else "none"
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
                says="follow the edges level by level",
                code=_TEXT
                + """
pairs = [line.split(" -> ") for line in graph.splitlines() if " -> " in line]
level = [$node]
visited = []
for step in range($depth):
    visited += level
    if $walk == "parents":
        level = [start for start, end in pairs if end in level]
    else:
        level = [end for start, end in pairs if start in level]
    level = [node for node in dict.fromkeys(level) if node not in visited]
    print(step + 1, len(level))
result = ", ".join(sorted(level)) or "none"
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
                says="collect the nodes that the edges reach",
                code=_TEXT
                + """
pairs = [line.split(" -> ") for line in graph.splitlines() if " -> " in line]
reached = [$node]
for start, end in pairs:
    if start in reached and len(reached) < 200:
        reached.append(end)
result = ", ".join(sorted(set(reached[1:]))) or "none"
print("result:", result)
""",
            ),
        ),
    ),
)
