"""The arguments of ``rlm.RLM``, in its order, and what those that HARLM does not have would need instead."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from harlm.errors import ConfigError

_KNOWLEDGE, _EVENTS = (
    "write what the model should know into root_prompt",
    "the events of HARLM.stream hold it",
)
_INSTEAD = {
    "environment_kwargs": "the settings of [sandbox] say how cells run",
    "depth": "every completion begins at depth 0",
    "max_errors": "a run that leads nowhere ends by itself",
    "custom_system_prompt": _KNOWLEDGE,
    "logger": "every run is stored, and `harlm runs show` shows it",
    "persistent": "HARLM.session asks many questions over one context",
    "user_prologue": _KNOWLEDGE,
}
_ENVIRONMENTS = ("local", "ipython", "docker")  # those that run cells on this machine


@dataclass
class RLMOptions:
    """The arguments of the reference; ``RLM.__post_init__`` says what each becomes. What stands after ``sub_sampling_args``, and
    how the history is shortened, is HARLM's own business and may have any value.
    """

    backend: str = "openai"
    backend_kwargs: Mapping[str, Any] | None = None
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
    other_backend_kwargs: Sequence[Mapping[str, Any]] | None = None
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

    def refuse_what_has_no_meaning(self) -> None:
        """Check the arguments that HARLM does not have.

        Raises:
            ConfigError: one of them would have an effect.
        """
        for name in (each.name for each in fields(self)):
            instead = _EVENTS if name.startswith("on_") else _INSTEAD.get(name)
            if instead and getattr(self, name):
                raise ConfigError(f"HARLM has no {name}: {instead}. Leave {name} out")
        if self.environment not in _ENVIRONMENTS:
            known = ", ".join(_ENVIRONMENTS)
            raise ConfigError(
                f"environment {self.environment!r}: cells run on this machine; use one of {known}"
            )
