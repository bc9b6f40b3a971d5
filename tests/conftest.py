"""What every test gets: a home of its own, no keys, and no network but loopback. How tests are given to workers."""

from __future__ import annotations

import gc
import itertools
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "suite", max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("fuzz", max_examples=20_000, deadline=None, suppress_health_check=list(HealthCheck))
settings.load_profile("fuzz" if os.environ.get("HARLM_FUZZ") else "suite")

_KEYS = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY", "OPENROUTER_API_KEY")
_SIZES = ("COLUMNS", "LINES", "CI", "TERM_PROGRAM")  # of the terminal that pytest runs in, and what it is for
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")


_NUMBERS = itertools.count()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """Two workers for a core: much of their time they wait for what a test has started."""
    if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(2 * cores, 1)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """A worker that has nothing left takes over tests of another: those that take long stand next to each other."""
    if config.getoption("dist") != "load":
        return None
    from xdist.scheduler import WorkStealingScheduling  # type: ignore[import-untyped] # has no types

    return WorkStealingScheduling(config, log)


_FIRST = ("test_litellm.py", "test_as_user.py")
"""Modules that start something slow for all their tests, or have tests of a minute. A worker that has nothing left takes the last tests
of another, so what begins early is neither started twice nor waited for at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Slow modules first, the others as they are."""
    items.sort(key=lambda item: item.path.name not in _FIRST)


gc.disable()  # until all is collected


def pytest_collection_finish() -> None:
    """What has been collected stays to the end: the garbage collector need not look at half a million objects again and again, which
    takes half of the processor time of tests that make many objects.
    """
    gc.collect()
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session")
def folders_of_tests(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Holds the folders of all tests: older versions of pytest list theirs for each folder that they make."""
    return tmp_path_factory.mktemp("folders_of_tests")


@pytest.fixture(autouse=True)
def clean_environment(folders_of_tests: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No settings from outside; runs are kept in a folder of the test."""
    for name in [
        *_KEYS,
        *_PROXIES,
        *_SIZES,
        *(each for each in os.environ if each.startswith(("HARLM_", "OTEL_"))),
    ]:
        monkeypatch.delenv(name, raising=False)
    number = next(_NUMBERS)
    home, here = folders_of_tests / f"home{number}", folders_of_tests / f"cwd{number}"
    home.mkdir(mode=0o700)
    here.mkdir(mode=0o700)
    monkeypatch.setenv("HARLM_HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))
    monkeypatch.chdir(here)
    return home


@pytest.fixture(autouse=True)
def same_recursion_limit() -> Iterator[None]:
    """A scout raises the limit of its process, which here is that of all tests."""
    limit = sys.getrecursionlimit()
    yield
    sys.setrecursionlimit(limit)


@pytest.fixture(autouse=True)
def telemetry_that_ends() -> Iterator[None]:
    """Ends what exports telemetry with its test: its threads would draw random numbers beside later ones, of which Hypothesis complains."""
    yield
    exporting = sys.modules.get("harlm.tracing.otel.exporting")
    if exporting is not None:
        for each in list(exporting._known.values()):
            each._waiting.shutdown()  # first: the end of the others waits while a delivery is tried again
            each.tracers.shutdown()
            each.meters.shutdown(timeout_millis=100)
        exporting._known.clear()


@pytest.fixture(autouse=True)
def only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection to anywhere else fails the test."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        host = address[0] if isinstance(address, tuple) else "local"
        if host not in ("127.0.0.1", "::1", "localhost", "local"):
            raise AssertionError(f"a test tried to reach {host}")
        connect(self, address)  # type: ignore[arg-type] # passed on as it came

    monkeypatch.setattr(socket.socket, "connect", guarded)
