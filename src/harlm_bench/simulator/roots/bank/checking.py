"""Steps after the work or in its place: checks of an answer that stands, and an answer without the work."""

from __future__ import annotations

from typing import Final

from harlm_bench.simulator.roots.bank import Step

_CHECK: Final = """
head = text[:20000]
instruction = $check.format(question=$question, answer=result[:500])
check = $single(instruction, head)
print("check:", check)
print("result:", result)
"""

CHECKS: Final = (
    Step(says="verify the answer on the beginning of the text", code=_CHECK),
    Step(
        says="verify it once more at the end of the text",
        code=_CHECK.replace("text[:20000]", "text[-20000:]"),
    ),
    Step(says="double-check the answer", code=_CHECK),
    Step(
        says="check the middle of the text too",
        code=_CHECK.replace("text[:20000]", "text[len(text) // 2:][:20000]"),
    ),
    Step(says="one last check", code=_CHECK),
)
"""As many as a sloppy root makes at most. A check that repeats an earlier one sends the same prompt again."""

EARLY: Final = Step(
    says="the beginning of the text should be enough to answer",
    code="""
instruction = $ask
head = text[:8000]
result = $single(instruction, head).strip()
print("result:", result)
""",
)
