"""Arguments of ``rlm.RLM`` that HARLM does not have: those that would have an effect are refused, and the error says what to do."""

from __future__ import annotations

from dataclasses import fields

from harlm.compat.rlms.options import RLMOptions
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


def refuse_what_has_no_meaning(options: RLMOptions) -> None:
    """Check the arguments that HARLM does not have. How the reference words its prompts and shortens its history may have any value:
    HARLM does both by itself.

    Raises:
        ConfigError: one of them would have an effect.
    """
    for name in (each.name for each in fields(options)):
        instead = _EVENTS if name.startswith("on_") else _INSTEAD.get(name)
        if instead and getattr(options, name):
            raise ConfigError(f"HARLM has no {name}: {instead}. Leave {name} out")
    if options.environment not in _ENVIRONMENTS:
        known = ", ".join(_ENVIRONMENTS)
        raise ConfigError(
            f"environment {options.environment!r}: cells run on this machine; use one of {known}"
        )
