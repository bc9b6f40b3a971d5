"""An LM of DSPy that asks HARLM: long fields of a signature are the context, the others the question."""

from __future__ import annotations

from typing import Any

from harlm.client import HARLM
from harlm.compat.dspy.engines import AsyncHarlmEngine, HarlmEngine
from harlm.compat.foreign import not_installed

try:
    import dspy
except ImportError as error:
    raise not_installed("dspy", "dspy>=3.4") from error


class HarlmLM(dspy.LM):
    """``HarlmLM(HARLM(...))``. Run, cost and citations stand in ``history[-1]["response"].provider_data``. DSPy neither repeats nor
    keeps calls: HARLM does both. Errors are DSPy's, made of HARLM's.
    """

    def __init__(self, client: HARLM | None = None, *, callbacks: Any = None) -> None:
        chosen = client or HARLM()
        engines = {"engine": HarlmEngine(chosen), "async_engine": AsyncHarlmEngine(chosen)}
        super().__init__("harlm/auto", cache=False, num_retries=0, callbacks=callbacks, **engines)

    supports_function_calling = supports_reasoning = property(lambda self: False)
    supports_response_schema = property(lambda self: True)
    supported_params = property(lambda self: {"response_format"})

    def update_history(self, entry: dict[str, Any]) -> None:
        """Keep a call, with what it has cost in dollars."""
        known = getattr(entry["response"], "provider_data", None) or {}
        super().update_history({**entry, "cost": known.get("cost_usd")})
