"""``spec-ptc`` with the harness and the engine that it ships: its own client streams the root model's reply."""

from __future__ import annotations

import importlib.metadata
from typing import Any


def prepare(options: dict[str, Any]) -> str:
    """Import it once."""
    import spec_ptc.runtime.engines  # noqa: F401

    return importlib.metadata.version("spec-ptc")


def solve(job: dict[str, Any]) -> str:
    """Run the turns of one pattern; the request after the last one ends the run."""
    from spec_ptc import Harness

    engine = _engine(job["base_url"], is_async=job["is_async"])
    harness = Harness(engine, "spec", context=job["context"], max_inflight=job["in_flight"])
    messages = [{"role": "user", "content": job["question"]}]
    try:
        for _ in range(job["turns"]):
            done = harness.run_turn(engine.stream_main(messages))
            shown = [
                f"Output of block {at}:\n{each.stdout}\n{each.stderr}"
                for at, each in enumerate(done.results, 1)
            ]
            messages += [
                {"role": "assistant", "content": done.response},
                {"role": "user", "content": "\n\n".join(shown)},
            ]
        for _ in engine.stream_main(messages):
            pass
    finally:
        harness.launcher.shutdown()
    return "done"


_engines: dict[tuple[str, bool], Any] = {}


def _engine(url: str, *, is_async: bool) -> Any:
    """Its engine; for awaited calls, with the same tools as coroutines."""
    from openai import AsyncOpenAI
    from spec_ptc.runtime.engines import VLLMEngine

    class Awaited(VLLMEngine):  # type: ignore[misc] # unknown here
        """Its engine with an asynchronous tool."""

        def make_tools(self, reg: Any, bus: Any) -> None:
            """Register one tool."""
            client = AsyncOpenAI(base_url=url, api_key="EMPTY")

            async def single(prompt: str) -> str:
                made = await client.chat.completions.create(
                    model="sub", messages=[{"role": "user", "content": prompt}]
                )
                return str(made.choices[0].message.content)

            reg.register("llm_query", single, speculatable=True, pure=True, latency_hint_ms=2500)

    if is_async:
        return Awaited(url, "root", url, "sub")  # its client belongs to one event loop
    if (url, is_async) not in _engines:
        _engines[url, is_async] = VLLMEngine(url, "root", url, "sub")
    return _engines[url, is_async]
