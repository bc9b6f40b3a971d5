"""What the arguments of the reference become."""

from __future__ import annotations

import pytest

from harlm.compat.rlms.client import client_for
from harlm.compat.rlms.options import RLMOptions
from harlm.errors import ConfigError


def test_arguments_become_settings() -> None:
    options = RLMOptions(
        backend_kwargs={"model_name": "m", "timeout": 30, "sampling_args": {"temperature": 0.5}},
        max_depth=3,
        max_iterations=7,
        max_budget=0.25,
        max_timeout=60,
        max_tokens=9_000,
        max_concurrent_subcalls=5,
    )
    client, name = client_for(options)
    settings = client.settings
    assert name == "m"
    assert (settings.models.root, settings.models.timeout_s, settings.models.temperature) == (
        "openai/m",
        30,
        0.5,
    )
    assert (settings.engine.mode, settings.engine.max_depth, settings.engine.max_turns) == ("auto", 2, 8)
    assert settings.engine.concurrency == 5
    assert (settings.budget.usd, settings.budget.seconds, settings.budget.tokens) == (0.25, 60, 9_000)


def test_at_depth_0_the_reference_asks_the_model_alone() -> None:
    client, _ = client_for(RLMOptions(backend_kwargs={"model_name": "m"}, max_depth=0))
    assert client.settings.engine.mode == "direct"


def test_values_that_cannot_be_used_are_named() -> None:
    with pytest.raises(ConfigError, match=r"engine\.max_turns"):
        client_for(RLMOptions(backend_kwargs={"model_name": "m"}, max_iterations=0))
    with pytest.raises(ConfigError, match="HARLM has no persistent"):
        client_for(RLMOptions(persistent=True))
