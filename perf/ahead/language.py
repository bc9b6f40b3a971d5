"""Spec-ptc's patterns of Python's constructs, of several replies and of mixed work, under its names, in programs of our own."""

from __future__ import annotations

from perf.ahead.pattern import ALL, Pattern, Wait, blocks

_PROSE = (
    "The question is about rows of a log, so I first want to know what a row looks like. A row has a number, a unit, a line and "
    "a time. The units are numbered in an order of their own, which may matter later. I do not yet know whether the lines differ "
    "from each other, so I take a few rows of each. What I want to hear about each of them is short, which keeps the notes small."
)
_COMPUTES = "\n".join(f"total_{at} = sum(int(row[4:6]) * {at} for row in rows)" for at in range(1, 7))

CONSTRUCTS = (
    Pattern(
        "dict_comp",
        (
            blocks("""
rows = context.splitlines()[:8]
notes = {row[:6]: llm_query(f"Note: {row}") for row in rows}
print(" ".join(notes.values()))
"""),
        ),
    ),
    Pattern(
        "nested_comp",
        (
            blocks("""
rows = context.splitlines()[:4]
aspects = ["time", "unit", "line"]
table = [[llm_query(f"Note: {aspect} of {row}") for aspect in aspects] for row in rows]
print(" ".join(cell for line in table for cell in line))
"""),
        ),
    ),
    Pattern(
        "sorted_key",
        (
            blocks("""
rows = context.splitlines()[:8]
ranked = sorted(rows, key=lambda row: int(llm_query(f"Score: {row}")))
print(llm_query(f"Why: {ranked[0]}"), ranked[-1])
"""),
        ),
        waits=(Wait("Why", "Score", ALL),),
    ),
    Pattern(
        "class_method",
        (
            blocks("""
class Reader:
    def __init__(self, rows):
        self.rows = rows
        self.notes = []

    def read(self, row):
        self.notes.append(llm_query(f"Note: {row}"))

    def read_all(self):
        for row in self.rows:
            self.read(row)
        return " ".join(self.notes)

print(Reader(context.splitlines()[:8]).read_all())
"""),
        ),
    ),
    Pattern(
        "recursion",
        (
            blocks("""
def tree(rows):
    if len(rows) == 1:
        return llm_query(f"Note: {rows[0]}")
    half = len(rows) // 2
    return llm_query(f"Merge: {tree(rows[:half])} with {tree(rows[half:])}")

print(tree(context.splitlines()[:8]))
"""),
        ),
    ),
    Pattern(
        "fstring_force",
        (
            blocks("""
rows = context.splitlines()[:3]
line = f"{llm_query('Note: ' + rows[0])} | {llm_query('Note: ' + rows[1])} | {llm_query('Note: ' + rows[2])}"
print(llm_query(f"Merge: {line}"))
"""),
        ),
    ),
    Pattern(
        "dedup_mixed",
        (
            blocks("""
rows = context.splitlines()[:6]
known = {}
for row in rows + rows[:3]:
    if row in known:
        continue
    known[row] = llm_query(f"Note: {row}")
print(" ".join(known.values()))
"""),
        ),
    ),
    Pattern(
        "tool_error_raises",
        (
            blocks("""
rows = context.splitlines()[:4]
notes = [llm_query(f"Note: {row}") for row in rows]
print(" ".join(notes))
print(llm_query(f"Fail: {rows[0]}"))
"""),
        ),
    ),
    Pattern(
        "tool_error_recovered",
        (
            blocks("""
rows = context.splitlines()[:8]
notes = []
for row in rows:
    kind = "Fail" if row.startswith("row 05") else "Note"
    try:
        notes.append(llm_query(f"{kind}: {row}"))
    except Exception:
        notes.append("refused")
print(" ".join(notes))
"""),
        ),
    ),
    Pattern(
        "generator_partial",
        (
            blocks("""
rows = context.splitlines()[:8]
notes = (llm_query(f"Note: {row}") for row in rows)
first = next(notes)
second = next(notes)
print(first, second)
"""),
        ),
    ),
    Pattern(
        "generator_across_blocks",
        (
            blocks(
                """
rows = context.splitlines()[:6]
notes = (llm_query(f"Note: {row}") for row in rows)
print(next(notes))
""",
                'print(" ".join(notes))',
            ),
        ),
    ),
    Pattern(
        "dependent_args",
        (
            blocks("""
rows = context.splitlines()[:4]
left = llm_query(f"Note: {rows[0]}")
right = llm_query(f"Note: {rows[1]}")
both = llm_query(f"Merge: {left} with {right}")
side = llm_query(f"Note: {rows[2]}")
print(llm_query(f"Merge: {both} with {side}"))
"""),
        ),
    ),
    Pattern(
        "long_prose_burst",
        (
            blocks(
                'rows = context.splitlines()[:8]\nnotes = [llm_query(f"Note: {row}") for row in rows]\n'
                'print(" ".join(notes))',
                before=_PROSE,
            ),
        ),
    ),
    Pattern(
        "multiblock3",
        (
            blocks(
                'rows = context.splitlines()[:12]\nfirst = [llm_query(f"Note: {row}") for row in rows[:4]]\n'
                'print(" ".join(first))',
                'second = [llm_query(f"Note: {row}") for row in rows[4:8]]\nprint(" ".join(second))',
                'third = [llm_query(f"Note: {row}") for row in rows[8:]]\nprint(" ".join(third))',
            ),
        ),
    ),
    Pattern(
        "taint_split",
        (
            blocks("""
import time
began = time.time()
rows = context.splitlines()[:8]
notes = [llm_query(f"Note: {row}") for row in rows]
took = time.time() - began
print(" ".join(notes), took >= 0)
"""),
        ),
    ),
)

