"""The Dockerfile: two stages, from the lock with hashes, not as root. It is read here; CI builds it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from tests.release.test_gates import BUILD

ROOT = Path(__file__).parents[2]
LINES = re.sub(
    r"\\\n\s*",
    "",
    re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(encoding="utf-8"), flags=re.MULTILINE),
).splitlines()
INSTRUCTIONS = [(line.split()[0], line.split(maxsplit=1)[1]) for line in LINES if line.strip()]


def all_of(name: str) -> list[str]:
    return [rest for word, rest in INSTRUCTIONS if word == name]


def final_stage() -> list[tuple[str, str]]:
    last = max(index for index, each in enumerate(INSTRUCTIONS) if each[0] == "FROM")
    return INSTRUCTIONS[last:]


def test_both_stages_stand_on_one_small_image_with_a_tag_that_names_python_and_the_system() -> None:
    bases = [each.partition(" AS ")[0] for each in all_of("FROM")]
    assert len(bases) == 2
    assert len(set(bases)) == 1
    assert re.fullmatch(r"python:3\.\d+-slim-[a-z]+", bases[0])
    offered = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["classifiers"]
    version = re.findall(r":(3\.\d+)", bases[0])[0]
    assert f"Programming Language :: Python :: {version}" in offered


def test_what_is_installed_has_hashes_and_nothing_else_is_fetched() -> None:
    installs = [part for run in all_of("RUN") for part in run.split("&&") if "pip install" in part]
    assert len(installs) == 2
    assert "--require-hashes -r locks/core.txt" in installs[0]
    assert "--no-deps --no-build-isolation ." in installs[1]


def test_what_built_the_project_is_not_in_the_image() -> None:
    (removed,) = (part for run in all_of("RUN") for part in run.split("&&") if "pip uninstall" in part)
    assert {word for word in removed.split("uninstall")[1].split() if word[0] != "-"} == {*BUILD, "pip"}


def test_it_runs_as_an_ordinary_user_with_a_home_of_its_own() -> None:
    stage = final_stage()
    words = [each[0] for each in stage]
    assert ("USER", "harlm") in stage
    assert words.index("USER") < words.index("ENTRYPOINT")
    assert "RUN" not in words[words.index("USER") :]
    assert ("ENTRYPOINT", '["harlm"]') in stage
    assert ("VOLUME", '["/home/harlm/state"]') in stage
    assert "HARLM_HOME=/home/harlm/state" in dict(stage)["ENV"]
    assert "ca-certificates" in dict(stage)["RUN"]


def test_the_context_holds_exactly_what_is_copied() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    let_in = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    copied = {word for each in all_of("COPY") if "--from" not in each for word in each.split()[:-1]}
    assert "*" in ignored
    assert copied == let_in
    assert all((ROOT / each).exists() for each in copied)
