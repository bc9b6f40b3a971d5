"""Routers of installed packages."""

from __future__ import annotations

from pathlib import Path

import pytest

from harlm import config
from harlm.assembly import router_of
from harlm.config import RouterSettings
from harlm.errors import ConfigError
from harlm.router.brought import brought_router
from tests.support.installed import install, site
from tests.support.routing import situation_of

__all__ = ["site"]

CODE = """\
from harlm.router import HeuristicRouter

class Mine(HeuristicRouter):
    pass

def make(settings):
    assert settings.kind == "acme"
    return Mine()

def make_text(settings):
    return "a router"
"""


@pytest.fixture(autouse=True)
def acme(site: Path) -> None:
    install(site, "brings_routers", CODE, acme="make", text="make_text", rules="make_text")


def test_it_is_chosen_by_its_name() -> None:
    chosen = config.overridden(config.Config(), {"router.kind": "acme"})
    router = router_of(chosen)
    assert type(router).__name__ == "Mine"
    assert router.route(situation_of()).reasons


def test_a_built_in_name_stays_built_in() -> None:
    chosen = config.overridden(config.Config(), {"router.kind": "rules"})
    assert type(router_of(chosen)).__name__ == "HeuristicRouter"


def test_what_is_no_router_or_is_not_there_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"'text' of the package brings_routers .*made a str"):
        brought_router(RouterSettings(kind="text"))
    with pytest.raises(ConfigError, match="no installed package brings it"):
        brought_router(RouterSettings(kind="nothing"))
    with pytest.raises(
        ConfigError, match=r"router.kind = 'nothing': there is none of this name; use trees, .*acme"
    ):
        config.overridden(config.Config(), {"router.kind": "nothing"})
