"""A home that version 0.1.0 wrote still serves: its runs are read, its memory is searched, its calls are reused, its index is used.

``tests/data/home_0_1.tar.gz`` holds the home, the corpus that was asked over, and ``about.json``.
"""

from __future__ import annotations

import json
import os
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest

import harlm
from harlm import HARLM, events
from harlm.config import Config, load, overridden
from harlm.home import index_file, journal_file, memory_file, runs_of
from harlm.journal import CallJournal, call_key
from harlm.memory import ColdStore
from harlm.tracing.jsonl import find_run, list_runs
from harlm.types import Sampling
from tests.support.cli import harlm as command

ARCHIVE = Path(__file__).parents[1] / "data/home_0_1.tar.gz"


@pytest.fixture
def old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(tmp_path, filter="data")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HARLM_HOME", str(tmp_path / "home"))
    return overridden(Config(), {"tracing.home": str(tmp_path / "home")})


def test_every_event_and_result_of_its_runs_is_read(old: Config) -> None:
    runs = [find_run(runs_of(old), name) for name in list_runs(runs_of(old))]
    assert len(runs) == 3
    for run in runs:
        told = list(run.events())
        assert isinstance(told[0], events.RunStarted)
        assert isinstance(told[-1], events.Answered)
        assert run.result is not None
        assert run.result.answer == told[-1].answer
    listed = command("runs", "list")
    assert listed.code == 0
    assert listed.out.count("ok") >= 3
    for run in runs:
        assert command("runs", "show", run.folder.name).code == 0


def test_its_memory_is_read_and_searched(old: Config) -> None:
    store = ColdStore(memory_file(old), "default")
    found = {hit.key for run in list_runs(runs_of(old)) for hit in store.search("billing TLS", 5, run=run)}
    entries = [store.get(key) for key in found]
    store.close()
    assert "billing was seen on TLS 1.1" in [entry.value for entry in entries if entry is not None]


def test_every_call_that_it_paid_for_is_known(old: Config) -> None:
    base_url = json.loads(Path("about.json").read_text(encoding="utf-8"))["base_url"]
    run = next(
        run
        for name in list_runs(runs_of(old))
        if (run := find_run(runs_of(old), name)).record.root_model != "offline/extractive"
    )
    told = list(run.events())
    asked = [each for each in told if isinstance(each, events.CallStarted) and each.role == "sub"]
    replies = {each.call: each.text for each in told if isinstance(each, events.CallFinished)}
    calls = CallJournal(journal_file(old), "default", entries=memory_file(old))
    assert len(asked) >= 3
    for each in asked:
        paid = calls.get(call_key(f"{each.model} at {base_url}", each.messages, Sampling()))
        assert paid is not None
        assert paid.text == replies[each.call]
        assert paid.usage.calls == 1
    calls.close()


def test_its_index_is_used_and_not_rebuilt(old: Config) -> None:
    before = index_file(old).stat().st_ino
    answer = HARLM(home=Path("home")).ask("Which note speaks of number 777?", Path("corpus"))
    assert answer.citations[0].source == "corpus/note21.md"
    assert index_file(old).stat().st_ino == before
    assert not list(Path("home").glob("*.broken-*"))
    assert command("search", "vault code", "corpus").out.startswith("corpus/vault.md")


SETTINGS: Mapping[str, Mapping[str, object]] = {
    "models": {"root": "ollama/x", "api_key": "k", "sub": "ollama/y", "base_url": "http://h/v1", "window": 4096, "offline": True, "retries": 3, "patience_s": 5.0, "hedging": False, "fallback": "ollama/z", "economy": "ollama/e", "connect_timeout_s": 1.0, "timeout_s": 2.0, "ca_bundle": "ca.pem", "proxy": "http://p:1"},
    "loading": {"include": ["*.md"], "exclude": ["*.log"], "max_file_mb": 3},
    "engine": {"mode": "full", "max_depth": 2, "max_turns": 9, "concurrency": 4, "shown_chars": 900, "speculation": "off", "seed": 3, "strict": True},
    "sandbox": {"tier": "s3", "allow_unsafe": True, "cell_seconds": 9.0, "cpu_seconds": 8.0, "silence_seconds": 7.0, "memory_mb": 512, "open_repls": 2},
    "budget": {"usd": 0.5, "tokens": 9, "calls": 8, "seconds": 7.0, "prices": "prices.toml"},
    "memory": {"cache": False, "namespace": "n", "view_tokens": 300, "history_tokens": 2000, "return_tokens": 200, "hot_tokens": 5, "summaries": "abstractive", "embedder": "hashing", "max_mb": 3},
    "tracing": {"home": "h"},
}  # fmt: skip
"""Every setting of version 0.1.0, each with a value that is not its default."""


def test_a_settings_file_of_it_means_the_same(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(
        "".join(
            f"[{section}]\n" + "".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items())
            for section, values in SETTINGS.items()
        ),
        encoding="utf-8",
    )
    config = load(flags={}, environment={}, folder=tmp_path, user_file=file).config
    for section, values in SETTINGS.items():
        for name, value in values.items():
            kept = getattr(getattr(config, section), name)
            assert (list(kept) if isinstance(kept, tuple) else kept) == value, f"{section}.{name}"


@pytest.mark.parametrize(
    ("variable", "value", "section", "name", "kept"),
    [
        ("HARLM_MODEL", "ollama/x", "models", "root", "ollama/x"),
        ("HARLM_SUB_MODEL", "ollama/y", "models", "sub", "ollama/y"),
        ("HARLM_BASE_URL", "http://h/v1", "models", "base_url", "http://h/v1"),
        ("HARLM_API_KEY", "k", "models", "api_key", "k"),
        ("HARLM_MAX_COST", "0.25", "budget", "usd", 0.25),
        ("HARLM_CONCURRENCY", "7", "engine", "concurrency", 7),
        ("HARLM_TIMEOUT", "5m", "budget", "seconds", 300.0),
        ("HARLM_SANDBOX", "s2", "sandbox", "tier", "s2"),
        ("HARLM_HOME", "/h", "tracing", "home", "/h"),
        ("HARLM_OFFLINE", "1", "models", "offline", True),
    ],
)
def test_its_environment_variables_mean_the_same(
    variable: str, value: str, section: str, name: str, kept: object, tmp_path: Path
) -> None:
    config = load(flags={}, environment={variable: value}, folder=tmp_path, user_file=Path(os.devnull)).config
    assert getattr(getattr(config, section), name) == kept


def test_its_public_names_are_there() -> None:
    names = (
        "HARLM Answer BadCompletion Budget CallLimit Citation CodeError Completion ConfigError Context ContextError ContextOverflow"
        " CostLimit DeadlineExceeded DepthLimit Document Event HarlmError LanguageModel Latency LimitExceeded MemoryFailure Message"
        " ModelError ModelUnavailable NoAnswer Price RateLimited Route Sampling SandboxError SandboxFailure TokenLimit TraceError"
        " Usage load"
    )
    for name in names.split():
        assert getattr(harlm, name).__name__ == name
