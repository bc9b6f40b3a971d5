from __future__ import annotations

import os
from pathlib import Path

import pytest

from harlm.config import BudgetSettings, Config, TracingSettings
from harlm.errors import ConfigError
from harlm.home import (
    calibrations_folder,
    home_of,
    index_file,
    journal_file,
    memory_file,
    models_folder,
    prices_file,
    runs_of,
    user_config_file,
)


def config(home: str | None) -> Config:
    return Config(tracing=TracingSettings(home=home))


def test_all_files_of_runs_are_in_one_folder(tmp_path: Path) -> None:
    settings = config(str(tmp_path))
    assert home_of(settings) == tmp_path
    assert runs_of(settings) == tmp_path / "runs"
    assert models_folder(settings) == tmp_path / "models"
    assert calibrations_folder(settings) == tmp_path / "calibrations"
    files = [memory_file(settings), journal_file(settings), index_file(settings)]
    assert {file.parent for file in files} == {tmp_path}
    assert len(set(files)) == 3


def test_a_tilde_is_the_users_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert home_of(config("~/state")) == tmp_path / "state"


def test_without_a_setting_the_home_is_a_state_folder_of_harlm(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    home = home_of(config(None))
    assert home.is_relative_to(tmp_path)
    assert home.name == "harlm"


def test_the_home_of_an_unknown_user_says_what_to_set() -> None:
    with pytest.raises(
        ConfigError, match=r"no home folder for '~no-such-user/x' .*; set HARLM_HOME to the full path"
    ):
        memory_file(config("~no-such-user/x"))


def test_the_users_files_are_next_to_each_other() -> None:
    assert user_config_file().name == "config.toml"
    assert prices_file(Config()) == user_config_file().with_name("prices.toml")


def test_a_user_without_a_home_has_no_settings_file(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(path: Path) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "expanduser", unknown)
    assert user_config_file().parent == Path(os.devnull)
    assert not user_config_file().is_file()


def test_a_prices_file_that_is_named_must_exist(tmp_path: Path) -> None:
    named = tmp_path / "my-prices.toml"
    settings = Config(budget=BudgetSettings(prices=str(named)))
    with pytest.raises(
        ConfigError, match=r"budget\.prices = '.*my-prices\.toml' is not a file; give a TOML file"
    ):
        prices_file(settings)
    named.touch()
    assert prices_file(settings) == named
