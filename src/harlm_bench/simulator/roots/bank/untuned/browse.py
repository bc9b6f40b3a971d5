"""Untuned programs for a person described by several vague statements."""

from __future__ import annotations

from typing import Final

from harlm_bench.simulator.roots.bank import Program, Step

_PAGES: Final = """\
import re
if isinstance($text, str):
    parts = [part for part in re.split(r"(?m)^# ", $text) if part.strip()]
    pages = {part.split("\\n", 1)[0].strip(): part.partition("\\n")[2] for part in parts}
else:
    pages = {getattr(doc, "name", "") or doc.split("\\n")[0].strip("# "): str(doc) for doc in $text}
print(len(pages), list(pages)[:5])
"""

PROGRAMS: Final = (
    Program(
        quality="expert",
        steps=(
            Step(says="make a dict of the documents by their names", code=_PAGES),
            Step(
                says="take notes on every document, in one batch",
                code="""
prompt = $copy
titles = list(pages)
inputs = [f"# {title}\\n{pages[title]}" for title in titles]
notes = dict(zip(titles, $batched(prompt, inputs)))
notes = {title: note for title, note in notes.items() if "NOTHING" not in note}
print(len(notes))
""",
            ),
            Step(
                says="join the notes of documents that name each other, and ask about them in groups",
                code="""
prompt = $ask
files = {}
for title, note in notes.items():
    linked = [notes[other] for other in notes if other != title and other in note]
    if linked:
        files[title] = "\\n".join([note] + linked)
order = list(files)
groups = ["\\n\\n".join(files[title] for title in order[i:i + 25]) for i in range(0, len(order), 25)]
answers = [reply.strip() for reply in $batched(prompt, groups)]
answers = [answer for answer in dict.fromkeys(answers) if "NOT FOUND" not in answer.upper()]
print(answers)
finalists = "\\n\\n".join(files[answer] for answer in answers if answer in files)
result = $single(prompt, finalists).strip() if finalists else "NOT FOUND"
print("result:", result)
""",
            ),
        ),
    ),
    Program(
        quality="typical",
        steps=(
            Step(says="make a dict of the documents by their names", code=_PAGES),
            Step(
                says="collect what matters from each portion of the documents",
                code="""
prompt = $copy
titles = list(pages)
collected, portion = "", ""
for title in titles:
    portion += f"# {title}\\n{pages[title]}\\n\\n"
    if len(portion) > $characters or title == titles[-1]:
        reply = $single(prompt, portion)
        if "NOTHING" not in reply:
            collected += reply.strip() + "\\n"
        portion = ""
print(len(collected))
""",
            ),
            Step(
                says="ask the question about the collected sentences",
                code="""
prompt = $ask
result = $single(prompt, collected).strip()
print("result:", result)
""",
            ),
        ),
    ),
    Program(
        quality="sloppy",
        steps=(
            Step(says="make a dict of the documents by their names", code=_PAGES),
            Step(
                says="ask portion after portion and take the first answer",
                code="""
prompt = $ask
everything = "\\n\\n".join(f"# {title}\\n{page}" for title, page in pages.items())
result = "NOT FOUND"
for start in range(0, min(len(everything), 8 * $characters), $characters):
    portion = everything[start:start + $characters]
    reply = $single(prompt, portion)
    if "NOT FOUND" not in reply.upper():
        result = reply.strip()
        break
print("result:", result)
""",
            ),
        ),
    ),
)
