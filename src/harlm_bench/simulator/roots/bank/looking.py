"""The first look at the text: what sort of thing it is, how long, and how it begins."""

from __future__ import annotations

from typing import Final

from harlm_bench.simulator.roots.bank import Step
from harlm_bench.simulator.roots.policy import Policy

LOOKS: Final = (
    Step(
        says="look at the type, the length and both ends of the text",
        code="""
text = $text if isinstance($text, str) else "\\n\\n".join($text)
print(type($text).__name__, len($text), len(text))
print(text[:1500])
print("...")
print(text[-500:])
""",
    ),
    Step(
        says="see how long the text is and how it begins",
        code="""
text = $text if isinstance($text, str) else "\\n\\n".join($text)
print(len(text))
print(text[:1000])
""",
    ),
    Step(
        says="count the lines and print some of them",
        code="""
text = $text if isinstance($text, str) else "\\n\\n".join($text)
lines = [line for line in text.splitlines() if line.strip()]
print(len(text), len(lines))
for line in lines[:5] + lines[-2:]:
    print(line[:300])
""",
    ),
)


def chosen(policy: Policy, *, is_asked: bool) -> Step:
    """The look of a conversation. A root that was not told what is asked looks where it may stand: at both ends."""
    return policy.draw.choice("look", LOOKS) if is_asked else LOOKS[0]
