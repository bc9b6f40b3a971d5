"""Arguments of the reference that HARLM does not have."""

from __future__ import annotations

from typing import Any

import pytest

from harlm.compat.rlms.options import RLMOptions
from harlm.compat.rlms.refused import refuse_what_has_no_meaning
from harlm.errors import ConfigError


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"compaction": True, "compaction_threshold_pct": 0.5, "orchestrator": False, "verbose": True},
        {"environment": "docker"},
        {"environment_kwargs": {}, "max_errors": None, "persistent": False},
    ],
)
def test_what_changes_no_answer_is_accepted(arguments: dict[str, Any]) -> None:
    refuse_what_has_no_meaning(RLMOptions(**arguments))


@pytest.mark.parametrize(
    ("name", "value", "instead"),
    [
        ("environment", "modal", "cells run on this machine"),
        ("environment_kwargs", {"setup_code": "x = 1"}, "sandbox"),
        ("depth", 1, "depth 0"),
        ("max_errors", 3, "ends by itself"),
        ("custom_system_prompt", "You are", "root_prompt"),
        ("user_prologue", "Mind", "root_prompt"),
        ("logger", object(), "harlm runs show"),
        ("persistent", True, "HARLM.session"),
        ("on_subcall_start", print, "HARLM.stream"),
        ("on_iteration_complete", print, "HARLM.stream"),
    ],
)
def test_what_would_have_an_effect_is_refused_with_what_to_do_instead(
    name: str, value: object, instead: str
) -> None:
    arguments: dict[str, Any] = {name: value}
    with pytest.raises(ConfigError, match=f"{name}.*{instead}"):
        refuse_what_has_no_meaning(RLMOptions(**arguments))
