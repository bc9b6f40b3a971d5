"""``recursive-llm`` with its own defaults, depth 1."""

from __future__ import annotations

import importlib.metadata
import os
from typing import Any

WARM_UP = 'FINAL("ready")'


def prepare(options: dict[str, Any]) -> str:
    """Import it once, with the price table that its client ships."""
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    import litellm
    import rlm  # noqa: F401

    litellm.drop_params = True  # it refuses a temperature for names that look like those of some models
    litellm.completion  # noqa: B018 - loads what its first call would load

    return importlib.metadata.version("recursive-llm")


def solve(job: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The answer of one run."""
    from rlm import RLM

    engine = RLM(
        f"openai/{job['root']}",
        recursive_model=f"openai/{job['sub']}",
        api_base=job["base_url"],
        api_key=job["key"],
        max_total_calls=max(1, job["calls"]),
        max_total_cost_usd=job["micro_usd"] / 1e6 if job["micro_usd"] else None,
        max_elapsed_seconds=job["wall_s"],
        temperature=0,
    )
    answer = engine.complete(job["question"], job["text"])
    stats = engine.stats
    return answer, {"meter_calls": int(stats.get("llm_calls", 0)), "turns": int(stats.get("iterations", 0))}
