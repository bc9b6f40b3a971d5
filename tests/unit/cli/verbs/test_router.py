"""``harlm router``: the choice of a mode explained, and routers trained and measured."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from harlm.cli.verbs.router import command
from harlm.errors import ConfigError
from tests.support.cli import harlm

_MODELS = ("-m", "openai/gpt-5", "--sub-model", "openai/gpt-5-mini")


@pytest.fixture(autouse=True)
def files(clean_environment: Path) -> None:
    ships = "".join(
        f"The ship of captain {name} came on day {n} with salt and left with timber.\n"
        for n, name in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZ" * 2)
    )
    Path("short.txt").write_text(f"The harbour opened in 1883. Ada Hill was its first master.\n{ships}")
    Path("table.csv").write_text("name,city,paid\n" + "".join(f"n{n},Oslo,{n % 7}\n" for n in range(3_000)))
    Path("many").mkdir()
    for number in range(40):
        told = (
            f"Report {number}. Site {number % 5} is led by Ann {number}. " + "Nothing else happened. " * 4_000
        )
        (Path("many") / f"{number}.txt").write_text(told)


def explain(*arguments: str) -> str:
    ran = CliRunner().invoke(command, ["explain", *arguments], catch_exceptions=False)
    assert ran.exit_code == 0, ran.output
    return ran.output


@pytest.mark.parametrize(
    ("question", "place", "modes"),
    [
        ("When did the harbour open?", "short.txt", ("direct",)),
        ("How many rows have the city Oslo and paid above 3?", "table.csv", ("plan", "repl")),
        ("Compare what all reports say about who leads each site, and where they contradict each other.", "many", ("plan", "full")),
    ],
)  # fmt: skip
def test_a_short_text_is_read_a_table_computed_and_a_scattered_question_planned(
    question: str, place: str, modes: tuple[str, ...]
) -> None:
    found = json.loads(explain(question, place, *_MODELS, "--json"))
    assert found["route"]["mode"] in modes, found["route"]["reasons"]


def test_probabilities_costs_and_reasons_are_shown_and_what_would_change_the_choice() -> None:
    lines = explain("When did the harbour open?", "short.txt", *_MODELS).splitlines()
    assert lines[0].startswith("direct")
    table = [line for line in lines if " $0." in line]
    assert {line.split()[0].rstrip(":,") for line in table} >= {"direct", "repl", "full"}
    assert sum("(+" in line or "(-" in line for line in lines) >= 3
    assert any(line.startswith(("with ", "no change of size")) for line in lines)
    assert "SIMULATED" in lines[-1]


def test_by_rules_points_are_shown() -> None:
    Path("harlm.toml").unlink(missing_ok=True)
    shown = harlm("router", "explain", "Who?", "short.txt")
    assert shown.code == 0
    assert "points of the rules: direct" in shown.out


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"[]", "is not a router"),
        (b"{", "is not a router"),
        (b'{"format": 99, "features": 1}', "has format 99.1, this version of HARLM reads"),
        (None, "does not exist or may not be read"),
    ],
)
def test_a_file_that_is_no_router_is_named(content: bytes | None, said: str) -> None:
    if content is not None:
        Path("own.json").write_bytes(content)
    ran = harlm("router", "explain", "Who?", "short.txt", *_MODELS, "--router", "own.json")
    assert ran.code == 3
    assert "own.json" in ran.err
    assert said in ran.err


def test_an_encoder_needs_its_folder() -> None:
    harlm("config", "set", "router.kind", "encoder")
    ran = harlm("router", "explain", "Who?", "short.txt", *_MODELS)
    assert ran.code == 3
    assert "router.file" in ran.err


def test_what_training_needs_is_said() -> None:
    ran = harlm("router", "train")
    assert ran.code == 2
    assert "--simulate" in ran.err
    ran = harlm("router", "train", "--runs")
    assert ran.code != 0
    assert "harlm runs rate RUN good|bad" in ran.err
    ran = harlm("router", "eval", "short.txt")
    assert ran.code != 0
    assert "short.txt" in ran.err


def test_rated_runs_are_counted_once_and_can_be_rated_again(clean_environment: Path) -> None:
    harlm("ask", "When did the harbour open?", "short.txt", "-q")
    assert harlm("runs", "rate", "last", "bad").code == 0
    ran = harlm("runs", "rate", "last", "good")
    assert "(mode direct) is rated good" in ran.err
    (ratings,) = clean_environment.rglob("ratings.json")
    (modes,) = json.loads(ratings.read_bytes()).values()
    assert modes == {"direct": [1, 0]}
    ran = harlm("router", "train", "--runs")
    assert ran.code == 3
    assert "1 rated runs are too few" in ran.err
    assert harlm("runs", "rate", "nothing", "good").code != 0


def test_a_verb_of_the_group_is_added_by_its_package() -> None:
    shown = CliRunner().invoke(command, ["--help"]).output
    assert {"explain", "train", "eval"} <= {
        line.split()[0] for line in shown.splitlines() if line.startswith("  ")
    }


def test_an_added_verb_that_does_not_load_is_an_error_that_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    import harlm_train.cli

    monkeypatch.delattr(harlm_train.cli, "train")
    with pytest.raises(ConfigError, match="harlm_train"):
        CliRunner().invoke(command, ["train"], catch_exceptions=False)
