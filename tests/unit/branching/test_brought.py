"""Strategies of installed packages: when they are asked, and what follows when one is broken."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from harlm.branching.brought import BroughtStrategies
from harlm.branching.strategies import Asked, fitting
from harlm.errors import ConfigError
from tests.support.installed import install, site
from tests.support.proposals import asked_of

__all__ = ["site"]

CODE = """\
from harlm.types import Forecast, Proposal

def proposal(**more):
    told = Forecast(calls=0, input_tokens=0, output_tokens=0, micros=0, seconds=0.0, depth=0)
    fields = dict(strategy="label", cells=("FINAL(1)",), forecast=told, growth="constant", leaf="none", fit=1.0)
    return Proposal(**{**fields, **more})

def propose(asked):
    return proposal() if "begin" in asked.question else None

def fails(asked):
    raise RuntimeError("no idea")

def returns_text(asked):
    return "FINAL(1)"

def has_no_cells(asked):
    return proposal(cells=())

def is_too_sure(asked):
    return proposal(fit=7)

NUMBER = 3
"""
BROKEN = {
    "fails": r"failed \(RuntimeError: no idea\)",
    "returns_text": "returned a str",
    "has_no_cells": "without cells",
    "is_too_sure": "a fit or growth that does not exist",
    "NUMBER": "is a int",
    "nowhere": "cannot be imported",
}


def begins(**task: object) -> Asked:
    asked = asked_of("How does it begin?", {"a.txt": "Dear Ada,\n\nHello."})
    return replace(asked, task=replace(asked.task, **task))  # type: ignore[arg-type] # by name


def test_they_propose_beside_those_of_harlm_under_their_own_names(site: Path) -> None:
    install(site, "proposes", CODE, {"strategies": {"acme": "propose"}})
    found = fitting(begins(), BroughtStrategies())
    assert found[0].strategy == "acme"
    assert fitting(begins(strategy="acme", mode="plan"), BroughtStrategies()) == found[:1]
    assert fitting(asked_of("Who?", "text"), BroughtStrategies()) == fitting(asked_of("Who?", "text"))


@pytest.mark.parametrize(
    "task", [{"mode": "direct"}, {"mode": "full"}, {"mode": "repl"}, {"strategy": "search", "mode": "plan"}]
)
def test_they_are_not_imported_where_none_can_be_used(site: Path, task: dict[str, object]) -> None:
    install(site, "not_imported", "raise RuntimeError\n", {"strategies": {"acme": "propose"}})
    found = BroughtStrategies()
    assert found(begins(**task)) == ()
    assert found.taken_notes() == ()
    assert "not_imported" not in sys.modules


def test_the_built_in_model_has_programs_of_its_own_unless_one_is_named(site: Path) -> None:
    install(site, "for_offline", CODE, {"strategies": {"acme": "propose"}})
    local = replace(begins().sub, name="offline/extractive")
    assert BroughtStrategies()(replace(begins(), sub=local)) == ()
    (found,) = fitting(replace(begins(strategy="acme", mode="plan"), sub=local), BroughtStrategies())
    assert found.strategy == "acme"


def test_a_built_in_name_stays_built_in(site: Path) -> None:
    install(site, "takes_a_name", CODE, {"strategies": {"search": "propose"}})
    assert BroughtStrategies()(begins()) == ()


@pytest.mark.parametrize("broken", BROKEN)
def test_one_that_is_broken_ends_the_run_that_names_it(site: Path, broken: str) -> None:
    install(site, f"broken_{broken.lower()}", CODE, {"strategies": {"acme": broken}})
    with pytest.raises(ConfigError, match=BROKEN[broken]):
        BroughtStrategies()(begins(strategy="acme", mode="plan"))


@pytest.mark.parametrize("broken", BROKEN)
def test_one_that_is_broken_is_left_out_of_other_runs_and_told_once(site: Path, broken: str) -> None:
    install(site, f"left_{broken.lower()}", CODE, {"strategies": {"acme": broken, "works": "propose"}})
    found = BroughtStrategies()
    for _ in range(2):
        assert [each.strategy for each in found(begins())] == ["works"]
    (note,) = found.taken_notes()
    assert note.startswith("a strategy is left out: 'acme'")
    assert found.taken_notes() == ()
