"""Spec-ptc's patterns of one reply, under its names, in programs of our own: what gains, what does harm, widths and lengths."""

from __future__ import annotations

from perf.ahead.pattern import ALL, Pattern, Wait, blocks

_SLOW_S = 1.2
_TOKENS_PER_S = 320.0  # of a sub-call's reply, whose length is its latency

_HELPERS = "\n".join(f"def part_{at}(row):\n    return row.split()[{at}]\n" for at in range(3))
_BODY = "\n".join(f"    p{at} = row * {at}" for at in range(1, 13))


def _map(count: int, kind: str = "Note", *, of: str = "{row}") -> str:
    return (
        f"rows = context.splitlines()[:{count}]\nnotes = []\nfor row in rows:\n"
        f'    notes.append(llm_query(f"{kind}: {of}"))\nprint(" ".join(notes))'
    )


def _chain(count: int) -> str:
    return (
        f'text = "start"\nfor step in range({count}):\n'
        '    text = llm_query(f"Step: {step} after {text}")\nprint(text)'
    )


GAINS = (
    Pattern(
        "map16",
        (
            blocks(
                "rows = context.splitlines()[:16]\n"
                'notes = [llm_query(f"Note: {row}") for row in rows]\nprint(" ".join(notes))'
            ),
        ),
    ),
    Pattern(
        "map_reduce",
        (
            blocks("""
rows = context.splitlines()[:16]
notes = []
for row in rows:
    notes.append(llm_query(f"Note: {row}"))
total = llm_query("Merge: " + " and ".join(notes))
print(total)
"""),
        ),
    ),
    Pattern(
        "batched8",
        (
            blocks("""
prompts = [f"Note: {row}" for row in context.splitlines()[8:16]]
notes = llm_query_batched(prompts)
print(" ".join(notes))
"""),
        ),
    ),
    Pattern(
        "two_stage",
        (
            blocks("""
rows = context.splitlines()[:5]
notes = [llm_query(f"Note: {row}") for row in rows]
checks = [llm_query(f"Check: {note} beside {row}") for row, note in zip(rows, notes)]
print(" ".join(checks))
"""),
        ),
    ),
    Pattern(
        "late_loop",
        (
            blocks(f"""
{_HELPERS}
rows = context.splitlines()[:16]
notes = []
for row in rows:
    note = llm_query(f"Note: {{row}}")
{_BODY}
    notes.append(note + part_2(row))
print(" ".join(notes))
"""),
        ),
    ),
)

HAZARDS = (
    Pattern("serial_chain6", (blocks(_chain(6)),)),
    Pattern(
        "branch_on_result",
        (
            blocks("""
rows = context.splitlines()[:4]
first = llm_query(f"Relevant: {rows[1]}")
if first.startswith("yes"):
    rest = [llm_query(f"Why: {row}") for row in rows]
else:
    rest = [llm_query(f"Other: {row}") for row in rows[:2]]
print(first, " ".join(rest))
"""),
        ),
        waits=(Wait("Why", "Relevant", ALL), Wait("Other", "Relevant", ALL)),
    ),
    Pattern(
        "mutating_loop",
        (
            blocks("""
queue = context.splitlines()[:6]
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
    ),
    Pattern(
        "early_break",
        (
            blocks("""
rows = context.splitlines()[:10]
hit = None
for row in rows:
    reply = llm_query(f"Find: {row}")
    if reply.startswith("found"):
        hit = row
        break
print(hit, reply)
"""),
        ),
        may_end=True,
    ),
    Pattern(
        "jail_break_mid",
        (
            blocks("""
rows = context.splitlines()[:8]
notes = [llm_query(f"Note: {row}") for row in rows[:4]]
import subprocess
more = [llm_query(f"Note: {row}") for row in rows[4:]]
print(" ".join(notes + more), subprocess.__name__)
"""),
        ),
    ),
    Pattern(
        "identical10",
        (
            blocks("""
votes = []
for turn in range(10):
    votes.append(llm_query("Vote: do the units run evenly?"))
print(len(votes), votes[0])
"""),
        ),
    ),
    Pattern(
        "crash_after_dispatch",
        (
            blocks("""
rows = context.splitlines()[:6]
notes = [llm_query(f"Note: {row}") for row in rows]
print(" ".join(notes))
share = 1 / (len(notes) - 6)
print(share)
"""),
        ),
    ),
    Pattern(
        "syntax_gauntlet",
        (
            blocks("""
first, *rest = context.splitlines()[:8]
pick = lambda row: row.split(":")[0]
named = {pick(row): row for row in rest if (size := len(row)) > 10}
notes = {}
for at, (name, row) in enumerate(named.items(), start=1):
    match at % 2:
        case 0:
            notes[name] = llm_query(f"Even: {row}")
        case _:
            notes[name] = llm_query(f"Odd: {row}")
try:
    head = llm_query(f"Note: {first}")
finally:
    done = True
print(head, " ".join(notes.values()), done)
"""),
        ),
    ),
    Pattern(
        "while_computed",
        (
            blocks("""
rows = context.splitlines()[:16]
notes = []
at = 0
while at < len(rows):
    notes.append(llm_query(f"Note: {rows[at]}"))
    at += 2
print(" ".join(notes))
"""),
        ),
        complete={"Note": "at += 2"},
    ),
    Pattern(
        "multiblock",
        (
            blocks(
                _map(8),
                'others = context.splitlines()[30:38]\nmore = [llm_query(f"Other: {row}") for row in others]\n'
                'print(" ".join(more))',
                between="These are the first ones. Now the others.",
            ),
        ),
    ),
    Pattern(
        "prose_sandwich",
        (
            blocks(
                _map(6),
                before="Let me think about what is asked for. Each row stands alone, so each can be read alone.",
                after="With these notes I can say more about the units in the next step.",
            ),
        ),
    ),
)

SECOND = (
    Pattern("map8_slow", (blocks(_map(8)),), latency_s=_SLOW_S),
    Pattern("chain4_slow", (blocks(_chain(4)),), latency_s=_SLOW_S),
    Pattern("map32", (blocks(_map(32)),)),
    Pattern(
        "prefill_heavy",
        (
            blocks("""
rows = context.splitlines()[:12]
shared = context * 4
notes = []
for row in rows:
    notes.append(llm_query(f"Note: {row} in {shared}"))
print(" ".join(notes))
"""),
        ),
    ),
    Pattern(
        "no_peek_control",
        (
            blocks("""
def note_of(row):
    return llm_query(f"Note: {row}")

notes = list(map(note_of, context.splitlines()[:8]))
print(" ".join(notes))
"""),
        ),
    ),
    Pattern(
        "side_branch_chain",
        (
            blocks("""
rows = context.splitlines()[:4]
text = "start"
sides = []
for step in range(4):
    text = llm_query(f"Step: {step} after {text}")
    sides.append(llm_query(f"Side: {rows[step]}"))
print(text, " ".join(sides))
"""),
        ),
    ),
)

SWEEPS = (
    *(Pattern(f"sweep_w{width:02d}", (blocks(_map(width)),)) for width in (1, 2, 4, 8, 16, 32, 64)),
    *(
        Pattern(f"sweep_len{length:03d}", (blocks(_map(8)),), latency_s=length / _TOKENS_PER_S)
        for length in (32, 96, 320, 640)
    ),
)

BASIC = (*GAINS, *HAZARDS, *SECOND, *SWEEPS)
