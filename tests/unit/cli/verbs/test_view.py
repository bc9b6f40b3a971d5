"""``harlm view`` prints an address, and serves until it is stopped."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.request import urlopen

from tests.support.browser import viewing
from tests.support.cli import harlm
from tests.support.told_runs import BEGUN, ENDED, RUN, stored


def test_it_serves_the_run_that_is_named(clean_environment: Path) -> None:
    stored(clean_environment / "runs", [*BEGUN, *ENDED])
    with viewing("last") as address:
        before, _, fragment = address.partition("#")
        assert fragment == f"/run/{RUN}"
        with urlopen(before.replace("/?", f"/api/run/{RUN}?")) as told:
            assert json.load(told)["head"]["answer"] == "this one"


def test_without_a_name_it_serves_the_list() -> None:
    with viewing() as address:
        assert "#" not in address


def test_a_run_that_is_not_there_is_named() -> None:
    done = harlm("view", "01JNOTHING", "--no-open")
    assert (done.code, done.out) == (8, "")
    assert "'01JNOTHING'" in done.err
    assert "Traceback" not in done.err


def test_a_port_that_no_machine_has_is_refused() -> None:
    assert harlm("view", "--port", "70000").code == 2
