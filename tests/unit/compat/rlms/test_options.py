"""The arguments are those of the reference, in its order."""

from __future__ import annotations

from dataclasses import fields

from harlm.compat.rlms.options import RLMOptions

ORDER = """
backend backend_kwargs environment environment_kwargs depth max_depth max_iterations max_budget max_timeout max_tokens max_errors
custom_system_prompt other_backends other_backend_kwargs logger verbose persistent custom_tools custom_sub_tools compaction
compaction_threshold_pct max_concurrent_subcalls on_subcall_start on_subcall_complete on_iteration_start on_iteration_complete
sampling_args sub_sampling_args orchestrator user_prologue
"""
"""Of rlms 0.1.3."""


def test_the_arguments_are_those_of_the_reference() -> None:
    assert [each.name for each in fields(RLMOptions)] == ORDER.split()


def test_keys_are_not_shown() -> None:
    assert "sk-1" not in repr(
        RLMOptions(backend_kwargs={"api_key": "sk-1"}, other_backend_kwargs=[{"api_key": "sk-1"}])
    )
