"""The arguments of ``rlm.RLM``, in its order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(eq=False)
class RLMOptions:
    """The arguments of the reference; ``harlm.compat.rlms.client`` says what each becomes."""

    backend: str = "openai"
    backend_kwargs: Mapping[str, Any] | None = field(default=None, repr=False)  # it may hold a key
    environment: str = "local"
    environment_kwargs: Mapping[str, Any] | None = None
    depth: int = 0
    max_depth: int = 1
    max_iterations: int = 30
    max_budget: float | None = None
    max_timeout: float | None = None
    max_tokens: int | None = None
    max_errors: int | None = None
    custom_system_prompt: str | None = None
    other_backends: Sequence[str] | None = None
    other_backend_kwargs: Sequence[Mapping[str, Any]] | None = field(default=None, repr=False)
    logger: object = None
    verbose: bool = False
    persistent: bool = False
    custom_tools: Mapping[str, Any] | None = None
    custom_sub_tools: Mapping[str, Any] | None = None
    compaction: bool = False
    compaction_threshold_pct: float = 0.85
    max_concurrent_subcalls: int | None = None
    on_subcall_start: Callable[..., None] | None = None
    on_subcall_complete: Callable[..., None] | None = None
    on_iteration_start: Callable[..., None] | None = None
    on_iteration_complete: Callable[..., None] | None = None
    sampling_args: Mapping[str, Any] | None = None
    sub_sampling_args: Mapping[str, Any] | None = None
    orchestrator: bool = True
    user_prologue: str | None = None
