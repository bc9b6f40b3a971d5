"""Any function that takes a prompt and returns a reply is a model. This one writes a program for the REPL,
reads its output, and finishes.
"""

from harlm import HARLM

LOOK = """```repl
import re

years = sorted(int(year) for text in context for year in re.findall(r"\\b1[89]\\d\\d\\b", text))
print(years)
```"""
FINISH = """```repl
FINAL(f"from {years[0]} to {years[-1]}")
```"""


def model(prompt: str) -> str:
    """Reply to the last message of the conversation."""
    return FINISH if "Output" in prompt else LOOK


answer = HARLM(model=model, mode="repl").ask(
    "Which years are mentioned?", ["Ada wrote in 1843.", "Grace began in 1944; Alan in 1936."]
)
print(answer.text, f"({answer.usage.calls} calls)")
