"""Folders that someone else made: they choose nothing, lead nowhere, and their secrets stay where they are."""

from __future__ import annotations

import itertools
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from harlm.testing import ScriptedServer
from tests.abuse.host import folders
from tests.support.cli import harlm
from tests.support.host import FUZZ, Case, Host, cell

pytestmark = pytest.mark.timeout(600)
_KEY = "sk-user-key-000000000001"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one text, in which the command line is used."""
    place = tmp_path / "cloned"
    place.mkdir()
    (place / "honest.txt").write_text("The zebra sits here.", encoding="utf-8")
    monkeypatch.chdir(place)
    return place


@pytest.mark.parametrize("what", folders.SENDING)
def test_a_cloned_folder_sends_nothing_to_a_provider_that_the_user_did_not_choose(
    here: Path, what: str
) -> None:
    """F3."""
    with ScriptedServer(lambda _: "a reply") as server:
        (here / "harlm.toml").write_text(folders.SENDING[what].format(url=server.url), encoding="utf-8")
        keys = {
            "OPENAI_API_KEY": _KEY,
            "OPENROUTER_API_KEY": _KEY,
            "OPENAI_BASE_URL": f"{server.url}/v1",
            "OPENROUTER_BASE_URL": f"{server.url}/v1",
        }
        ran = harlm("ask", "where is the zebra?", ".", "--timeout", "10s", environment=keys)
    assert server.requests == [], ran.err


@pytest.mark.parametrize("setting", folders.WIDENING if FUZZ else list(folders.WIDENING)[:4])
def test_a_cloned_folder_changes_no_setting_that_spends_deletes_or_widens(here: Path, setting: str) -> None:
    """F14."""
    before = harlm("config", "show", "--format", "json")
    section, _, name = setting.partition(".")
    (here / "harlm.toml").write_text(f"[{section}]\n{name} = {folders.WIDENING[setting]}\n", encoding="utf-8")
    after = harlm("config", "show", "--format", "json")
    assert after.code != 0 or after.out == before.out
    assert setting in after.err


@pytest.mark.parametrize("kind", folders.UNREADABLE)
def test_a_settings_file_that_cannot_be_read_is_named(here: Path, kind: str) -> None:
    """F29."""
    (here / "harlm.toml").write_bytes(folders.UNREADABLE[kind])
    ran = harlm("config", "show", timeout=20)
    assert ran.code == 3, ran.err
    assert "harlm.toml" in ran.err
    assert len(ran.err) < 3_000


def test_a_file_that_looks_like_a_secret_is_not_sent(host: Host, tmp_path: Path) -> None:
    """F17."""
    place = tmp_path / "cloned"
    place.mkdir()
    files = dict.fromkeys(folders.SECRET_NAMES, "{mark}") | dict(folders.SECRET_TEXTS)
    for number, (name, text) in enumerate(files.items()):
        (place / name).write_text(text.format(mark=folders.mark(number)), encoding="utf-8")
    (place / "honest.txt").write_text(f"The zebra sits in {folders.mark(9_999)}.", encoding="utf-8")
    (seen,) = host.hold(Case(name="secrets", folder=str(place), replies=["a reply"], mode="direct"))
    sent = [name for number, name in enumerate(files) if folders.mark(number) in seen.marks]
    assert sent == []
    assert folders.mark(9_999) in seen.marks


def test_links_pipes_and_circles_in_a_folder_lead_nowhere(host: Host, tmp_path: Path) -> None:
    """F15."""
    outside = tmp_path / "outside" / "secret.txt"
    outside.parent.mkdir()
    outside.write_text(folders.mark(1), encoding="utf-8")
    place = folders.with_links(tmp_path / "cloned", outside)
    (seen,) = host.hold(Case(name="links and pipes", folder=str(place), replies=["a reply"], mode="direct"))
    assert seen.ended == "ok"
    assert seen.marks == []


@contextmanager
def _changing(file: Path, outside: Path, name: str) -> Iterator[None]:
    """During the block, a file is again and again replaced by a link, a pipe or itself."""
    over = threading.Event()
    spare = file.with_name(f"..{name}")  # hidden, so that it is not read itself

    def change() -> None:
        for turn in itertools.count():
            if over.is_set():
                return
            match turn % 3:
                case 0:
                    spare.write_text("a text", encoding="utf-8")
                case 1:
                    spare.symlink_to(outside)
                case _:
                    os.mkfifo(spare)
            os.replace(spare, file)  # noqa: PTH105 - in one step

    changing = threading.Thread(target=change)
    changing.start()
    try:
        yield
    finally:
        over.set()
        changing.join()


def test_a_file_that_changes_between_the_walk_and_the_reading_leads_nowhere(
    host: Host, tmp_path: Path
) -> None:
    """F15."""
    outside = tmp_path / "secret.txt"
    outside.write_text(folders.mark(2), encoding="utf-8")
    place = tmp_path / "cloned"
    place.mkdir()
    for number in range(100):
        (place / f"{number}.txt").write_text("a text", encoding="utf-8")
    case = Case(
        name="a file that changes", folder=str(place), replies=[cell("FINAL('\\n'.join(context))")], turns=2
    )
    with _changing(place / "50.txt", outside, "50"):
        seen = host.hold(*[case] * (100 if FUZZ else 12))
    assert [one.text for one in seen if folders.mark(2) in one.text or folders.mark(2) in one.marks] == []
