"""Settings: one frozen section for each part of HARLM, and the origin of every value."""

from harlm.config.editing import set_in_file
from harlm.config.sections import (
    DEFAULT_USD,
    OFFLINE_MODEL,
    ROUTERS,
    BudgetSettings,
    Config,
    ContextSettings,
    EngineSettings,
    MemorySettings,
    ModelSettings,
    RouterSettings,
    SandboxSettings,
    Speculation,
    Tier,
    TracingSettings,
    setting_names,
)
from harlm.config.settings import Settings, load, overridden
from harlm.config.values import is_address, seconds_of

__all__ = [
    "DEFAULT_USD",
    "OFFLINE_MODEL",
    "ROUTERS",
    "BudgetSettings",
    "Config",
    "ContextSettings",
    "EngineSettings",
    "MemorySettings",
    "ModelSettings",
    "RouterSettings",
    "SandboxSettings",
    "Settings",
    "Speculation",
    "Tier",
    "TracingSettings",
    "is_address",
    "load",
    "overridden",
    "seconds_of",
    "set_in_file",
    "setting_names",
]
