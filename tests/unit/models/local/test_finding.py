"""From ``local/NAME`` to a file, and what a user is told who has none."""

from __future__ import annotations

from pathlib import Path

import pytest

from harlm.errors import ConfigError
from harlm.models.local.finding import is_here, model_file
from harlm.models.local.known import KNOWN

SMALL = KNOWN["smollm2-135m"]


def sparse(file: Path, size: int) -> Path:
    with file.open("wb") as out:
        out.truncate(size)
    return file


def test_a_path_is_the_file_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "my@model.gguf"
    file.write_bytes(b"GGUF")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in (str(file), file.name, f"./{file.name}", f"~/{file.name}"):
        assert model_file(name, tmp_path / "models") == file


def test_a_file_in_the_folder_of_models_is_found_by_its_name(tmp_path: Path) -> None:
    file = tmp_path / "mine.gguf"
    file.write_bytes(b"GGUF")
    assert model_file("mine", tmp_path) == model_file("mine.gguf", tmp_path) == file


def test_a_known_name_is_its_file_in_the_folder(tmp_path: Path) -> None:
    assert not is_here(SMALL, tmp_path)
    file = sparse(tmp_path / SMALL.file, SMALL.size)
    assert is_here(SMALL, tmp_path)
    assert model_file(SMALL.name, tmp_path) == file


def test_weights_that_are_missing_are_an_error_that_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"`harlm local fetch smollm2-135m` downloads them \(98 MB\)"):
        model_file(SMALL.name, tmp_path)


def test_a_known_file_of_another_size_is_an_error(tmp_path: Path) -> None:
    sparse(tmp_path / SMALL.file, SMALL.size - 1)
    with pytest.raises(ConfigError, match=r"has 98,362,431 bytes and not 98,362,432: it is cut"):
        model_file(SMALL.name, tmp_path)


def test_a_path_without_a_file_is_an_error(tmp_path: Path) -> None:
    for name in ("nothing.gguf", "some/where", "../x.gguf"):
        with pytest.raises(ConfigError, match=rf"there is no file {name}"):
            model_file(name, tmp_path)


def test_an_unknown_name_is_an_error_that_names_those_that_are_known(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"'local/gpt-5' is not known; use local/PATH.gguf or one of .*smollm2-135m"
    ):
        model_file("gpt-5", tmp_path)
