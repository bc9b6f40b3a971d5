"""The official package ``rlms``, with its own defaults but the depth; with ``ahead``, under ``spec-ptc``."""

from __future__ import annotations

import importlib.metadata
from typing import Any

WARM_UP = """```repl
answer["content"] = llm_query("What is ready?")
answer["ready"] = True
```"""
_depth = 1


def prepare(options: dict[str, Any]) -> str:
    """Import it once."""
    global _depth
    import rlm.clients.openai
    import rlm.environments.local_repl  # noqa: F401

    _depth = options.get("depth", 1)
    version = importlib.metadata.version("rlms")
    if options.get("ahead"):
        _run_ahead()
        version += " + spec-ptc " + importlib.metadata.version("spec-ptc")
    return version


def solve(job: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The answer of one run."""
    from rlm import RLM

    at = {"base_url": job["base_url"], "api_key": job["key"], "sampling_args": {"temperature": 0}}
    engine = RLM(
        backend="openai",
        backend_kwargs={"model_name": job["root"], **at},
        other_backends=["openai"],
        other_backend_kwargs=[{"model_name": job["sub"], **at}],
        max_depth=_depth,
        max_timeout=job["wall_s"],
        max_budget=None
        if job["micro_usd"] is None
        else job["micro_usd"] / 1e6,  # of endpoints that tell the cost
        verbose=False,
    )
    texts = job["texts"]
    done = engine.completion(texts[0] if len(texts) == 1 else texts, root_prompt=job["question"])
    usage = done.usage_summary.to_dict()
    models = usage.get("model_usage_summaries", {}).values()
    return done.response, {
        "meter_calls": sum(each.get("total_calls", 0) for each in models),
        "meter_prompt": sum(each.get("total_input_tokens", 0) for each in models),
        "meter_completion": sum(each.get("total_output_tokens", 0) for each in models),
    }


def _run_ahead() -> None:
    """Have every local REPL give each block to a speculator before it runs, as its authors do without streaming."""
    import rlm.environments as environments

    environments.local_repl.LocalREPL = environments.LocalREPL = _ahead_of(environments.LocalREPL)


def _ahead_of(repl: Any) -> Any:
    """The class of a REPL that runs ahead of its blocks."""

    class Ahead(repl):  # type: ignore[misc] # unknown here
        _ahead: Any = None  # also of an object that is cleaned up twice

        def __init__(self, *given: Any, **named: Any) -> None:
            self._ahead = None  # nothing runs ahead while the context is loaded
            super().__init__(*given, **named)
            self._ahead = _speculator(self, repl)
            self._claims = self._ahead.hooks()

        def _llm_query(self, prompt: str, model: str | None = None) -> str:
            if self._ahead is None or model is not None:
                return str(super()._llm_query(prompt, model))
            return str(self._claims["llm_query"](prompt))

        def _llm_query_batched(self, prompts: list[str], model: str | None = None) -> list[str]:
            if self._ahead is None or model is not None:
                return list(super()._llm_query_batched(prompts, model))
            return list(self._claims["llm_query_batched"](prompts))

        def execute_code(self, code: str) -> Any:
            if self._ahead is None:
                return super().execute_code(code)
            with self._ahead.turn(repl_locals=dict(self.locals)) as turn:
                turn.feed(f"```repl\n{code}\n```\n")
            try:
                return super().execute_code(code)
            finally:
                self._ahead.end_turn()

        def cleanup(self) -> None:
            if self._ahead is not None:
                self._ahead.close()
            super().cleanup()

    return Ahead


def _speculator(own: Any, repl: Any) -> Any:
    """What runs the plain calls of a REPL early; its recursive ones are never run early."""
    from spec_ptc import Speculator

    ahead = Speculator(max_inflight=16)
    for name, batched in (("llm_query", False), ("llm_query_batched", True)):
        make = ahead.tool(speculatable=True, pure=True, batched=batched, name=name, latency_hint_ms=2000)
        make(getattr(repl, f"_{name}").__get__(own))
    for name in ("rlm_query", "rlm_query_batched"):
        ahead.tool(name=name)(getattr(own, f"_{name}"))
    return ahead
