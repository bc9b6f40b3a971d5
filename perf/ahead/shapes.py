"""The ten shapes of programs that are watched most closely."""

from __future__ import annotations

from perf.ahead.pattern import Pattern, Wait, blocks

_LONG_BODY = "\n".join(f"    p{at} = row * {at}" for at in range(1, 25))

SHAPES = (
    Pattern(
        "plain map of 16",
        (
            blocks("""
rows = context.splitlines()[:16]
notes = []
for row in rows:
    notes.append(llm_query(f"Note: {row}"))
print(len(notes), " ".join(notes))
"""),
        ),
    ),
    Pattern(
        "two stages",
        (
            blocks("""
rows = context.splitlines()[:6]
notes = []
for row in rows:
    notes.append(llm_query(f"Note: {row}"))
checks = []
for note in notes:
    checks.append(llm_query(f"Check: is {note} fair?"))
print(" ".join(checks))
"""),
        ),
    ),
    Pattern(
        "two blocks",
        (
            blocks(
                """
rows = context.splitlines()[:4]
notes = [llm_query(f"Note: {row}") for row in rows]
print(" ".join(notes))
""",
                """
others = context.splitlines()[20:24]
more = []
for row in others:
    more.append(llm_query(f"Other: {row}"))
print(" ".join(more))
""",
            ),
        ),
    ),
    Pattern(
        "loop with 25 more lines in its body",
        (
            blocks(f"""
rows = context.splitlines()[:12]
notes = []
for row in rows:
    note = llm_query(f"Note: {{row}}")
{_LONG_BODY}
    notes.append(note.upper() + str(len(p24)))
print(" ".join(notes))
"""),
        ),
    ),
    Pattern(
        "branch on the reply, second call",
        (
            blocks("""
rows = context.splitlines()[:12]
reasons = []
for row in rows:
    reply = llm_query(f"Relevant: {row}")
    if "yes" in reply:
        reasons.append(llm_query(f"Why: {row}"))
    else:
        reasons.append("-")
print(" ".join(reasons))
"""),
        ),
        waits=(Wait("Why", "Relevant"),),
    ),
    Pattern(
        "reply parsed with re, second call",
        (
            blocks(r"""
import re
rows = context.splitlines()[:9]
details = []
for row in rows:
    reply = llm_query(f"Tag: {row}")
    tag = re.search(r"tag=(\w+)", reply).group(1)
    details.append(llm_query(f"Detail: of {tag}"))
print(" ".join(details))
"""),
        ),
    ),
    Pattern(
        "chain of 6",
        (
            blocks("""
text = "start"
for step in range(6):
    text = llm_query(f"Step: {step} after {text}")
print(text)
"""),
        ),
    ),
    Pattern(
        "prose before and after",
        (
            blocks(
                """
rows = context.splitlines()[:8]
notes = [llm_query(f"Note: {row}") for row in rows]
print(" ".join(notes))
""",
                before="I look at the first rows one at a time, since each of them is short and stands for itself. Then I join what "
                "was said about them.",
                after="Once the notes are here I compare them with each other and decide whether more rows have to be read, or "
                "whether the answer is already clear from these.",
            ),
        ),
    ),
    Pattern(
        "batch of 8",
        (
            blocks("""
rows = context.splitlines()[:8]
notes = llm_query_batched([f"Note: {row}" for row in rows])
print(" ".join(notes))
"""),
        ),
    ),
    Pattern(
        "gathered coroutines",
        (
            blocks("""
import asyncio
rows = context.splitlines()[:12]

async def look(row):
    note = await llm_query(f"Note: {row}")
    return await llm_query(f"Check: is {note} fair?")

async def look_at_all():
    return await asyncio.gather(*[look(row) for row in rows])

checks = asyncio.run(look_at_all())
print(" ".join(checks))
"""),
        ),
        complete_first={"Note": "asyncio.run(look_at_all())", "Check": "asyncio.run(look_at_all())"},
        is_async=True,
    ),
)

AWAITED = Pattern(
    "gathered coroutines, awaited at the top",
    (
        blocks("""
import asyncio
rows = context.splitlines()[:12]

async def look(row):
    note = await llm_query(f"Note: {row}")
    return await llm_query(f"Check: is {note} fair?")

checks = await asyncio.gather(*[look(row) for row in rows])
print(" ".join(checks))
"""),
    ),
    complete_first={
        "Note": "gather(*[look(row) for row in rows])",
        "Check": "gather(*[look(row) for row in rows])",
    },
    is_async=True,
)
"""The same with ``await`` outside of functions, which Python does not take and several REPLs do."""


_LINES = "\n".join(f"    p{at} = row * {at}" for at in range(1, 131))

FOLLOWED = Pattern(
    "followed",
    (
        blocks(f"""
rows = context.splitlines()[:4]
notes = []
for row in rows:
    note = llm_query(f"Note: {{row}}")
{_LINES}
    notes.append(note)
print(" ".join(notes))
"""),
    ),
)
"""A long reply, for what following it costs."""

FOLLOWED_WITHOUT_CALLS = FOLLOWED._replace(
    name="followed without calls",
    turns=(FOLLOWED.turns[0].replace('llm_query(f"Note: {row}")', 'str(f"Note: {row}")'),),
)
