"""What the runs of the nemesis do: scripts of a root model, its children and its sub-model, the same in every attempt."""

from __future__ import annotations

import random
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from harlm.testing import Request

KEY = "sk-planted-8Zq3vT1xW7nB5kD2"
"""The API key of all runs. The provider says it again, and nothing may keep it."""

TOOLS = '''"""Two tools: one that only looks, and one that changes a file."""

import os
import time

from harlm import tool


@tool(pure=True)
def square(number: int) -> int:
    """The square of a number."""
    return number * number


@tool
def note(text: str) -> str:
    """Write a line into the notes."""
    with open(os.environ["CHAOS_NOTES"], "a") as notes:
        notes.write(text + "\\n")
    time.sleep(0.01)
    return "written"
'''

_LOOP = "out = []\nfor at in range({n}):\n    out.append(llm_query(f'item {{at}}'))\nprint(len(out))"
_CHAIN = "out = ['start']\nfor at in range({n}):\n    out.append(llm_query(f'step {{at}} after {{out[-1]}}'))\nprint(len(out))"
_BATCH = "out = llm_query_batched([f'item {{at}}' for at in range({n})])\nprint(len(out))"
_AGAIN = "out += llm_query_batched([f'again {{each}}' for each in out[:3]])\nprint(len(out))"
_CHILDREN = "out = rlm_query_batched([f'part {{at}}' for at in range({n} // 3)], [context] * ({n} // 3))\nprint(len(out))"
_CHILD = "out = [llm_query(f'part {part} item {{at}}') for at in range(3)]\nprint(len(out))"
_TOOLS = (
    "out = []\nfor at in range({n} // 2):\n    out.append(str(square(at)))\n    try:\n        note(f'line {{at}}')\n"
    "    except RuntimeError:\n        pass\n    out.append(llm_query(f'item {{at}} {{out[-1]}}'))\nprint(len(out))"
)
_LEAK = "print(llm_query('leak'))"
_FINISH = "FINAL(' '.join(out))"

_CELLS: dict[str, Sequence[str]] = {
    "loop": (_LOOP, _AGAIN),
    "chain": (_CHAIN,),
    "batch": (_BATCH, _AGAIN),
    "children": (_CHILDREN,),
    "tools": (_TOOLS, _AGAIN),
    "branches": (),
}
KINDS = tuple(_CELLS)


@dataclass(frozen=True, slots=True)
class Scenario:
    """What one run does.

    Attributes:
        kind: one of ``KINDS``.
        calls: about how many sub-calls it makes.
        leaks: whether the sub-model says the API key.
        has_cache: whether replies are kept for other runs.
    """

    kind: str
    calls: int = 9
    leaks: bool = False
    has_cache: bool = True

    @property
    def options(self) -> list[str]:
        """The options of ``harlm ask``."""
        cache = [] if self.has_cache else ["--no-cache"]
        if self.kind == "branches":
            return ["--mode", "plan", "--branches", "2", "--value-per-second", "1000", *cache]
        tools = ["--tools", "tools.py"] if self.kind == "tools" else []
        return ["--mode", "full", *tools, *cache]

    @property
    def document(self) -> str:
        """The text that is read."""
        if self.kind != "branches":
            return "A short text.\n"
        lines = (
            f"Entry {at}: the keeper of the house number {at} is Otto, who feeds the walrus."
            for at in range(200)
        )
        return "\n".join(lines) + "\n"

    @property
    def question(self) -> str:
        """What is asked."""
        return "Who is the keeper of the house number 7?" if self.kind == "branches" else "What do they say?"

    def reply(self, request: Request) -> str:
        """What the model says to a request."""
        if request.model == "sub":
            return self._sub(request)
        asked = next((text for role, text in request.messages if role == "user"), "")
        turn = sum(role == "assistant" for role, _ in request.messages)
        part = asked.partition("<question>\npart ")[2][:3].split("\n")[0]
        cells = _child_cells(part) if part else self.cells
        return f"```repl\n{cells[min(turn, len(cells) - 1)]}\n```"

    @property
    def right(self) -> str:
        """The answer, worked out without HARLM."""
        return "Otto" if self.kind == "branches" else self._worked_out(self.cells)

    @property
    def cells(self) -> list[str]:
        """What the root model writes, a cell a turn."""
        leak = [_LEAK] if self.leaks else []
        return [*(each.format(n=self.calls) for each in _CELLS[self.kind]), *leak, _FINISH]

    def _worked_out(self, cells: Sequence[str]) -> str:
        final: list[str] = []
        names = {
            "context": self.document,
            "print": lambda *_: None,
            "llm_query": self._said,
            "llm_query_batched": lambda prompts: [self._said(each) for each in prompts],
            "rlm_query_batched": lambda asked, _: [
                self._worked_out(_child_cells(each[5:])) for each in asked
            ],
            "square": lambda number: number * number,
            "note": lambda _: "written",
            "FINAL": final.append,
        }
        for cell in cells:
            exec(cell, names)  # the cells above
        return final[0]

    def _sub(self, request: Request) -> str:
        if request.prompt == "leak":
            return f"the key is {request.headers.get('authorization', KEY)}." * 20
        return self._said(request.prompt)

    def _said(self, prompt: str) -> str:
        if self.kind == "branches":
            return "Otto"
        said = f"said {zlib.crc32(prompt.encode()):08x}"
        return said if len(prompt) % 2 else said + " and so on" * 6


def _child_cells(part: str) -> list[str]:
    return [_CHILD.format(part=part), _FINISH]


@dataclass(frozen=True, slots=True)
class Disturbance:
    """What happens to one process.

    Attributes:
        kind: ``none``, ``kill``, ``term``, ``int``, ``int twice`` or ``stop``, which is SIGSTOP and then SIGCONT.
        after: requests of the run that arrive first; it happens ``seconds`` later.
        seconds: from then, or, without ``after``, from the start of the process.
    """

    kind: str = "none"
    after: int | None = None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Plan:
    """One run, drawn from a seed.

    Attributes:
        seed: names the run.
        disturbances: of its first attempts; later ones are left alone.
        limits: options that the budget does not cover; the run is taken up again without them.
        repeats: whether calls of tools that are in doubt are made again.
        has_faults: whether the provider makes mistakes.
    """

    seed: int
    scenario: Scenario
    disturbances: tuple[Disturbance, ...] = ()
    limits: tuple[str, ...] = ()
    repeats: bool = False
    has_faults: bool = True


_WEIGHTS = {"kill": 45, "term": 14, "int": 10, "int twice": 9, "stop": 10, "none": 12}


def drawn_plan(seed: int) -> Plan:
    """The plan of a seed."""
    drawn = random.Random(f"nemesis {seed}")
    kind = KINDS[seed % len(KINDS)]
    scenario = Scenario(
        kind, calls=drawn.choice((6, 9, 12)), leaks=drawn.random() < 0.4, has_cache=drawn.random() < 0.5
    )
    disturbances = []
    for attempt in range(drawn.choice((1, 1, 1, 2, 3))):
        what = drawn.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0]
        if attempt and what == "none":
            break
        after = None if drawn.random() < 0.25 else drawn.randint(1, scenario.calls + 2)
        disturbances.append(Disturbance(what, after, drawn.uniform(0, 1.5 if after is None else 0.04)))
    limits: tuple[str, ...] = ()
    if drawn.random() < 0.12:
        limits = drawn.choice(
            (("--max-calls", str(drawn.randint(2, 8))), ("--max-tokens", str(drawn.randint(3_000, 12_000))))
        )
    return Plan(seed, scenario, tuple(disturbances), limits, repeats=drawn.random() < 0.5)
