from __future__ import annotations

import pytest
from click.testing import CliRunner

from harlm import demo
from harlm.cli.verbs.demo import command
from harlm.config import Config
from harlm.demo import Show, StandardLibrary


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[Config]:
    """The settings that the demo was run with. The library is not read: ``tests/flows`` runs the whole demo."""
    seen: list[Config] = []

    def read(settings: Config) -> StandardLibrary:
        seen.append(settings)
        return object()  # type: ignore[return-value] # it is only handed on

    monkeypatch.setattr(demo, "read_library", read)
    return seen


@pytest.mark.parametrize(("is_right", "code"), [(True, 0), (False, 1)])
def test_the_exit_code_says_whether_every_answer_is_right(
    is_right: bool, code: int, seen: list[Config], monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(settings: Config, library: StandardLibrary, show: Show) -> bool:
        show("1. [look-up] …")
        return is_right

    monkeypatch.setattr(demo, "run", run)
    ran = CliRunner().invoke(command, [])
    assert ran.exit_code == code
    assert "1. [look-up] …" in ran.output


def test_the_demo_needs_no_key_and_leaves_out_what_not_every_machine_has(
    seen: list[Config], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HARLM_MODEL", "openai/gpt-5")
    monkeypatch.setattr(demo, "run", lambda settings, library, show: True)
    assert CliRunner().invoke(command, ["--sandbox", "s3"]).exit_code == 0
    (settings,) = seen
    assert settings.models.root == "offline/extractive"
    assert set(demo.LEFT_OUT) <= set(settings.loading.exclude)
    assert settings.sandbox.tier == "s3"
