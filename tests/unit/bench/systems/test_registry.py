"""Systems by name."""

from __future__ import annotations

import pytest

from harlm.errors import ConfigError
from harlm_bench import suites
from harlm_bench.systems import registry
from harlm_bench.systems.harlm import variants


def test_every_system_has_a_name_of_its_own() -> None:
    shown = [registry.system(name).name for name in registry.names()]
    assert len(set(shown)) == len(shown)


def test_an_unknown_system_is_refused_with_the_names() -> None:
    with pytest.raises(
        ConfigError, match=r"no system 'rlm'\. Did you mean 'rlms'\? There are: base, .*harlm-depth-4"
    ):
        registry.system("rlm")


_CHANGED = {
    "harlm-plan-one-look": {"engine.second_looks"},
    "harlm-branches-3": {"engine.branches", "engine.branching"},
    "harlm-rules": {"router.kind"},
    "harlm-no-escalation": {"router.escalate"},
}


def test_each_part_is_left_out_alone_in_full_mode() -> None:
    for name, variant in variants().items():
        changed = {key for key in variant.settings if key != "engine.mode"}
        if name == "harlm":
            assert (variant.variant, variant.settings) == ("", {})
        elif suites.SYSTEMS[name].role == "part":
            assert variant.settings["engine.mode"] == "full"
            several = 2 if name == "harlm-cold-only" else 1
            assert len(changed) + (not variant.has_budget) == several, name
        else:
            assert changed == _CHANGED.get(name, set()), name


def test_nothing_is_installed_for_systems_that_need_nothing() -> None:
    assert registry.install([registry.system("base"), registry.system("harlm")]) == {}
