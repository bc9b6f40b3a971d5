"""Untuned programs for the k-th reply to a request that a dialogue holds several times."""

from __future__ import annotations

from typing import Final

from harlm_bench.simulator.roots.bank import Program, Step

_TEXT: Final = 'dialogue = $text if isinstance($text, str) else "\\n".join($text)\n'

PROGRAMS: Final = (
    Program(
        quality="expert",
        calls=False,
        steps=(
            Step(
                says="split the dialogue into turns",
                code="import re\n"
                + _TEXT
                + """
turns = [turn for turn in re.split(r"(?=\\bUser: )", dialogue) if "Assistant:" in turn]
matching = [turn for turn in turns if f"{$form} about {$topic}" in turn.partition("Assistant:")[0]]
print(len(turns), len(matching))
for turn in matching:
    print(turn[:150])
""",
            ),
            Step(
                says="give the reply of the right turn with the code before it",
                code="""
reply = matching[$number - 1].partition("Assistant:")[2]
reply = re.sub(r"\\s*\\[\\d+\\]\\s*$", "", reply).strip()
result = ($prefix + " " + reply).strip()
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
                says="list the matching lines",
                code=_TEXT
                + """
matching = [line for line in dialogue.split("\\n") if $topic in line.split("Assistant:")[0] and $form in line.split("Assistant:")[0]]
for i, line in enumerate(matching):
    print(i + 1, line[:120])
""",
            ),
            Step(
                says="take the reply with the right number",
                code="""
line = matching[$number - 1]
result = $prefix + " " + line.split("Assistant: ")[-1]
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
                says="find the topic and take the matching reply",
                code=_TEXT
                + """
matching = [line for line in dialogue.split("\\n") if $topic in line]
line = matching[min($number, len(matching)) - 1] if matching else "NOT FOUND"
result = $prefix + " " + line.split("Assistant: ")[-1]
print("result:", result)
""",
            ),
        ),
    ),
)