TURNS = (
    Pattern(
        "turn2_map",
        (
            blocks("rows = context.splitlines()[:8]\nprint(len(rows), rows[0])"),
            blocks(
                'notes = []\nfor row in rows:\n    notes.append(llm_query(f"Note: {row}"))\nprint(" ".join(notes))'
            ),
        ),
    ),
    Pattern(
        "turn2_generator",
        (
            blocks("""
def notes_of(rows):
    for row in rows:
        yield llm_query(f"Note: {row}")

notes = notes_of(context.splitlines()[:6])
print(next(notes))
"""),
            blocks('rest = list(notes)\nprint(" ".join(rest))'),
        ),
    ),
    Pattern(
        "turn2_lazy_carry",
        (
            blocks(
                'rows = context.splitlines()[:6]\nnotes = [llm_query(f"Note: {row}") for row in rows]\n'
                "print(len(notes))"
            ),
            blocks('checks = [llm_query(f"Check: {note}") for note in notes]\nprint(" ".join(checks))'),
        ),
    ),
    Pattern(
        "turn3_chain",
        (
            blocks('first = llm_query(f"Note: {context[:40]}")\nprint(first)'),
            blocks('second = llm_query(f"Step: after {first}")\nprint(second)'),
            blocks('third = llm_query(f"Step: after {second}")\nprint(third)'),
        ),
    ),
)

MIXED = (
    Pattern(
        "pure_compute",
        (blocks(f"rows = context.splitlines()\n{_COMPUTES}\nprint(total_1, total_6)"),),
    ),
    Pattern(
        "mutating_loop_slow",
        (
            blocks("""
queue = context.splitlines()[10:14]
seen = []
while queue:
    row = queue.pop(0)
    reply = llm_query(f"More: {row}")
    if reply.startswith("split") and len(row) > 20:
        queue.append(f"part of {reply}")
    seen.append(reply)
print(len(seen), " ".join(seen))
"""),
        ),
        complete={"More": "seen.append(reply)"},
        latency_s=0.9,
    ),
    Pattern(
        "wide_then_discard",
        (
            blocks("""
rows = context.splitlines()[:16]
notes = [llm_query(f"Note: {row}") for row in rows]
best = notes[0]
print(best, len(notes))
"""),
        ),
    ),
    Pattern(
        "retry_loop",
        (
            blocks("""
rows = context.splitlines()[:4]
kept = []
for row in rows:
    history = ""
    reply = llm_query(f"Try: {row}")
    while not reply.startswith("good"):
        history += f" {reply} "
        reply = llm_query(f"Try: {row}{history}")
    kept.append(reply)
print(" ".join(kept))
"""),
        ),
        may_end=True,
    ),
    Pattern(
        "deep_chain12",
        (
            blocks("""
text = "start"
for step in range(12):
    text = llm_query(f"Step: {step} after {text}")
    text = text.strip()
print(text)
"""),
        ),
    ),
    Pattern(
        "agent_turn",
        (
            blocks("""
import re
rows = [row for row in context.splitlines() if "line a" in row][:8]
kept = []
for row in rows:
    verdict = llm_query(f"Relevant: {row}")
    if not verdict.startswith("yes"):
        continue
    tag = re.search(r"tag=(\\w+)", llm_query(f"Tag: {row}")).group(1)
    kept.append((tag, row[:6]))
details = llm_query_batched([f"Detail: {tag} of {name}" for tag, name in kept])
print(llm_query("Merge: " + " and ".join(details)))
"""),
        ),
        waits=(Wait("Tag", "Relevant"),),
    ),
    Pattern(
        "batched_duplicates",
        (
            blocks("""
rows = context.splitlines()[:3]
prompts = [f"Note: {row}" for row in rows + rows + rows[:1]]
notes = llm_query_batched(prompts)
print(len(notes), " ".join(notes))
"""),
        ),
    ),
)

LANGUAGE = (*CONSTRUCTS, *TURNS, *MIXED)
