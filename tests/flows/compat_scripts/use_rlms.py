"""One program with the reference RLM, and with HARLM in its place: only the import differs.

Usage: python use_rlms.py URL
"""

from __future__ import annotations

import inspect
import json
import sys
from importlib import import_module
from typing import Any

TEXT = "The mill was sold twice.\nThe vault code is 4711.\n" * 40


def told(package: str, url: str) -> dict[str, Any]:
    """What the program sees."""
    kind = import_module(package).RLM
    rlm = kind(
        backend="openai",
        backend_kwargs={"model_name": "root", "base_url": url, "api_key": "a-key"},
        other_backends=["openai"],
        other_backend_kwargs=[{"model_name": "sub", "base_url": url, "api_key": "a-key"}],
        max_iterations=6,
        verbose=False,
    )
    done = rlm.completion(TEXT, root_prompt="What is the vault code?")
    rlm.close()
    as_dict = done.to_dict()
    used = as_dict["usage_summary"]["model_usage_summaries"]
    return {
        "response": done.response,
        "root_model": done.root_model,
        "keeps_prompt": done.prompt == TEXT,
        "takes_time": done.execution_time > 0,
        "fields": sorted(as_dict),
        "models": {model: sorted(usage) for model, usage in sorted(used.items())},
        "calls": {model: usage["total_calls"] for model, usage in sorted(used.items())},
        "parameters": list(inspect.signature(kind).parameters),
        "completion": list(inspect.signature(kind.completion).parameters),
    }


if __name__ == "__main__":
    both = {package: told(package, sys.argv[1]) for package in ("rlm", "harlm.compat.rlms")}
    sys.stdout.write(json.dumps(both))
