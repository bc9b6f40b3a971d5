"""Exact counters: only with an installed tokenizer and a vocabulary on this machine, never over a network."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from harlm.tokens import exact as tokens
from harlm.tokens.exact import tokenizer_of

O200K, CL100K = "o200k_base", "cl100k_base"


def file_name(encoding: str) -> str:
    address = f"https://openaipublic.blob.core.windows.net/encodings/{encoding}.tiktoken"
    return hashlib.sha1(address.encode(), usedforsecurity=False).hexdigest()


class Encoding:
    """Counts words."""

    def __init__(self, name: str) -> None:
        self.name = name

    def encode_ordinary(self, text: str) -> list[int]:
        return [0] * len(text.split())


class Tiktoken(ModuleType):
    """The part of tiktoken that the counters use."""

    def __init__(self) -> None:
        super().__init__("tiktoken")
        self.loaded: list[str] = []
        self.failure: Exception | None = None

    def get_encoding(self, name: str) -> Encoding:
        self.loaded.append(name)
        if self.failure is not None:
            raise self.failure
        return Encoding(name)


@pytest.fixture(autouse=True)
def _nothing_is_remembered() -> Iterator[None]:
    tokens._loaded.cache_clear()
    yield
    tokens._loaded.cache_clear()


@pytest.fixture
def tiktoken(monkeypatch: pytest.MonkeyPatch) -> Tiktoken:
    installed = Tiktoken()
    monkeypatch.setitem(sys.modules, "tiktoken", installed)
    return installed


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with both vocabularies, with the name of tiktoken's default folder."""
    folder = tmp_path / "data-gym-cache"
    folder.mkdir()
    for encoding in (O200K, CL100K):
        (folder / file_name(encoding)).write_bytes(b"IQ== 0\n")
    monkeypatch.delenv("DATA_GYM_CACHE_DIR", raising=False)
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(folder))
    return folder


@pytest.mark.parametrize(
    ("model", "encoding"),
    [
        ("openai/gpt-5", O200K),
        ("openai/gpt-5-mini-2025-08-07", O200K),
        ("openai/gpt-4.1-nano", O200K),
        ("openai/gpt-4o-mini", O200K),
        ("openai/o3-mini", O200K),
        ("openai/o4-mini", O200K),
        ("openai/chatgpt-4o-latest", O200K),
        ("openai/gpt-4", CL100K),
        ("openai/gpt-4-turbo", CL100K),
        ("openai/gpt-3.5-turbo", CL100K),
    ],
)
def test_a_model_is_counted_with_its_own_vocabulary(
    model: str, encoding: str, tiktoken: Tiktoken, cache: Path
) -> None:
    counter = tokenizer_of(model)
    assert counter is not None
    assert counter.count("three words here") == 3
    assert tiktoken.loaded == [encoding]


@pytest.mark.parametrize(
    "model",
    [
        "openai/llama-3",
        "openai/",
        "openai",
        "",
        "gpt-4",
        "anthropic/claude",
        "openrouter/openai/gpt-4",
        "x/gpt-4",
    ],
)
def test_other_models_are_not_counted_with_it(model: str, tiktoken: Tiktoken, cache: Path) -> None:
    assert tokenizer_of(model) is None
    assert tiktoken.loaded == []


def test_a_vocabulary_is_loaded_once(tiktoken: Tiktoken, cache: Path) -> None:
    assert tokenizer_of("openai/gpt-5") is tokenizer_of("openai/gpt-4o")
    assert tiktoken.loaded == [O200K]


def test_without_tiktoken_there_is_no_counter(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tiktoken", None)  # as if it were not installed
    assert tokenizer_of("openai/gpt-5") is None


def test_a_missing_vocabulary_is_not_fetched(
    tiktoken: Tiktoken, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (cache / file_name(O200K)).unlink()
    assert tokenizer_of("openai/gpt-5") is None
    assert tokenizer_of("openai/gpt-4") is not None
    assert tiktoken.loaded == [CL100K]


@pytest.mark.parametrize("variable", ["TIKTOKEN_CACHE_DIR", "DATA_GYM_CACHE_DIR"])
def test_the_cache_is_the_folder_of_tiktoken(
    variable: str, tiktoken: Tiktoken, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TIKTOKEN_CACHE_DIR")
    monkeypatch.setenv(variable, str(cache))
    assert tokenizer_of("openai/gpt-5") is not None


def test_the_first_of_the_two_variables_wins(
    tiktoken: Tiktoken, cache: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path_factory.mktemp("empty")))
    monkeypatch.setenv("DATA_GYM_CACHE_DIR", str(cache))
    assert tokenizer_of("openai/gpt-5") is None


def test_the_default_folder_is_that_of_tiktoken(
    tiktoken: Tiktoken, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TIKTOKEN_CACHE_DIR")
    monkeypatch.setattr("harlm.tokens.exact.tempfile.gettempdir", lambda: str(cache.parent))
    assert tokenizer_of("openai/gpt-5") is not None


def test_without_a_cache_there_is_no_counter(
    tiktoken: Tiktoken, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harlm.tokens.exact.tempfile.gettempdir", lambda: str(cache.parent))
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", "")
    assert tokenizer_of("openai/gpt-5") is None
    assert tiktoken.loaded == []


@pytest.mark.parametrize(
    "error", [PermissionError(13, "Permission denied"), OSError(36, "File name too long")], ids=str
)
def test_a_folder_without_access_gives_no_counter(
    error: OSError, tiktoken: Tiktoken, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stat(self: Path, **_: object) -> object:
        raise error

    monkeypatch.setattr(Path, "stat", stat)
    assert tokenizer_of("openai/gpt-5") is None


@pytest.mark.parametrize(
    "failure",
    [OSError("it would fetch another"), ValueError("Hash mismatch"), PermissionError(13, "denied")],
    ids=str,
)
def test_a_vocabulary_that_cannot_be_loaded_gives_no_counter(
    failure: Exception, tiktoken: Tiktoken, cache: Path
) -> None:
    tiktoken.failure = failure
    assert tokenizer_of("openai/gpt-5") is None


def test_the_real_one_counts_as_a_provider_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs only where tiktoken is installed and has its vocabulary."""
    counter = tokenizer_of("openai/gpt-4o")
    if counter is None:
        pytest.skip("no vocabulary on this machine")
    assert counter.count("hello world") == 2
    assert counter.count("<|endoftext|>") > 1
