"""What ``harlm doctor`` and ``harlm models`` say of installed packages."""

from __future__ import annotations

from pathlib import Path

import pytest

from harlm.cli.installed import Brought, brought, is_built_in
from harlm.extensions import installed
from tests.support.installed import install, site

__all__ = ["site"]


@pytest.fixture(autouse=True)
def acme(site: Path) -> None:
    names = {"acme": "made", "broken": "nowhere"}
    own = {
        "models": "openai",
        "embedders": "hashing",
        "routers": "trees",
        "strategies": "search",
        "readers": "PDF",
    }
    points = {kind: {name: "made", **names} for kind, name in own.items()}
    install(site, "brings_much", "made = print\n", {**points, "tools": names, "stores": names})


def test_each_is_listed_with_its_package_and_what_is_wrong_with_it() -> None:
    found = list(brought("models"))
    assert found[0] == Brought("model provider", "acme", "brings_much", None)
    assert [each.name for each in found] == ["acme", "broken", "openai"]
    assert str(found[1].problem).startswith("'broken' of the package brings_much cannot be imported")
    assert found[2].problem == "ignored, since 'openai' is built in"


def test_all_kinds_are_listed() -> None:
    kinds = {each.kind for each in brought() if each.package == "brings_much"}
    assert kinds == {"model provider", "embedder", "store", "router", "strategy", "reader", "tool"}


def test_built_in_names_are_known_for_each_kind() -> None:
    own = {
        (each.kind, each.name) for each in installed() if each.package == "brings_much" and is_built_in(each)
    }
    assert own == {
        ("models", "openai"),
        ("embedders", "hashing"),
        ("routers", "trees"),
        ("strategies", "search"),
        ("readers", "PDF"),
    }
