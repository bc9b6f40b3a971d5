"""The root model and the one for sub-calls."""

from __future__ import annotations

from typing import Any

import pytest

from harlm.compat.rlms.models import chosen_models
from harlm.compat.rlms.options import RLMOptions
from harlm.errors import ConfigError

ROOT: dict[str, Any] = {"model_name": "root", "api_key": "sk-1"}


def test_without_another_backend_the_root_answers_sub_calls() -> None:
    root, sub = chosen_models(RLMOptions(backend_kwargs=ROOT, sampling_args={"temperature": 0.5}))
    assert root.name == "openai/root"
    assert root.settings == {"models.temperature": 0.5}
    assert sub is None


def test_another_backend_answers_sub_calls() -> None:
    options = RLMOptions(
        backend_kwargs=ROOT,
        other_backends=["openai"],
        other_backend_kwargs=[{"model_name": "sub", "api_key": "sk-1"}],
    )
    _, sub = chosen_models(options)
    assert sub is not None
    assert sub.name == "openai/sub"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"other_backends": ["openai", "openai"], "other_backend_kwargs": [ROOT, ROOT]}, "give one of each"),
        ({"other_backends": ["openai"]}, "give one of each"),
        (
            {"sub_sampling_args": {"temperature": 1.0}},
            "models.temperature = 1.0 for sub-calls: HARLM has one for all",
        ),
        (
            {"other_backends": ["gemini"], "other_backend_kwargs": [{"api_key": "sk-1"}]},
            "has a key of its own",
        ),
        (
            {"other_backends": ["openai"], "other_backend_kwargs": [{"model_name": "s", "api_key": "sk-2"}]},
            "a key of its own",
        ),
    ],
)
def test_what_would_differ_between_the_two_is_refused(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said) as raised:
        chosen_models(RLMOptions(backend_kwargs=ROOT, **arguments))
    assert "sk-" not in str(raised.value)
