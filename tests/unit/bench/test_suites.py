from __future__ import annotations

import pytest

from harlm.errors import ConfigError
from harlm_bench import suites, tasks
from harlm_bench.report import published
from harlm_bench.systems import registry


@pytest.mark.parametrize("name", suites.SUITES)
def test_a_suite_names_tasks_sizes_and_systems_that_exist(name: str) -> None:
    suite = suites.suite(name)
    for load in suite.loads:
        tasks.check_size(load.task, load.tokens, load.questions)
    for key in suite.systems:
        assert registry.system(key).name
        assert key in suites.SYSTEMS
    ours = [suites.SYSTEMS[key].role for key in suite.systems].count("ours")
    is_narrow = name in ("calibration", "embedded-long", "embedded-modes")
    assert ours == (not is_narrow and name != "router")  # which runs HARLM in each mode instead
    assert is_narrow or len(suite.systems) > 3


def test_every_system_of_the_registry_has_a_role() -> None:
    bounds = {key for key, entry in suites.SYSTEMS.items() if entry.role == "bound"}
    assert set(registry.names()) == set(suites.SYSTEMS) - bounds


@pytest.mark.parametrize("name", ["quick", "standard", "paper"])
def test_a_simulated_suite_holds_what_the_calibration_needs(name: str) -> None:
    suite = suites.suite(name)
    assert {"base", "rlms", "harlm"} <= set(suite.systems)
    assert {load.task for load in suite.loads} & set(published.TASKS)
    assert {"base", "rlms", "harlm"} <= set(suites.ABLATIONS)


def test_the_embedded_suite_fits_into_its_time() -> None:
    """About 130,000 tokens of the 0.5 B model in 15 minutes; questions about one window share its text."""
    embedded = suites.suite("embedded")
    read_once = sum(load.windows * load.tokens for load in embedded.loads)
    assert read_once < 130_000 / 2


def test_a_choice_of_systems_tasks_and_sizes() -> None:
    quick = suites.suite("quick")
    chosen = suites.chosen(quick, ("harlm", "minrlm"), ("s-niah", "oolong"), (8_192, 16_384))
    assert chosen.systems == ("harlm", "minrlm")
    assert {(load.task, load.tokens) for load in chosen.loads} == {
        (task, size) for task in ("s-niah", "oolong") for size in (8_192, 16_384)
    }
    assert suites.chosen(quick) == quick


@pytest.mark.parametrize(
    ("systems", "names", "said"),
    [(("harml",), (), "system 'harml'.*harlm"), ((), ("browse",), "task 'browse'.*short, s-niah")],
)
def test_what_does_not_exist_is_named(systems: tuple[str, ...], names: tuple[str, ...], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        suites.chosen(suites.suite("quick"), systems, names)


def test_an_unknown_suite_is_refused_with_the_known_ones() -> None:
    with pytest.raises(
        ConfigError, match=r"'full'.*embedded, embedded-long, embedded-modes, quick, standard, paper"
    ):
        suites.suite("full")
