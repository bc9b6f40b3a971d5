"""A window for tests of the benchmark's systems, and a model that answers from nothing but the prompt that it was sent."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from harlm.testing import Request
from harlm_bench.items import Question, Window
from harlm_bench.systems.rivals import Rival
from harlm_bench.systems.rivals.environments import Needs

BOXES = 600
QUESTION = Question(
    id="1",
    text="What is the colour of box 77?",
    kind="needle",
    gold="shade539",
    scorer="contains",
)
_FOUND = re.compile(r"colour of box 77 is (\w+)")
_LOOP = """\
```repl
text = context if isinstance(context, str) else "\\n".join(context)
best = "unknown"
for start in range(0, len(text), 8000):
    reply = llm_query("What is the colour of box 77?\\n" + text[max(0, start - 60):start + 8000])
    if "unknown" not in reply:
        best = reply
print(best)
```"""

_ALONE = _LOOP.replace(
    'llm_query("What is the colour of box 77?\\n" + text[max(0, start - 60):start + 8000])',
    '(__import__("re").findall("colour of box 77 is (.*?)[.]", text[max(0, start - 60):start + 8000]) or ["unknown"])[0]',
)


def window_of(boxes: int = BOXES, *, parts: int = 1) -> Window:
    """A window of lines about boxes, in one document or in several that are searched."""
    lines = [f"The colour of box {at} is shade{7 * at}." for at in range(boxes)]
    size = -(-boxes // parts)
    documents = {f"boxes-{part}": "\n".join(lines[part * size : (part + 1) * size]) for part in range(parts)}
    return Window(
        task="boxes",
        version=1,
        seed=1,
        tokens=10 * boxes,
        documents=documents,
        questions=(QUESTION,),
        facts=(),
        is_searchable=parts > 1,
    )


def reader(request: Request) -> str:
    """What the prompt says of box 77; as the root of a REPL, a loop over the text and then its result."""
    first, prompt = request.messages[0][1], request.prompt
    if "THINK:" in first:
        return _act(first, prompt)
    if "```repl" in first:
        return "FINAL_VAR(best)" if prompt.startswith("Output") else _loop(request)
    if "Reply with Yes or No" in prompt:
        return "Yes" if _FOUND.search(prompt) else "No"
    found = _FOUND.search(prompt)
    return found[1] if found else "unknown"


def _loop(request: Request) -> str:
    """HARLM wants to be finished from a block, after output was seen."""
    has_run = any(role == "assistant" for role, _ in request.messages)
    if has_run:
        return "```repl\nFINAL(best)\n```"
    return _LOOP if "llm_query" in request.messages[0][1] else _ALONE


def _act(rules: str, prompt: str) -> str:
    if (found := _FOUND.search(prompt)) is not None:
        return f"THINK: there it is\nANSWER({found[1]})"
    if "SEARCH" in rules:
        return 'THINK: search\nSEARCH("colour of box 77")'
    return "THINK: nothing\nANSWER(unknown)"


_ADAPTER = """\
import json, urllib.request

def prepare(options):
    if options.get("broken"):
        raise ImportError("No module named 'the_rival'")
    print("a banner on stdout")
    return "1.0"

def solve(job):
    print("noise on stdout")
    if job["question"] == "die":
        import os
        os._exit(3)
    if job["question"] == "crash":
        raise KeyError("odd")
    if job["question"] == "empty":
        return None
    body = {"model": job["root"], "messages": [{"role": "user", "content": job["text"] + job["question"]}]}
    request = urllib.request.Request(
        job["base_url"] + "/chat/completions", json.dumps(body).encode(), {"content-type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as response:
        reply = json.loads(response.read())
    return reply["choices"][0]["message"]["content"], {"meter_calls": 1}
"""


def fake_rival(home: Path, *, options: dict[str, object] | None = None) -> Rival:
    """A rival of a few lines that this interpreter runs without installing anything."""
    adapter = home / "fake_rival.py"
    adapter.write_text(_ADAPTER, encoding="utf-8")
    needs = Needs(name="fake", requirements=("fake==1.0",))
    return Rival("fake 1.0", needs, str(adapter), options, home=home, python=Path(sys.executable))
