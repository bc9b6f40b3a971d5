"""``droste`` as its command line sets it up: a native environment and an endpoint of OpenAI's dialect."""

from __future__ import annotations

import dataclasses
import importlib.metadata
from typing import Any

WARM_UP = """```python
answer["content"] = llm_query("What is ready?", "All is ready.")
answer["ready"] = True
```"""


def prepare(options: dict[str, Any]) -> str:
    """Import it once."""
    import droste  # noqa: F401

    return importlib.metadata.version("droste")


def solve(job: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The answer of one run."""
    import droste

    setup = droste.EnvironmentConfig(kind="native")
    limits = {
        "subcalls": min(setup.budget.subcalls, job["calls"]),
        "wall_ms": max(1, int(1_000 * job["wall_s"])),
    }
    setup = dataclasses.replace(setup, budget=dataclasses.replace(setup.budget, **limits))
    execution = droste.create_environment_context(setup)
    at = {"base_url": job["base_url"], "api_key": job["key"]}
    root = droste.OpenAICompatClient(model=job["root"], **at)
    subcalls = droste.OpenAICompatSubcallClient(model=job["sub"], context=execution, **at)
    documents = job["documents"]
    files = [
        {"path": name, "name": name, "text": text, "size": len(text)} for name, text in documents.items()
    ]
    environment = droste.create_environment(
        setup, context={"files": files}, registry=None, subcalls=subcalls, execution_context=execution
    )
    config = droste.RLMConfig(budget=setup.budget, sandbox=setup.sandbox, root_model=job["root"])
    done = droste.run_rlm(
        job["question"],
        environment=environment,
        root_llm=root,
        subcalls=subcalls,
        config=config,
        context=execution,
    )
    if done.error is not None and not done.answer:
        raise type(done.error.type, (RuntimeError,), {})(done.error.message)
    return done.answer, {
        "turns": done.iterations,
        "sub_calls": done.sub_calls_made,
        "is_ready": int(done.ready),
        "ended_by": "" if done.error is None else f"{done.error.type}: {done.error.message}"[:200],
    }
