"""A project file sets what is on the list, and nothing else; what it sets only narrows."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harlm.config import Config, Settings, load, setting_names
from harlm.config.project import PROJECT_SETTINGS
from harlm.errors import ConfigError


def in_project(
    folder: Path, project: str, *, flags: dict[str, object] | None = None, user: str = ""
) -> Settings:
    (folder / "harlm.toml").write_text(project)
    (folder / "user.toml").write_text(user)
    return load(flags=flags or {}, environment={}, folder=folder, user_file=folder / "user.toml")


def test_every_row_is_a_setting_and_says_why_it_is_harmless() -> None:
    assert PROJECT_SETTINGS.keys() <= set(setting_names())
    assert all(len(why) > 40 for why in PROJECT_SETTINGS.values())


@pytest.mark.parametrize("name", sorted(set(setting_names()) - PROJECT_SETTINGS.keys()))
def test_a_setting_without_a_row_is_refused_even_with_its_default_value(tmp_path: Path, name: str) -> None:
    section, key = name.split(".")
    default = getattr(getattr(Config(), section), key)
    value = "'x'" if default is None else msgspec.json.encode(default).decode()
    with pytest.raises(ConfigError) as caught:
        in_project(tmp_path, f"[{section}]\n{key} = {value}\n")
    said = str(caught.value)
    assert f"harlm.toml sets {name}; a project file may not" in said
    assert "user.toml, in an environment variable or with a flag" in said


_NAMES = st.sampled_from(setting_names()).map(lambda name: name.split("."))
_VALUES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.lists(st.text(max_size=4), max_size=3)
)


@settings(max_examples=40)
@given(
    st.lists(st.tuples(_NAMES, _VALUES), max_size=4), st.booleans(), st.lists(st.text("ab*!/", max_size=3))
)
def test_no_project_file_changes_more_than_the_list_allows(
    tmp_path_factory: pytest.TempPathFactory,
    sets: list[tuple[list[str], object]],
    strict: bool,
    exclude: list[str],
) -> None:
    folder = tmp_path_factory.mktemp("project")
    lines: dict[str, dict[str, str]] = {}
    for (section, key), value in sets:
        if value is not None:
            lines.setdefault(section, {})[key] = msgspec.json.encode(value).decode()
    text = "\n".join(
        f"[{section}]\n" + "\n".join(f"{key} = {value}" for key, value in keys.items())
        for section, keys in lines.items()
    )
    user = f"[engine]\nstrict = {str(strict).lower()}\n[loading]\nexclude = {msgspec.json.encode(exclude).decode()}"
    try:
        config = in_project(folder, text, user=user).config
    except ConfigError:
        return
    kept = config.loading.exclude[len(config.loading.exclude) - len(exclude) :]
    assert list(kept) == exclude
    assert config.engine.strict or not strict
    plain = msgspec.structs.replace(
        config,
        loading=msgspec.structs.replace(config.loading, exclude=()),
        engine=msgspec.structs.replace(config.engine, strict=False),
    )
    assert plain == Config()


def test_its_patterns_come_before_those_of_the_user(tmp_path: Path) -> None:
    made = in_project(
        tmp_path, '[loading]\nexclude = ["vendor/", "!mine.txt"]', flags={"loading.exclude": ("mine.txt",)}
    )
    assert made.config.loading.exclude == ("vendor/", "!mine.txt", "mine.txt")
    assert made.origin("loading.exclude") == f"{tmp_path}/harlm.toml, flag loading.exclude"
    assert made.note == f"{tmp_path}/harlm.toml sets loading.exclude = ['vendor/', '!mine.txt']"


def test_strict_is_turned_on_and_never_off(tmp_path: Path) -> None:
    assert in_project(tmp_path, "[engine]\nstrict = true").config.engine.strict
    with pytest.raises(ConfigError, match=r"engine\.strict = False; a project file may only set it to true"):
        in_project(tmp_path, "[engine]\nstrict = false", user="[engine]\nstrict = true")


@pytest.mark.parametrize(
    "patterns", [["*.txt"] * 201, ["a" * 201], "*.txt", [1], [["a"]], {"a": "b"}], ids=repr
)
def test_patterns_are_few_and_short(tmp_path: Path, patterns: object) -> None:
    written = '{a = "b"}' if isinstance(patterns, dict) else msgspec.json.encode(patterns).decode()
    with pytest.raises(ConfigError, match=r"sets loading\.exclude = .*at most 200 patterns of at most 200"):
        in_project(tmp_path, f"[loading]\nexclude = {written}")


def test_a_note_is_short(tmp_path: Path) -> None:
    note = in_project(tmp_path, f"[loading]\nexclude = {['x' * 200] * 200}".replace("'", '"')).note
    assert note is not None
    assert len(note) < len(str(tmp_path)) + 300


@pytest.mark.parametrize("text", ["", "[engine]\n", "[loading]\n[models]"])
def test_a_file_that_sets_nothing_is_not_mentioned(tmp_path: Path, text: str) -> None:
    assert in_project(tmp_path, text).note is None
