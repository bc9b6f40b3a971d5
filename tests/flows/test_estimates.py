"""Estimates and limits on the command line, before anything is spent."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harlm import HARLM, Budget, ConfigError, Price
from harlm.testing import ScriptedModel, ScriptedServer
from tests.support.cli import harlm, on_terminal


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.txt").write_text("The vault code is 4711. " * 400)
    return tmp_path


@pytest.fixture
def prices(clean_environment: Path) -> Path:
    """The user's own prices, so that no test depends on what the snapshot lists."""
    file = clean_environment / "config" / "harlm" / "prices.toml"
    file.parent.mkdir(parents=True)
    file.write_text(
        '["openai/gpt-5"]\ninput = 1.25\noutput = 10.0\nwindow = 400_000\n'
        '["openai/gpt-5-mini"]\ninput = 0.25\noutput = 2.0\nwindow = 400_000\n'
    )
    return file


@pytest.mark.usefixtures("prices")
def test_estimate_prints_every_mode_without_a_key(folder: Path) -> None:
    ran = harlm("estimate", "Summarise it", folder, "-m", "openai/gpt-5", "--sub-model", "openai/gpt-5-mini")
    assert ran.code == 0, ran
    for word in ("direct", "repl", "full", "expected", "worst", "→", "The limit is $1.00"):
        assert word in ran.out
    estimate = json.loads(
        harlm("estimate", "Summarise it", folder, "-m", "openai/gpt-5", "--format", "json").out
    )
    assert [each["mode"] for each in estimate["modes"]] == ["direct", "plan", "repl", "full"]
    assert all(0 < each["expected"]["usd"] <= each["worst"]["usd"] for each in estimate["modes"])
    assert (estimate["growth"], estimate["limit_usd"]) == ("linear", 1.0)


@pytest.mark.usefixtures("prices")
def test_a_dry_run_makes_no_request(folder: Path) -> None:
    with ScriptedServer(lambda request: "never") as server:
        ran = harlm("ask", "What is it?", folder, "-m", f"openai/gpt-5@{server.base_url}", "--dry-run")
    assert ran.code == 0, ran
    assert "expected" in ran.out
    assert server.requests == []


def test_an_unknown_price_is_noted_and_is_an_error_with_a_cost_limit(folder: Path) -> None:
    with ScriptedServer(lambda request: "4711") as server:
        model = f"openai/mine@{server.base_url}"
        assert "unknown" in harlm("estimate", "What is it?", folder, "-m", model).out
        loose = harlm("ask", "What is it?", folder, "-m", model, "--mode", "direct")
        assert loose.code == 0, loose
        assert "the price of openai/mine is unknown" in loose.err
        strict = harlm("ask", "What is it?", folder, "-m", model, "--max-cost", "0.5")
        assert strict.code == 3, strict
        assert "a limit of $0.5 cannot be enforced" in strict.err
        assert "prices.toml" in strict.err
        assert len(server.requests) == 1


def test_prices_from_the_users_file_are_used(folder: Path, prices: Path) -> None:
    prices.write_text('["openai/mine"]\ninput = 2.0\noutput = 8.0\n')
    with ScriptedServer(lambda request: "4711") as server:
        ran = harlm(
            "ask", "What is it?", folder, "-m", f"openai/mine@{server.base_url}",
            "--mode", "direct", "--max-cost", "0.5", "--format", "json",
        )  # fmt: skip
    assert ran.code == 0, ran
    usage = json.loads(ran.out)["usage"]
    assert usage["cost_usd"] == pytest.approx(
        usage["input_tokens"] * 2e-6 + usage["output_tokens"] * 8e-6, abs=1e-6
    )
    assert "openai/mine" in harlm("models").out
    prices.write_text('["openai/mine"]\ninput = -2.0\noutput = 8.0\n')
    broken = harlm("models")
    assert broken.code == 3
    assert "openai/mine" in broken.err


@pytest.mark.parametrize(
    ("typed", "flags", "code"), [("n\n", [], 130), ("y\n", [], 4), (None, [], 4), ("", ["-y"], 4)]
)
@pytest.mark.usefixtures("prices")
def test_a_user_at_a_terminal_is_asked_if_the_estimate_exceeds_the_limit(
    folder: Path, typed: str | None, flags: list[str], code: int
) -> None:
    with ScriptedServer(lambda request: "```repl\nprint(llm_query('x' * 9999))\n```") as server:
        ran = on_terminal(
            "ask", "Summarise it", folder, "-m", f"openai/gpt-5@{server.base_url}",
            "--mode", "full", "--max-cost", "0.003", *flags, typed=typed,
        )  # fmt: skip
    assert ran.code == code, ran
    assert "estimate: about $" in ran.err
    assert ("Continue?" in ran.err) == bool(typed)
    assert (server.requests == []) == (code == 130)


def test_an_estimate_from_python_makes_no_request(folder: Path) -> None:
    model = ScriptedModel(["4711"])
    harlm_ = HARLM(
        model=model, prices={"scripted/model": Price(input=1, output=1)}, budget=Budget(usd=0.000_1)
    )
    estimate = harlm_.estimate("What is it?", folder)
    assert estimate.is_beyond_limit
    assert estimate.limit_micros == 100
    assert model.asked == []
    with pytest.raises(ConfigError, match="the question is empty"):
        harlm_.estimate(" ", folder)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--timeout", "soon"], "invalid duration 'soon': use 90s, 5m or 1h30m"),
        (["--timeout", "0"], "is not positive: use 90s"),
        (["--max-cost", "-1"], "-1"),
        (["--max-tokens", "0"], "0"),
        (["--max-calls", "none"], "none"),
    ],
    ids=str,
)
def test_invalid_limits_are_refused(folder: Path, flags: list[str], said: str) -> None:
    ran = harlm("ask", "What is it?", folder, *flags)
    assert ran.code == 2
    assert said in ran.err


def test_limits_come_from_the_environment_but_not_from_a_project_file(folder: Path) -> None:
    ran = harlm("config", "show", environment={"HARLM_TIMEOUT": "1h30m", "HARLM_MAX_COST": "0.25"})
    assert "5400" in ran.out
    assert "0.25" in ran.out
    wrong = harlm("config", "show", environment={"HARLM_TIMEOUT": "soon"})
    assert wrong.code == 3
    assert "HARLM_TIMEOUT" in wrong.err
    Path("harlm.toml").write_text("[budget]\nusd = 1000\n")
    hostile = harlm("ask", "What is it?", folder)
    assert hostile.code == 3
    assert "budget.usd" in hostile.err
    assert "spend your money" in hostile.err
