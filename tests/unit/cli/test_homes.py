"""A home folder that is unknown, belongs to another user, or was deleted: a problem only for verbs that
need it.
"""

from __future__ import annotations

import pwd
from pathlib import Path

import pytest

from harlm import home
from harlm.cli.verbs.doctor import _about_home
from harlm.config import Config, TracingSettings
from harlm.errors import ConfigError
from tests.support.cli import harlm, in_shell


@pytest.fixture
def no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user without an entry in the table of users, and without HOME."""

    def unknown(uid: int) -> None:
        raise KeyError(uid)

    for variable in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", unknown)


@pytest.mark.usefixtures("no_home")
def test_without_a_home_there_is_no_user_file_and_no_folder_for_runs() -> None:
    assert not home.user_config_file().is_file()
    with pytest.raises(ConfigError, match=r"there is no home folder for '~' .* set HARLM_HOME"):
        home.runs_of(Config())
    assert _about_home(Config()).state == "bad"


def test_the_home_of_another_user_that_cannot_be_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    exists = Path.exists

    def guarded(path: Path, *, follow_symlinks: bool = True) -> bool:
        if str(path).startswith("/closed/"):
            raise PermissionError(13, "Permission denied", str(path))
        return exists(path)

    monkeypatch.setattr(Path, "exists", guarded)
    finding = _about_home(Config(tracing=TracingSettings(home="/closed/harlm")))
    assert "/closed/harlm" in finding.detail


def test_a_home_that_is_a_file_is_bad() -> None:
    Path("file").touch()
    assert _about_home(Config(tracing=TracingSettings(home=str(Path("file").absolute())))).state == "bad"


@pytest.mark.parametrize(
    "arguments", [["ask", "What is the code?", "a.txt"], ["runs", "list"], ["runs", "show", "last"]]
)
def test_the_home_of_an_unknown_user_is_a_one_line_error(arguments: list[str]) -> None:
    Path("a.txt").write_text("The code is 4711.", encoding="utf-8")
    ran = harlm(*arguments, "-v", environment={"HARLM_HOME": "~no-such-user/x"})
    assert ran.code == 3
    assert "harlm: there is no home folder for '~no-such-user/x'" in ran.err


def test_doctor_reports_a_bad_home_and_continues() -> None:
    ran = harlm("doctor", environment={"HARLM_HOME": "~no-such-user/x"})
    assert ran.code == 3
    assert "BAD   home: there is no home folder for" in ran.out
    assert "sandbox: tier" in ran.out


@pytest.mark.parametrize("verb", ["config show", "runs list", "doctor", "models"])
def test_verbs_work_in_a_deleted_folder(verb: str) -> None:
    ran = in_shell(f"mkdir gone && cd gone && rmdir ../gone && harlm {verb}")
    assert ran.code == 0, ran.err
