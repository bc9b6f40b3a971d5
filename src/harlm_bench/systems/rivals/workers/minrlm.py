"""``minrlm`` with its own defaults and its in-process REPL. It has one model for root and sub-calls: the root model."""

from __future__ import annotations

import importlib.metadata
from typing import Any

WARM_UP = """```python
FINAL(sub_llm("What is ready?", input_0))
```"""
_SUB_CALLS = 100  # its own default


def prepare(options: dict[str, Any]) -> str:
    """Import it once."""
    import minrlm  # noqa: F401

    return importlib.metadata.version("minrlm")


def solve(job: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The answer of one run."""
    from minrlm import RLM

    engine = RLM(
        model=job["root"],
        api_key=job["key"],
        base_url=job["base_url"],
        max_time_seconds=max(1, int(job["wall_s"])),
        max_sub_llm_calls=min(_SUB_CALLS, job["calls"]),
    )
    done = engine.completion(task=job["question"], context=job["text"])
    return done.response, {
        "turns": done.iterations,
        "meter_prompt": done.input_tokens,
        "meter_completion": done.output_tokens,
    }
