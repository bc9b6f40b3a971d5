"""``dspy.RLM`` with its own defaults, in its own subprocess interpreter: the one that it ships beside Deno's."""

from __future__ import annotations

import importlib.metadata
from typing import Any

WARM_UP = """[[ ## reasoning ## ]]
All is there.

[[ ## code ## ]]
```python
SUBMIT(llm_query("What is ready?"))
```

[[ ## completed ## ]]"""
_SUB_CALLS = 50  # its own default


def prepare(options: dict[str, Any]) -> str:
    """Import it once, without its caches."""
    import dspy

    dspy.configure_cache(enable_disk_cache=False, enable_memory_cache=False)
    return importlib.metadata.version("dspy")


def solve(job: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The answer of one run."""
    import dspy
    from dspy.primitives.local_interpreter import LocalInterpreter

    at = {"api_base": job["base_url"], "api_key": job["key"], "temperature": 0.0, "cache": False}
    root, sub = (dspy.LM(f"openai/{job[role]}", **at) for role in ("root", "sub"))
    texts = job["texts"]
    engine = dspy.RLM(
        "context, question -> answer",
        sub_lm=sub,
        max_llm_calls=min(_SUB_CALLS, job["calls"]),
        interpreter_factory=LocalInterpreter,
    )
    with dspy.context(lm=root):
        done = engine(context=texts[0] if len(texts) == 1 else texts, question=job["question"])
    return done.answer, {"meter_calls": len(root.history) + len(sub.history), "turns": len(done.trajectory)}
