"""``dspy-rlm-hooks`` around ``dspy.RLM``, in the interpreter that DSPy runs as a plain subprocess."""

from __future__ import annotations

import importlib.metadata
from typing import Any


def prepare(options: dict[str, Any]) -> str:
    """Import it once, without DSPy's caches."""
    import dspy
    import dspy_rlm_hooks  # noqa: F401

    dspy.configure_cache(enable_disk_cache=False, enable_memory_cache=False)
    return f"{importlib.metadata.version('dspy-rlm-hooks')} (DSPy {importlib.metadata.version('dspy')})"


def solve(job: dict[str, Any]) -> str:
    """Run the turns of one pattern; the request after the last one ends the run."""
    import dspy
    from dspy.primitives.local_interpreter import LocalInterpreter
    from dspy_rlm_hooks import disable_rlm_speculation, enable_rlm_speculation

    at = {"api_base": job["base_url"], "api_key": "none", "temperature": 0.0, "cache": False}
    root, sub = (dspy.LM(f"openai/{name}", **at) for name in ("root", "sub"))
    engine = dspy.RLM(
        "context, question -> answer",
        sub_lm=sub,
        max_llm_calls=1_000,
        interpreter_factory=LocalInterpreter,
    )
    enable_rlm_speculation(engine, max_inflight=job["in_flight"])
    try:
        with dspy.context(lm=root):
            return str(engine(context=job["context"], question=job["question"]).answer)
    finally:
        disable_rlm_speculation(engine)
